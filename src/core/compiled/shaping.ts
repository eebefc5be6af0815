import type { LayerDescription } from './description.ts';
import { sizeOf, type GraphBuilder, type Value } from './graph.ts';
import { checkFormat, numberOf, pairs, sizes } from './layerOptions.ts';
import { refuse } from './refusal.ts';

// Layers that only put numbers elsewhere: each number of the answer is one of the input, found by strides along the axes of the answer.

interface Layout {
  /** Of the answer's axes, and how far apart their numbers are in the input. */
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly from?: number;
}

function spread(
  builder: GraphBuilder,
  layer: LayerDescription,
  x: Value,
  { sizes: all, strides, from = 0, shape }: Layout & { readonly shape: readonly number[] },
): Value {
  const y = builder.value(layer.name, 'examples', shape);
  // Numbers that lie together are taken together.
  const isDense = strides.at(-1) === 1;
  const layout = isDense
    ? { sizes: all.slice(0, -1), strides: strides.slice(0, -1), run: all.at(-1) ?? 1 }
    : { sizes: all, strides, run: 1 };
  builder.add('spread', { x }, { y }, { ...layout, from });
  return y;
}

/** Each pixel several times. */
export function buildUpSampling(layer: LayerDescription, x: Value, builder: GraphBuilder): Value {
  checkFormat(layer);
  const how = layer.config['interpolation'] ?? 'nearest';
  if (how !== 'nearest') throw refuse(layer.name, `its interpolation is ${JSON.stringify(how)}`);
  const [down, across] = sizes(layer, 'size', 2, 2);
  const [height = 1, width = 1, channels = 1] = x.shape;
  return spread(builder, layer, x, {
    sizes: [height, down, width, across, channels],
    strides: [width * channels, 0, channels, 0, 1],
    shape: [height * down, width * across, channels],
  });
}

export function buildCropping(layer: LayerDescription, x: Value, builder: GraphBuilder): Value {
  checkFormat(layer);
  const [[top, bottom], [left, right]] = pairs(layer, layer.config['cropping'] ?? 0);
  const [height = 1, width = 1, channels = 1] = x.shape;
  const shape = [height - top - bottom, width - left - right, channels];
  if (shape.some((size) => size < 1)) throw refuse(layer.name, 'nothing is left of its input');
  return spread(builder, layer, x, {
    ...{ sizes: shape, strides: [width * channels, channels, 1], shape },
    from: (top * width + left) * channels,
  });
}

export function buildPermute(layer: LayerDescription, x: Value, builder: GraphBuilder): Value {
  const dims = layer.config['dims'];
  const axes = Array.isArray(dims) ? (dims as readonly unknown[]).map((axis) => Number(axis) - 1) : [];
  if ([...axes].sort((a, b) => a - b).join() !== [...x.shape.keys()].join())
    throw refuse(layer.name, `its dims are ${JSON.stringify(dims)}`);
  const shape = axes.map((axis) => x.shape[axis] ?? 1);
  return spread(builder, layer, x, {
    sizes: shape,
    strides: axes.map((axis) => sizeOf(x.shape.slice(axis + 1))),
    shape,
  });
}

export function buildRepeat(layer: LayerDescription, x: Value, builder: GraphBuilder): Value {
  const shape = [numberOf(layer, 'n'), ...x.shape];
  return spread(builder, layer, x, { sizes: [shape[0] ?? 1, sizeOf(x.shape)], strides: [0, 1], shape });
}

export function targetShapeOf(layer: LayerDescription, x: Value): readonly number[] {
  const target = layer.config['target_shape'];
  if (!Array.isArray(target)) throw refuse(layer.name, 'it has no target_shape');
  const given = (target as readonly unknown[]).map(Number);
  const known = given.filter((size) => size > 0).reduce((product, size) => product * size, 1);
  return given.map((size) => (size > 0 ? size : sizeOf(x.shape) / known));
}
