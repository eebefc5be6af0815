import type { LayerDescription } from './description.ts';
import { sizeOf, type GraphBuilder, type Value } from './graph.ts';
import { checkFormat, reshape, sizes } from './layerOptions.ts';
import type { Window } from './operations.ts';
import { refuse } from './refusal.ts';
import { outSizesOf, windowOf } from './windows.ts';

// Layers that take the greatest or the mean of windows. One dimension is a picture that is one line high.

type Pool = 'maxPool' | 'averagePool';

export function buildPool(layer: LayerDescription, x: Value, builder: GraphBuilder, kind: Pool): Value {
  checkFormat(layer);
  const [height, width] = sizes(layer, 'pool_size');
  const strides = layer.config['strides'] ?? [height, width];
  const window = windowOf({ ...layer, config: { ...layer.config, strides } }, x, [height, width]);
  return pool(layer, x, builder, kind, { window, shape: [...outSizesOf(layer, x, window), x.shape[2] ?? 1] });
}

/** Over whole pictures, or whole sequences. */
export function buildGlobal(layer: LayerDescription, x: Value, builder: GraphBuilder, kind: Pool): Value {
  checkFormat(layer);
  const channels = x.shape.at(-1) ?? 1;
  const rows = sizeOf(x.shape) / channels;
  if (kind === 'maxPool') {
    const y = builder.value(layer.name, 'examples', [channels]);
    builder.add('most', { x }, { y }, { rows, n: channels });
    return y;
  }
  const line = reshape(builder, layer, x, [1, rows, channels]);
  const window = { height: 1, width: rows, strideY: 1, strideX: 1, top: 0, left: 0 };
  return reshape(builder, layer, pool(layer, line, builder, kind, { window, shape: [1, 1, channels] }), [channels]);
}

export function buildPool1D(layer: LayerDescription, x: Value, builder: GraphBuilder, kind: Pool): Value {
  const [length = 1, channels = 1] = x.shape;
  const [size] = sizes(layer, 'pool_size', 1, 2);
  const [stride] = sizes(layer, 'strides', 1, size);
  const flat = { ...layer, config: { ...layer.config, pool_size: [1, size], strides: [1, stride] } };
  const y = buildPool(flat, reshape(builder, layer, x, [1, length, channels]), builder, kind);
  return reshape(builder, layer, y, y.shape.slice(1));
}

function pool(
  layer: LayerDescription,
  x: Value,
  builder: GraphBuilder,
  kind: Pool,
  { window, shape }: { readonly window: Window; readonly shape: readonly number[] },
): Value {
  const y = builder.value(layer.name, 'examples', shape);
  if (kind === 'averagePool') builder.add(kind, { x }, { y }, { window });
  else {
    // A byte tells which place of the window was chosen.
    if (window.height * window.width > 255) throw refuse(layer.name, 'its window has more than 255 places');
    const chosen = builder.value(`${layer.name}/chosen`, 'examples', shape, 'u8');
    builder.add(kind, { x }, { y, chosen }, { window });
  }
  return y;
}
