import { sizeOf, type AnyOperation, type Value } from './graph.ts';
import type { StepGraph } from './step.ts';

/** Multiplications of a step in its matrix products, about: what the time goes to. */
export function estimateWork({ operations, capacity }: StepGraph): number {
  return capacity * operations.reduce((sum, operation) => sum + workOf(operation), 0);
}

/** Of one example. */
function workOf(operation: AnyOperation): number {
  const { kind } = operation;
  if (kind === 'dense' || kind === 'denseInput' || kind === 'denseWeights') {
    const { k, n, rows } = operation.attributes;
    return k * n * rows;
  }
  if (kind === 'convolution')
    return workOfWindows(operation.inputs.x, operation.outputs.y, operation.attributes.window);
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
