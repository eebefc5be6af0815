import type { StepGraph } from './step.ts';

/**
 * Why a step can't take the numbers: those of examples that choose a row of an embedding must be rows that it has. Rows that other layers
 * compute are not seen here.
 */
export function findWrongIndex({ operations, input }: StepGraph, xs: Float32Array): string | undefined {
  for (const operation of operations) {
    if (operation.kind !== 'embed' || operation.inputs.x.storage !== input.storage) continue;
    const { k } = operation.attributes;
    for (const index of xs) {
      // Fractions are cut off, as the packages do it.
      if (!(index > -1 && index < k))
        return `Layer "${operation.outputs.y.name}" has the rows 0 to ${k - 1}; an example has ${index}.`;
    }
  }
  return undefined;
}
