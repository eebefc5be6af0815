import type { GraphBuilder, Value } from './graph.ts';

// Matrices of weights in panels of eight columns, as the products take them.

export function packWeights(builder: GraphBuilder, w: Value, k: number, n: number): Value {
  const packed = builder.value(`${w.name} in panels`, 'whole', [k, toPanels(n)]);
  builder.add('packWeights', { w }, { packed }, { k, n });
  return packed;
}

/** Columns of panels that hold so many. */
export function toPanels(columns: number): number {
  return Math.ceil(columns / 8) * 8;
}

/** `blocks` matrices, one after the other, each transposed. */
export function packTransposed(
  builder: GraphBuilder,
  w: Value,
  attributes: { readonly k: number; readonly n: number; readonly blocks: number },
): Value {
  const { k, n, blocks } = attributes;
  const packed = builder.value(`${w.name} transposed`, 'whole', [blocks, toPanels(k), n]);
  builder.add('packTransposed', { w }, { packed }, attributes);
  return packed;
}
