import type { Call, Lower } from './calls.ts';
import type { Kind, Operation } from './graph.ts';
import { elements } from './lowerElements.ts';
import { products } from './lowerProducts.ts';
import { shapes } from './lowerShapes.ts';
import { trainings } from './lowerTraining.ts';

// What an operation is done with.

const lowerings: { readonly [K in Kind]: Lower<K> } = { ...products, ...shapes, ...elements, ...trainings };

export function lower<K extends Kind>(operation: Operation<K>, capacity: number): readonly Call[] {
  const found: Lower<K> = lowerings[operation.kind];
  return found(operation, capacity);
}
