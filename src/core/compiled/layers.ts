import { activate, rowsOf } from './activations.ts';
import {
  buildConvolution,
  buildConvolution1D,
  buildDepthwise,
  buildSeparable,
  buildTransposed,
  finishFilters,
} from './convolutions.ts';
import type { LayerDescription } from './description.ts';
import { sizeOf, type Value } from './graph.ts';
import { biasOf, checkFormat, numberOf, one, pairs, reshape, weighted, type LayerContext } from './layerOptions.ts';
import { merge } from './merging.ts';
import { buildLayerNormalization, buildNormalization } from './normalizing.ts';
import { packWeights } from './panels.ts';
import { buildGlobal, buildPool, buildPool1D } from './pooling.ts';
import { refuse } from './refusal.ts';
import { buildCropping, buildPermute, buildRepeat, buildUpSampling, targetShapeOf } from './shaping.ts';
import { padBy } from './windows.ts';

// What each class of layers does, in operations. An option that is not known is refused: a step is never nearly right.

type Build = (layer: LayerDescription, inputs: readonly Value[], context: LayerContext) => Value;

const builds: Readonly<Record<string, Build>> = {
  Dense: buildDense,
  Conv2D: (layer, [x], context) => buildConvolution(layer, one(layer, x), context),
  Conv1D: buildConvolution1D,
  DepthwiseConv2D: (layer, [x], context) =>
    finishFilters(layer, buildDepthwise(layer, one(layer, x), context, true), context),
  SeparableConv2D: buildSeparable,
  Conv2DTranspose: buildTransposed,
  Embedding: buildEmbedding,
  BatchNormalization: buildNormalization,
  LayerNormalization: buildLayerNormalization,
  Activation: (layer, [x], { builder }) => activate(builder, layer.name, layer.config['activation'], one(layer, x)),
  ReLU: (layer, [x], { builder }) => {
    const limit = layer.config['max_value'];
    if (limit !== null && limit !== undefined && limit !== 6)
      throw refuse(layer.name, `its max_value is ${JSON.stringify(limit)}`);
    return activate(builder, layer.name, limit === 6 ? 'relu6' : 'relu', one(layer, x));
  },
  LeakyReLU: (layer, [x], { builder }) => {
    const alpha = numberOf(layer, 'alpha', 0.3);
    // The slope is taken at the answer, whose sign must be that of what was given.
    if (!(alpha >= 0)) throw refuse(layer.name, `its alpha is ${alpha}`);
    return activate(builder, layer.name, 'leakyRelu', one(layer, x), alpha);
  },
  ELU: (layer, [x], { builder }) => {
    const alpha = numberOf(layer, 'alpha', 1);
    if (alpha !== 1) throw refuse(layer.name, `its alpha is ${alpha}`);
    return activate(builder, layer.name, 'elu', one(layer, x));
  },
  PReLU: buildPrelu,
  Softmax: (layer, [x], { builder }) => {
    const axis = layer.config['axis'] ?? -1;
    const given = one(layer, x);
    if (axis !== -1 && axis !== given.shape.length) throw refuse(layer.name, `its axis is ${JSON.stringify(axis)}`);
    return activate(builder, layer.name, 'softmax', given);
  },
  Dropout: buildDropout,
  GaussianNoise: (layer, inputs, context) => buildNoise(layer, inputs, context, numberOf(layer, 'stddev')),
  GaussianDropout: buildGaussianDropout,
  Flatten: (layer, [x], { builder }) => {
    checkFormat(layer);
    return reshape(builder, layer, one(layer, x), [sizeOf(one(layer, x).shape)]);
  },
  Reshape: (layer, [x], { builder }) => reshape(builder, layer, one(layer, x), targetShapeOf(layer, one(layer, x))),
  MaxPooling2D: (layer, [x], { builder }) => buildPool(layer, one(layer, x), builder, 'maxPool'),
  AveragePooling2D: (layer, [x], { builder }) => buildPool(layer, one(layer, x), builder, 'averagePool'),
  MaxPooling1D: (layer, [x], { builder }) => buildPool1D(layer, one(layer, x), builder, 'maxPool'),
  AveragePooling1D: (layer, [x], { builder }) => buildPool1D(layer, one(layer, x), builder, 'averagePool'),
  GlobalAveragePooling1D: (layer, [x], { builder }) => buildGlobal(layer, one(layer, x), builder, 'averagePool'),
  GlobalMaxPooling1D: (layer, [x], { builder }) => buildGlobal(layer, one(layer, x), builder, 'maxPool'),
  GlobalAveragePooling2D: (layer, [x], { builder }) => buildGlobal(layer, one(layer, x), builder, 'averagePool'),
  GlobalMaxPooling2D: (layer, [x], { builder }) => buildGlobal(layer, one(layer, x), builder, 'maxPool'),
  ZeroPadding2D: (layer, [x], { builder }) => {
    const [rows, columns] = pairs(layer, layer.config['padding'] ?? [1, 1]);
    checkFormat(layer);
    const edges = { top: rows[0], bottom: rows[1], left: columns[0], right: columns[1] };
    return padBy(builder, layer.name, one(layer, x), edges);
  },
  UpSampling2D: (layer, [x], { builder }) => buildUpSampling(layer, one(layer, x), builder),
  Cropping2D: (layer, [x], { builder }) => buildCropping(layer, one(layer, x), builder),
  Permute: (layer, [x], { builder }) => buildPermute(layer, one(layer, x), builder),
  RepeatVector: (layer, [x], { builder }) => buildRepeat(layer, one(layer, x), builder),
  Add: (layer, inputs, { builder }) => merge(layer, inputs, builder, 'add'),
  Multiply: (layer, inputs, { builder }) => merge(layer, inputs, builder, 'multiply'),
  Average: (layer, inputs, { builder }) => merge(layer, inputs, builder, 'average'),
  Maximum: (layer, inputs, { builder }) => merge(layer, inputs, builder, 'maximum'),
  Minimum: (layer, inputs, { builder }) => merge(layer, inputs, builder, 'minimum'),
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

function buildDropout(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const x = one(layer, inputs[0]);
  const number = context.nextRandom();
  const rate = numberOf(layer, 'rate');
  if (layer.config['noise_shape'] !== null && layer.config['noise_shape'] !== undefined)
    throw refuse(layer.name, 'it has a noise_shape');
  // With other rates the packages drop nothing.
  if (!context.isTraining || !(rate > 0 && rate < 1)) return x;
  const y = context.builder.value(layer.name, 'examples', x.shape);
  context.builder.add('dropout', { x }, { y }, { rate, layer: number });
  return y;
}

/** Each number of the input chooses a row of the weights. */
function buildEmbedding(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const x = one(layer, inputs[0]);
  if (layer.config['mask_zero'] === true) throw refuse(layer.name, 'it masks zeros');
  const [k, n] = [numberOf(layer, 'input_dim'), numberOf(layer, 'output_dim')];
  const w = weighted(layer, context, 'embeddings', [k, n]);
  const y = context.builder.value(layer.name, 'examples', [...x.shape, n]);
  context.builder.add('embed', { x, w }, { y }, { k, n });
  return y;
}

function buildPrelu(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const x = one(layer, inputs[0]);
  const shape = context.shapeOf(layer.name, 'alpha') ?? x.shape;
  const alpha = weighted(layer, context, 'alpha', shape);
  const n = sizeOf(shape);
  // One slope for each of the last numbers, which is for the whole of an example or for each channel.
  const own = shape.findIndex((size) => size !== 1);
  if (own !== -1 && shape.slice(own).join() !== x.shape.slice(own).join())
    throw refuse(layer.name, `its shared_axes are ${JSON.stringify(layer.config['shared_axes'])}`);
  const y = context.builder.value(layer.name, 'examples', x.shape);
  context.builder.add('prelu', { x, alpha }, { y }, { rows: sizeOf(x.shape) / n, n });
  return y;
}

function buildGaussianDropout(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const rate = numberOf(layer, 'rate');
  if (rate > 0 && rate < 1) return buildNoise(layer, inputs, context, Math.sqrt(rate / (1 - rate)), true);
  return one(layer, inputs[0]);
}

function buildNoise(
  layer: LayerDescription,
  inputs: readonly Value[],
  { builder, nextRandom, isTraining }: LayerContext,
  deviation: number,
  isFactor = false,
): Value {
  const x = one(layer, inputs[0]);
  const number = nextRandom();
  if (!isTraining) return x;
  const y = builder.value(layer.name, 'examples', x.shape);
  builder.add('noise', { x }, { y }, { deviation, isFactor, layer: number });
  return y;
}
