import { sizeOf, type AnyOperation, type Value } from './graph.ts';
import type { StepGraph } from './step.ts';

/** Multiplications of a step in its matrix products, about: what the time goes to. */
export function estimateWork({ operations, capacity }: StepGraph): number {
  return capacity * operations.reduce((sum, operation) => sum + workOf(operation), 0);
}

const TILE = { height: 2, width: 2 };
const POOLED_TILE = { height: 4, width: 4 };

/** Of one example. */
function workOf(operation: AnyOperation): number {
  const { kind } = operation;
  if (kind === 'dense' || kind === 'denseInput' || kind === 'denseWeights') {
    const { k, n, rows } = operation.attributes;
    return k * n * rows;
  }
  if (kind === 'convolution')
    return workOfWindows(operation.inputs.x, operation.outputs.y, operation.attributes.window);
  // Four places for each that is left; 16 multiplications for 2 × 2.
  if (kind === 'pooledConvolution')
    return 4 * workOfWindows(operation.inputs.x, operation.outputs.y, operation.attributes.window);
  if (kind === 'winograd')
    return workOfWindows(operation.inputs.x, operation.outputs.y, operation.attributes.isPooled ? POOLED_TILE : TILE);
  if (kind === 'convolutionInput')
    return workOfWindows(operation.outputs.dx, operation.inputs.dy, operation.attributes.window);
  if (kind === 'convolutionWeights')
    return workOfWindows(operation.inputs.x, operation.inputs.dy, operation.attributes.window);
  return 0;
}

function workOfWindows(
  x: Value,
  y: Value,
  { height, width }: { readonly height: number; readonly width: number },
): number {
  return sizeOf(y.shape) * height * width * (x.shape[2] ?? 1);
}
