import { activate, rowsOf } from './activations.ts';
import type { LayerDescription } from './description.ts';
import { sizeOf, type GraphBuilder, type Value } from './graph.ts';
import type { Window } from './operations.ts';
import { refuse } from './refusal.ts';

// What each class of layers does, in operations. An option that is not known is refused: a step is never nearly right.

/** What is common to all layers of a model. */
export interface LayerContext {
  readonly builder: GraphBuilder;
  readonly isTraining: boolean;
  /** A weight of the layer, which keeps its numbers from step to step. */
  readonly weight: (layer: string, name: string, shape: readonly number[]) => Value;
  /** The shape that it has; a configuration does not always tell. */
  readonly shapeOf: (layer: string, name: string) => readonly number[] | undefined;
  /** Counts layers that draw at random. */
  readonly nextRandom: () => number;
  /** Adds l1 and l2 of a weight to the loss. */
  readonly penalize: (weight: Value, penalty: { readonly l1: number; readonly l2: number }) => void;
}

type Build = (layer: LayerDescription, inputs: readonly Value[], context: LayerContext) => Value;

const builds: Readonly<Record<string, Build>> = {
  Dense: buildDense,
  Conv2D: (layer, [x], context) => buildConvolution(layer, one(layer, x), context),
  Conv1D: buildConvolution1D,
  DepthwiseConv2D: (layer, [x], context) =>
    finishFilters(layer, buildDepthwise(layer, one(layer, x), context, true), context),
  SeparableConv2D: buildSeparable,
  BatchNormalization: buildNormalization,
  Activation: (layer, [x], { builder }) => activate(builder, layer.name, layer.config['activation'], one(layer, x)),
  ReLU: (layer, [x], { builder }) => {
    const limit = layer.config['max_value'];
    if (limit !== null && limit !== undefined && limit !== 6)
      throw refuse(layer.name, `its max_value is ${JSON.stringify(limit)}`);
    return activate(builder, layer.name, limit === 6 ? 'relu6' : 'relu', one(layer, x));
  },
  LeakyReLU: (layer, [x], { builder }) =>
    activate(builder, layer.name, 'leakyRelu', one(layer, x), numberOf(layer, 'alpha', 0.3)),
  ELU: (layer, [x], { builder }) => {
    const alpha = numberOf(layer, 'alpha', 1);
    if (alpha !== 1) throw refuse(layer.name, `its alpha is ${alpha}`);
    return activate(builder, layer.name, 'elu', one(layer, x));
  },
  Softmax: (layer, [x], { builder }) => {
    const axis = layer.config['axis'] ?? -1;
    const given = one(layer, x);
    if (axis !== -1 && axis !== given.shape.length) throw refuse(layer.name, `its axis is ${JSON.stringify(axis)}`);
    return activate(builder, layer.name, 'softmax', given);
  },
  Dropout: buildDropout,
  Flatten: (layer, [x], { builder }) => {
    checkFormat(layer);
    return reshape(builder, layer, one(layer, x), [sizeOf(one(layer, x).shape)]);
  },
  Reshape: (layer, [x], { builder }) => reshape(builder, layer, one(layer, x), targetShapeOf(layer, one(layer, x))),
  MaxPooling2D: (layer, [x], { builder }) => buildPool(layer, one(layer, x), builder, 'maxPool'),
  AveragePooling2D: (layer, [x], { builder }) => buildPool(layer, one(layer, x), builder, 'averagePool'),
  GlobalAveragePooling2D: (layer, [x], { builder }) => buildGlobal(layer, one(layer, x), builder, 'averagePool'),
  GlobalMaxPooling2D: (layer, [x], { builder }) => buildGlobal(layer, one(layer, x), builder, 'maxPool'),
  ZeroPadding2D: (layer, [x], { builder }) => {
    const [rows, columns] = pairs(layer, layer.config['padding'] ?? [1, 1]);
    checkFormat(layer);
    const edges = { top: rows[0], bottom: rows[1], left: columns[0], right: columns[1] };
    return padBy(builder, layer.name, one(layer, x), edges);
  },
  Add: (layer, inputs, { builder }) => merge(layer, inputs, builder, 'add'),
  Multiply: (layer, inputs, { builder }) => merge(layer, inputs, builder, 'multiply'),
  Concatenate: (layer, inputs, { builder }) => {
    const axis = layer.config['axis'] ?? -1;
    const rank = inputs[0]?.shape.length ?? 0;
    if (axis !== -1 && axis !== rank) throw refuse(layer.name, `its axis is ${JSON.stringify(axis)}`);
    return merge(layer, inputs, builder, 'join');
  },
};

