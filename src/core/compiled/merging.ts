import type { GraphBuilder, Value } from './graph.ts';
import type { LayerDescription } from './description.ts';
import { one } from './layerOptions.ts';
import { refuse } from './refusal.ts';

// Layers of several inputs, two by two.

type Merge = 'add' | 'multiply' | 'join' | 'average' | 'maximum' | 'minimum';

export function merge(layer: LayerDescription, inputs: readonly Value[], builder: GraphBuilder, kind: Merge): Value {
  const [first, ...others] = inputs;
  let sum = one(layer, first);
  for (const other of others) {
    checkShapes(layer, kind, sum, other);
    const last = (sum.shape.at(-1) ?? 1) + (kind === 'join' ? (other.shape.at(-1) ?? 1) : 0);
    const y: Value = builder.value(layer.name, 'examples', [...sum.shape.slice(0, -1), last]);
    addMerge(builder, kind, { a: sum, b: other }, y);
    sum = y;
  }
  if (kind !== 'average') return sum;
  const y = builder.value(`${layer.name}/mean`, 'examples', sum.shape);
  builder.add('scale', { x: sum }, { y }, { factor: 1 / inputs.length });
  return y;
}

function checkShapes({ name }: LayerDescription, kind: Merge, sum: Value, other: Value): void {
  const [compared, to] = [other, sum].map(({ shape }) => (kind === 'join' ? shape.slice(0, -1) : shape));
  if (compared === undefined || to === undefined || compared.join() === to.join()) return;
  throw refuse(name, `its inputs have other shapes (${to.join('×')}, ${compared.join('×')})`);
}

function addMerge(
  builder: GraphBuilder,
  kind: Merge,
  inputs: { readonly a: Value; readonly b: Value },
  y: Value,
): void {
  if (kind === 'maximum' || kind === 'minimum') builder.add('choose', inputs, { y }, { isMost: kind === 'maximum' });
  else builder.add(kind === 'average' ? 'add' : kind, inputs, { y }, {});
}
