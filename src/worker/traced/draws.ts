import { mixSeed } from '../../core/random/random.ts';
import type { LayersModel, Tensor, TensorFlow } from '../tensorflow.ts';

// Random numbers of layers on the native backend: drawn by TensorFlow from a seed that is the run's, the layer's and the step's. The packages
// draw them one by one in JavaScript, and give a dropout with a seed the same mask in each step.

/** Names of TensorFlow's operations, under which kernels stand for them here. */
type Distribution = 'StatelessRandomUniform' | 'StatelessRandomNormal';

/** Numbers of a layer for one step, other ones at each call. */
type Draw = (distribution: Distribution, shape: readonly number[]) => Tensor;

/** What is used here of a layer; the packages' types hide it. */
interface AnyLayer {
  readonly name: string;
  readonly layers?: readonly AnyLayer[];
  readonly layer?: AnyLayer;
  readonly forwardLayer?: AnyLayer;
  readonly backwardLayer?: AnyLayer;
  readonly cell?: AnyLayer;
  readonly cells?: readonly AnyLayer[];
  /** Of a dropout between 0 and 1. */
  readonly rate?: number;
  readonly stddev?: number;
  /** Of a cell; user code may give one. */
  dropoutFunc?: unknown;
  getClassName(): string;
  getNoiseShape?: (input: Tensor) => readonly (number | null)[];
  call: (inputs: Tensor | Tensor[], options?: { readonly training?: boolean }) => Tensor | Tensor[];
}

export interface Draws {
  /** Steps are counted over the whole run. */
  begin(step: number): void;
  /** The layers are as they were. */
  dispose(): void;
}

/** Has the model's layers draw from `seed` until it is disposed. */
export function drawNatively(tf: TensorFlow, model: LayersModel, seed: number): Draws {
  let step = 0;
  const counts = new Map<number, number>();
  const restore: (() => void)[] = [];
  const drawOf =
    (key: number): Draw =>
    (distribution, shape) => {
      const count = counts.get(key) ?? 0;
      counts.set(key, count + 1);
      // A seed of TensorFlow's is two numbers with a sign.
      const seeds = [mixSeed(seed, key, count) | 0, step].map((number) => tf.scalar(number, 'int32'));
      const inputs = { shape: tf.tensor1d([...shape], 'int32'), seed: tf.stack(seeds) };
      return tf.engine().runKernel<Tensor>(distribution, inputs);
    };
  layersOf(model as unknown as AnyLayer).forEach((layer, index) => {
    const draw = drawOf(index);
    const noise = noises[layer.getClassName()];
    if (noise !== undefined) restore.push(replaceCall(tf, layer, (input) => noise(tf, layer, input, draw)));
    else if ('recurrentDropout' in layer && (layer.dropoutFunc === undefined || layer.dropoutFunc === null)) {
      const { dropoutFunc } = layer;
      layer.dropoutFunc = (ones: Tensor, rate: number) => drop(tf, { input: ones, rate, shape: ones.shape }, draw);
      restore.push(() => (layer.dropoutFunc = dropoutFunc));
    }
  });
  return {
    begin(number) {
      step = number;
      counts.clear();
    },
    dispose: () => restore.forEach((undo) => undo()),
  };
}

/** In a training step the layer gives what `noisy` makes of its input. */
function replaceCall(tf: TensorFlow, layer: AnyLayer, noisy: (input: Tensor) => Tensor): () => void {
  const { call } = layer;
  // A call of the user's own stays: what it draws is its own business.
  if (Object.hasOwn(layer, 'call')) return () => undefined;
  layer.call = (inputs, options) => {
    const [input, ...others] = [inputs].flat();
    if (options?.training !== true || input === undefined || others.length > 0)
      return call.call(layer, inputs, options);
    return tf.tidy(() => noisy(input));
  };
  return () => Reflect.deleteProperty(layer, 'call');
}

/** Formulas of the packages, by the class of the layer. */
const noises: Readonly<Record<string, (tf: TensorFlow, layer: AnyLayer, input: Tensor, draw: Draw) => Tensor>> = {
  Dropout: dropLayer,
  SpatialDropout1D: dropLayer,
  GaussianNoise: (tf, { stddev = 0 }, input, draw) =>
    tf.add(tf.mul(draw('StatelessRandomNormal', input.shape), stddev), input),
  GaussianDropout: (tf, { rate = 0 }, input, draw) => {
    if (rate <= 0 || rate >= 1) return input.clone();
    const deviation = Math.sqrt(rate / (1 - rate));
    return tf.mul(input, tf.add(tf.mul(draw('StatelessRandomNormal', input.shape), deviation), 1));
  },
  AlphaDropout: (tf, { rate = 0 }, input, draw) => {
    if (rate <= 0 || rate >= 1) return input.clone();
    const low = -ALPHA * SCALE;
    const kept = tf.cast(tf.greaterEqual(draw('StatelessRandomUniform', input.shape), rate), 'float32');
    const mixed = tf.add(tf.mul(input, kept), tf.mul(tf.sub(kept, 1), low));
    const factor = ((1 - rate) * (1 + rate * low ** 2)) ** -0.5;
    return tf.add(tf.mul(mixed, factor), -factor * low * rate);
  },
};

/** Of the activation selu. */
const ALPHA = 1.6732632423543772;
const SCALE = 1.0507009873554805;

function dropLayer(tf: TensorFlow, layer: AnyLayer, input: Tensor, draw: Draw): Tensor {
  return drop(tf, { input, rate: layer.rate ?? 0, shape: noiseShapeOf(layer, input) }, draw);
}

/** An axis that is told as null is as long as the input's. */
function noiseShapeOf(layer: AnyLayer, input: Tensor): readonly number[] {
  const told = layer.getNoiseShape?.(input) ?? input.shape;
  return told.map((size, axis) => size ?? input.shape[axis] ?? 1);
}

function drop(
  tf: TensorFlow,
  { input, rate, shape }: { readonly input: Tensor; readonly rate: number; readonly shape: readonly number[] },
  draw: Draw,
): Tensor {
  if (rate <= 0 || rate >= 1) return input.clone();
  const kept = tf.floor<Tensor>(tf.add(draw('StatelessRandomUniform', shape), 1 - rate));
  return tf.mul(input, tf.div(kept, 1 - rate));
}

/** The layer, and all within it. */
function layersOf(layer: AnyLayer): readonly AnyLayer[] {
  const { layers = [], cells = [], layer: wrapped, forwardLayer, backwardLayer, cell } = layer;
  const within = [...layers, ...cells, wrapped, forwardLayer, backwardLayer, cell].filter((each) => each !== undefined);
  return [layer, ...within.flatMap(layersOf)];
}
