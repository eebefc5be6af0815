import type { LayerDescription } from './description.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { sizes } from './layerOptions.ts';
import type { Window } from './operations.ts';
import { refuse } from './refusal.ts';

// Windows that slide over pictures, and the padding that they ask for.

/** A window over a picture to which its padding was added. */
export function slide(
  layer: LayerDescription,
  given: Value,
  builder: GraphBuilder,
  size: readonly [number, number],
): { readonly x: Value; readonly window: Window } {
  const window = windowOf(layer, given, size);
  const [height = 1, width = 1] = given.shape;
  const [outHeight, outWidth] = outSizesOf(layer, given, window);
  const bottom = Math.max(0, (outHeight - 1) * window.strideY + size[0] - height - window.top);
  const right = Math.max(0, (outWidth - 1) * window.strideX + size[1] - width - window.left);
  const edges = { top: window.top, bottom, left: window.left, right };
  return { x: padBy(builder, layer.name, given, edges), window: { ...window, top: 0, left: 0 } };
}

export interface Edges {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export function padBy(builder: GraphBuilder, layer: string, x: Value, { top, bottom, left, right }: Edges): Value {
  if (top + bottom + left + right === 0) return x;
  const [height = 1, width = 1, channels = 1] = x.shape;
  const y = builder.value(`${layer}/padded`, 'examples', [height + top + bottom, width + left + right, channels]);
  builder.add('pad', { x }, { y }, { top, left });
  return y;
}

/** "same": as many windows as strides fit in, the padding on both sides, the odd one behind. */
export function windowOf(layer: LayerDescription, x: Value, [height, width]: readonly [number, number]): Window {
  const [strideY, strideX] = sizes(layer, 'strides', 2, 1);
  for (const rate of sizes(layer, 'dilation_rate', 2, 1)) if (rate !== 1) throw refuse(layer.name, 'it is dilated');
  const isSame = isSamePadding(layer);
  const before = (size: number, stride: number, length: number): number =>
    isSame ? Math.max(0, Math.floor(((Math.ceil(size / stride) - 1) * stride + length - size) / 2)) : 0;
  const [rows = 1, columns = 1] = x.shape;
  return { height, width, strideY, strideX, top: before(rows, strideY, height), left: before(columns, strideX, width) };
}

export function outSizesOf(layer: LayerDescription, x: Value, window: Window): readonly [number, number] {
  if (!isSamePadding(layer)) return outSizes(x, window);
  const [rows = 1, columns = 1] = x.shape;
  return [Math.ceil(rows / window.strideY), Math.ceil(columns / window.strideX)];
}

/** Without padding. */
export function outSizes({ shape }: Value, { height, width, strideY, strideX }: Window): readonly [number, number] {
  const [rows = 1, columns = 1] = shape;
  return [Math.floor((rows - height) / strideY) + 1, Math.floor((columns - width) / strideX) + 1];
}

export function isSamePadding(layer: LayerDescription): boolean {
  const padding = layer.config['padding'] ?? 'valid';
  if (padding !== 'same' && padding !== 'valid') throw refuse(layer.name, `its padding is ${JSON.stringify(padding)}`);
  return padding === 'same';
}