export function buildLayer(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const build = Object.hasOwn(builds, layer.className) ? builds[layer.className] : undefined;
  if (build === undefined) throw refuse(layer.name, `layers of the class ${layer.className} are not known`);
  for (const key of Object.keys(layer.config))
    if (/_constraint$|^activity_regularizer$/.test(key) && layer.config[key] !== null)
      throw refuse(layer.name, `it has a ${key}`);
  return build(layer, inputs, context);
}

function buildDense(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const x = one(layer, inputs[0]);
  const { builder } = context;
  const { rows, n: k } = rowsOf(x);
  const n = numberOf(layer, 'units');
  const w = weighted(layer, context, 'kernel', [k, n]);
  const bias = biasOf(layer, context, n);
  const packed = packWeights(builder, w, k, n);
  const relu = layer.config['activation'] === 'relu';
  const y = builder.value(layer.name, 'examples', [...x.shape.slice(0, -1), n]);
  builder.add('dense', { x, packed, ...bias }, { y }, { k, n, rows, relu });
  return relu ? y : activate(builder, layer.name, layer.config['activation'], y);
}

function packWeights(builder: GraphBuilder, w: Value, k: number, n: number): Value {
  const packed = builder.value(`${w.name} in panels`, 'whole', [k, toPanels(n)]);
  builder.add('packWeights', { w }, { packed }, { k, n });
  return packed;
}

/** Columns of panels that hold so many. */
export function toPanels(columns: number): number {
  return Math.ceil(columns / 8) * 8;
}

