import { activate } from './activations.ts';
import type { LayerDescription } from './description.ts';
import { sizeOf, type GraphBuilder, type Value } from './graph.ts';
import { biasOf, checkFormat, numberOf, one, reshape, sizes, weighted, type LayerContext } from './layerOptions.ts';
import type { Window } from './operations.ts';
import { packTransposed, packWeights } from './panels.ts';
import { refuse } from './refusal.ts';
import { isSamePadding, outSizes, slide, windowOf } from './windows.ts';

// Layers of filters.

export function buildConvolution(layer: LayerDescription, given: Value, context: LayerContext): Value {
  const { builder } = context;
  checkFormat(layer);
  const [height, width] = sizes(layer, 'kernel_size');
  const { x, window } = slide(layer, given, builder, [height, width]);
  const [, , channels = 1] = x.shape;
  const filters = numberOf(layer, 'filters');
  const w = weighted(layer, context, 'kernel', [height, width, channels, filters]);
  return convolve(layer, context, { x, window, w, filters });
}

interface Convolution {
  readonly x: Value;
  readonly window: Window;
  readonly w: Value;
  readonly filters: number;
}

function convolve(layer: LayerDescription, context: LayerContext, { x, window, w, filters }: Convolution): Value {
  const { builder } = context;
  const packed = packWeights(builder, w, sizeOf(w.shape) / filters, filters);
  const relu = layer.config['activation'] === 'relu';
  const y = builder.value(layer.name, 'examples', [...outSizes(x, window), filters]);
  builder.add('convolution', { x, packed, ...biasOf(layer, context, filters) }, { y }, { window, relu });
  return relu ? y : activate(builder, layer.name, layer.config['activation'], y);
}

/** As one of pictures that are one line high. */
export function buildConvolution1D(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const { builder } = context;
  checkFormat(layer);
  const x = one(layer, inputs[0]);
  const [length = 1, channels = 1] = x.shape;
  const [size] = sizes(layer, 'kernel_size', 1);
  const [stride] = sizes(layer, 'strides', 1);
  const padding = layer.config['padding'] ?? 'valid';
  if (padding === 'causal') throw refuse(layer.name, 'its padding is causal');
  const flat = { ...layer, config: { ...layer.config, strides: [1, stride], dilation_rate: dilationOf(layer) } };
  const line = reshape(builder, layer, x, [1, length, channels]);
  const { x: padded, window } = slide(flat, line, builder, [1, size]);
  const filters = numberOf(layer, 'filters');
  const w = weighted(layer, context, 'kernel', [size, channels, filters]);
  const y = convolve(layer, context, { x: padded, window, w, filters });
  return reshape(builder, layer, y, y.shape.slice(1));
}

function dilationOf({ config }: LayerDescription): unknown {
  const rate = config['dilation_rate'];
  return Array.isArray(rate) && rate.length === 1 ? [1, rate[0] as unknown] : (rate ?? 1);
}

export function buildDepthwise(layer: LayerDescription, given: Value, context: LayerContext, hasBias: boolean): Value {
  const { builder } = context;
  checkFormat(layer);
  const [height, width] = sizes(layer, 'kernel_size');
  const { x, window } = slide(layer, given, builder, [height, width]);
  const [, , channels = 1] = x.shape;
  const [, , , found = 1] = context.shapeOf(layer.name, 'depthwise_kernel') ?? [];
  const multiplier = numberOf(layer, 'depth_multiplier', found);
  const w = weighted(layer, context, 'depthwise_kernel', [height, width, channels, multiplier], 'depthwise');
  const filters = channels * multiplier;
  const y = builder.value(`${layer.name}/depthwise`, 'examples', [...outSizes(x, window), filters]);
  const bias = hasBias ? biasOf(layer, context, filters) : {};
  builder.add('depthwise', { x, w, ...bias }, { y }, { window, multiplier });
  return y;
}

export function finishFilters(layer: LayerDescription, y: Value, { builder }: LayerContext): Value {
  return activate(builder, layer.name, layer.config['activation'], y);
}

export function buildSeparable(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const x = buildDepthwise(layer, one(layer, inputs[0]), context, false);
  const [, , channels = 1] = x.shape;
  const filters = numberOf(layer, 'filters');
  const w = weighted(layer, context, 'pointwise_kernel', [1, 1, channels, filters], 'pointwise');
  const window = { height: 1, width: 1, strideY: 1, strideX: 1, top: 0, left: 0 };
  return convolve(layer, context, { x, window, w, filters });
}

/** What a convolution gives its input as gradient, the other way round: each place of x gives to the places of its window in the answer. */
export function buildTransposed(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const x = one(layer, inputs[0]);
  const { builder } = context;
  checkFormat(layer);
  const [height, width] = sizes(layer, 'kernel_size');
  const [rows = 1, columns = 1, channels = 1] = x.shape;
  const filters = numberOf(layer, 'filters');
  const [strideY, strideX] = sizes(layer, 'strides', 2, 1);
  const isSame = isSamePadding(layer);
  const longer = (size: number, stride: number, length: number): number =>
    size * stride + (isSame ? 0 : Math.max(0, length - stride));
  const shape = [longer(rows, strideY, height), longer(columns, strideX, width), filters] as const;
  const window = windowOf(layer, { ...x, shape }, [height, width]);
  const w = weighted(layer, context, 'kernel', [height, width, filters, channels]);
  const packed = packTransposed(builder, w, { k: filters, n: channels, blocks: height * width });
  const reach = [(rows - 1) * strideY + height, (columns - 1) * strideX + width] as const;
  const whole = [Math.max(shape[0], reach[0]), Math.max(shape[1], reach[1]), filters];
  const padded = builder.value(`${layer.name}/padded`, 'examples', whole);
  builder.add('convolutionInput', { dy: x, packed }, { dx: padded }, { window: { ...window, top: 0, left: 0 } });
  const y = cropTo(builder, padded, shape, window);
  const { bias } = biasOf(layer, context, filters);
  if (bias === undefined) return activate(builder, layer.name, layer.config['activation'], y);
  const sum = builder.value(layer.name, 'examples', shape);
  builder.add('addBias', { x: y, bias }, { y: sum }, { rows: shape[0] * shape[1], n: filters });
  return activate(builder, layer.name, layer.config['activation'], sum);
}

function cropTo(builder: GraphBuilder, x: Value, shape: readonly number[], { top, left }: Window): Value {
  if (shape.join() === x.shape.join()) return x;
  const y = builder.value(`${x.name} cropped`, 'examples', shape);
  builder.add('crop', { x }, { y }, { top, left });
  return y;
}