function buildConvolution(layer: LayerDescription, given: Value, context: LayerContext): Value {
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
function buildConvolution1D(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
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

function buildDepthwise(layer: LayerDescription, given: Value, context: LayerContext, hasBias: boolean): Value {
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

function finishFilters(layer: LayerDescription, y: Value, { builder }: LayerContext): Value {
  return activate(builder, layer.name, layer.config['activation'], y);
}

function buildSeparable(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const x = buildDepthwise(layer, one(layer, inputs[0]), context, false);
  const [, , channels = 1] = x.shape;
  const filters = numberOf(layer, 'filters');
  const w = weighted(layer, context, 'pointwise_kernel', [1, 1, channels, filters], 'pointwise');
  const window = { height: 1, width: 1, strideY: 1, strideX: 1, top: 0, left: 0 };
  return convolve(layer, context, { x, window, w, filters });
}

function buildNormalization(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const x = one(layer, inputs[0]);
  const { builder, isTraining } = context;
  const { rows, n } = rowsOf(x);
  const axis = layer.config['axis'] ?? -1;
  if (axis !== -1 && axis !== x.shape.length) throw refuse(layer.name, `its axis is ${JSON.stringify(axis)}`);
  const epsilon = numberOf(layer, 'epsilon', 0.001);
  const momentum = numberOf(layer, 'momentum', 0.99);
  const gamma = layer.config['scale'] === false ? {} : { gamma: weighted(layer, context, 'gamma', [n]) };
  const beta = layer.config['center'] === false ? {} : { beta: weighted(layer, context, 'beta', [n]) };
  const movingMean = context.weight(layer.name, 'moving_mean', [n]);
  const movingVariance = context.weight(layer.name, 'moving_variance', [n]);
  const inverse = builder.value(`${layer.name}/inverse`, 'whole', [n]);
  const y = builder.value(layer.name, 'examples', x.shape);
  let mean = movingMean;
  if (isTraining) {
    mean = builder.value(`${layer.name}/mean`, 'whole', [n]);
    const part = builder.value(`${layer.name}/sums`, 'parts', [2, n], 'f64');
    builder.add('channelSums', { x }, { part }, { rows, n });
    const [newMean, newVariance] = [builder.view(movingMean), builder.view(movingVariance)];
    const outputs = { mean, inverse, newMean, newVariance };
    builder.add('channelMoments', { part, movingMean, movingVariance }, outputs, { rows, n, epsilon, momentum });
  } else builder.add('inverseDeviation', { variance: movingVariance }, { inverse }, { epsilon });
  builder.add('normalize', { x, mean, inverse, ...gamma, ...beta }, { y }, { rows, n });
  return y;
}

function buildDropout(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const x = one(layer, inputs[0]);
  const number = context.nextRandom();
  const rate = numberOf(layer, 'rate');
  if (layer.config['noise_shape'] !== null && layer.config['noise_shape'] !== undefined)
    throw refuse(layer.name, 'it has a noise_shape');
  if (!context.isTraining || rate === 0) return x;
  const y = context.builder.value(layer.name, 'examples', x.shape);
  context.builder.add('dropout', { x }, { y }, { rate, layer: number });
  return y;
}

function reshape(builder: GraphBuilder, layer: LayerDescription, x: Value, shape: readonly number[]): Value {
  if (sizeOf(shape) !== sizeOf(x.shape)) throw refuse(layer.name, 'its target_shape does not fit');
  const y = builder.view(x, shape);
  builder.add('reshape', { x }, { y }, {});
  return y;
}

function targetShapeOf(layer: LayerDescription, x: Value): readonly number[] {
  const target = layer.config['target_shape'];
  if (!Array.isArray(target)) throw refuse(layer.name, 'it has no target_shape');
  const given = (target as readonly unknown[]).map(Number);
  const known = given.filter((size) => size > 0).reduce((product, size) => product * size, 1);
  return given.map((size) => (size > 0 ? size : sizeOf(x.shape) / known));
}

function buildPool(layer: LayerDescription, x: Value, builder: GraphBuilder, kind: 'maxPool' | 'averagePool'): Value {
  checkFormat(layer);
  const [height, width] = sizes(layer, 'pool_size');
  const strides = layer.config['strides'] ?? [height, width];
  const window = windowOf({ ...layer, config: { ...layer.config, strides } }, x, [height, width]);
  return pool(layer, x, builder, kind, { window, shape: [...outSizesOf(layer, x, window), x.shape[2] ?? 1] });
}

function buildGlobal(layer: LayerDescription, x: Value, builder: GraphBuilder, kind: 'maxPool' | 'averagePool'): Value {
  checkFormat(layer);
  const [height = 1, width = 1, channels = 1] = x.shape;
  const window = { height, width, strideY: 1, strideX: 1, top: 0, left: 0 };
  return reshape(builder, layer, pool(layer, x, builder, kind, { window, shape: [1, 1, channels] }), [channels]);
}

function pool(
  layer: LayerDescription,
  x: Value,
  builder: GraphBuilder,
  kind: 'maxPool' | 'averagePool',
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

function merge(
  layer: LayerDescription,
  inputs: readonly Value[],
  builder: GraphBuilder,
  kind: 'add' | 'multiply' | 'join',
): Value {
  const [first, ...others] = inputs;
  let sum = one(layer, first);
  for (const other of others) {
    const [compared, to] =
      kind === 'join' ? [other.shape.slice(0, -1), sum.shape.slice(0, -1)] : [other.shape, sum.shape];
    if (compared.join() !== to.join())
      throw refuse(layer.name, `its inputs have other shapes (${to.join('×')}, ${compared.join('×')})`);
    const last = (sum.shape.at(-1) ?? 1) + (kind === 'join' ? (other.shape.at(-1) ?? 1) : 0);
    const y: Value = builder.value(layer.name, 'examples', [...sum.shape.slice(0, -1), last]);
    builder.add(kind, { a: sum, b: other }, { y }, {});
    sum = y;
  }
  return sum;
}

/** A window over a picture to which its padding was added. */
function slide(
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

interface Edges {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

function padBy(builder: GraphBuilder, layer: string, x: Value, { top, bottom, left, right }: Edges): Value {
  if (top + bottom + left + right === 0) return x;
  const [height = 1, width = 1, channels = 1] = x.shape;
  const y = builder.value(`${layer}/padded`, 'examples', [height + top + bottom, width + left + right, channels]);
  builder.add('pad', { x }, { y }, { top, left });
  return y;
}

/** "same": as many windows as strides fit in, the padding on both sides, the odd one behind. */
function windowOf(layer: LayerDescription, x: Value, [height, width]: readonly [number, number]): Window {
  const [strideY, strideX] = sizes(layer, 'strides', 2, 1);
  for (const rate of sizes(layer, 'dilation_rate', 2, 1)) if (rate !== 1) throw refuse(layer.name, 'it is dilated');
  const isSame = isSamePadding(layer);
  const before = (size: number, stride: number, length: number): number =>
    isSame ? Math.max(0, Math.floor(((Math.ceil(size / stride) - 1) * stride + length - size) / 2)) : 0;
  const [rows = 1, columns = 1] = x.shape;
  return { height, width, strideY, strideX, top: before(rows, strideY, height), left: before(columns, strideX, width) };
}

function outSizesOf(layer: LayerDescription, x: Value, window: Window): readonly [number, number] {
  if (!isSamePadding(layer)) return outSizes(x, window);
  const [rows = 1, columns = 1] = x.shape;
  return [Math.ceil(rows / window.strideY), Math.ceil(columns / window.strideX)];
}

/** Without padding. */
export function outSizes({ shape }: Value, { height, width, strideY, strideX }: Window): readonly [number, number] {
  const [rows = 1, columns = 1] = shape;
  return [Math.floor((rows - height) / strideY) + 1, Math.floor((columns - width) / strideX) + 1];
}

function isSamePadding(layer: LayerDescription): boolean {
  const padding = layer.config['padding'] ?? 'valid';
  if (padding !== 'same' && padding !== 'valid') throw refuse(layer.name, `its padding is ${JSON.stringify(padding)}`);
  return padding === 'same';
}

function checkFormat({ name, config }: LayerDescription): void {
  const format = config['data_format'];
  if (format !== undefined && format !== null && format !== 'channels_last' && format !== 'channelsLast')
    throw refuse(name, `its data_format is ${JSON.stringify(format)}`);
}

function weighted(
  layer: LayerDescription,
  { weight, penalize }: LayerContext,
  name: string,
  shape: readonly number[],
  stem = name,
): Value {
  const value = weight(layer.name, name, shape);
  const regularizer = layer.config[`${stem}_regularizer`];
  if (regularizer === null || regularizer === undefined) return value;
  const { class_name: className, config } = regularizer as { readonly class_name?: unknown; readonly config?: unknown };
  const { l1 = 0, l2 = 0 } = (config ?? {}) as { readonly l1?: unknown; readonly l2?: unknown };
  if (className !== 'L1L2' || typeof l1 !== 'number' || typeof l2 !== 'number')
    throw refuse(layer.name, `its ${stem}_regularizer is not known`);
  penalize(value, { l1, l2 });
  return value;
}

function biasOf(layer: LayerDescription, context: LayerContext, size: number): { readonly bias?: Value } {
  return layer.config['use_bias'] === false ? {} : { bias: weighted(layer, context, 'bias', [size]) };
}

function one({ name }: LayerDescription, value: Value | undefined): Value {
  if (value === undefined) throw refuse(name, 'it has no input');
  return value;
}

function numberOf({ name, config }: LayerDescription, key: string, otherwise?: number): number {
  const value = config[key] ?? otherwise;
  if (typeof value !== 'number') throw refuse(name, `its ${key} is ${JSON.stringify(value)}`);
  return value;
}

/** A number, or one for each axis. */
function sizes(layer: LayerDescription, key: string, axes = 2, otherwise?: number): readonly [number, number] {
  const value = layer.config[key] ?? otherwise;
  const given = (Array.isArray(value) ? value : Array.from({ length: axes }, () => value)) as readonly unknown[];
  const [first, second = first] = given;
  if (given.length !== axes || typeof first !== 'number' || typeof second !== 'number')
    throw refuse(layer.name, `its ${key} is ${JSON.stringify(value)}`);
  return [first, second];
}

function pairs(layer: LayerDescription, value: unknown): readonly [[number, number], [number, number]] {
  const [rows, columns] = (Array.isArray(value) ? value : [value, value]) as readonly unknown[];
  const toPair = (given: unknown): [number, number] => {
    const [first, second] = (Array.isArray(given) ? given : [given, given]) as readonly unknown[];
    if (typeof first !== 'number' || typeof second !== 'number') throw refuse(layer.name, 'its padding is not known');
    return [first, second];
  };
  return [toPair(rows), toPair(columns)];
}
