import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { createRandom } from '../../../../src/worker/seeds.ts';
import type { LayersModel } from '../../../../src/worker/tensorflow.ts';
import type { StepBatch } from '../../../../src/worker/trainingSteps.ts';
import { tf } from './compiling.ts';
import { expectSlopes, fillWeights, slopesOf, type Question, type Slope } from './differing.ts';

// Small nets around a part whose gradient is in question. Before it there are weights, too, to which it has to hand its gradient on.

const { layers: l } = tf;

export type Activation = NonNullable<Parameters<typeof l.dense>[0]['activation']>;

export type Build = (x: SymbolicTensor) => SymbolicTensor;

export interface Net {
  readonly input: readonly number[];
  readonly build: Build;
  /** Inputs are −scale … scale, 1 without it, or whole numbers 0 … words − 1. */
  readonly scale?: number;
  readonly words?: number;
}

/** Layers one after the other. */
export function inTurn(...layers: readonly unknown[]): Build {
  return (x) =>
    (layers as readonly ReturnType<typeof l.dense>[]).reduce((given, layer) => layer.apply(given) as SymbolicTensor, x);
}

export function joined(layer: unknown, ...branches: readonly Build[]): Build {
  return (x) => (layer as ReturnType<typeof l.add>).apply(branches.map((branch) => branch(x))) as SymbolicTensor;
}

export function behind(...builds: readonly Build[]): Build {
  return (x) => builds.reduce((given, build) => build(given), x);
}

export const itself: Build = (x) => x;

export const toNumbers: Build = (x) => inTurn(...(x.shape.length > 2 ? [l.flatten()] : []), l.dense({ units: 2 }))(x);

/** Five numbers of each pixel: four that a kernel takes at once, and one more. */
export function onPictures(...layers: readonly unknown[]): Net {
  return {
    input: [4, 5, 2],
    build: behind(inTurn(l.conv2d({ filters: 5, kernelSize: 2, activation: 'tanh' }), ...layers), toNumbers),
  };
}

export function onNumbers(...layers: readonly unknown[]): Net {
  return { input: [6], build: inTurn(l.dense({ units: 5, activation: 'tanh' }), ...layers, l.dense({ units: 2 })) };
}

export function onWords(...layers: readonly unknown[]): Net {
  return {
    input: [6],
    words: 7,
    build: behind(inTurn(l.embedding({ inputDim: 7, outputDim: 5 }), ...layers), toNumbers),
  };
}

export function merged(layer: unknown): Net {
  const branch = (): Build => inTurn(l.dense({ units: 5, activation: 'tanh' }));
  return { input: [6], build: behind(joined(layer, branch(), branch(), branch()), inTurn(l.dense({ units: 2 }))) };
}

function modelOf({ input, build }: Net): LayersModel {
  const start = tf.input({ shape: [...input] });
  return fillWeights(tf.model({ inputs: start, outputs: build(start) }));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function inputsOf({ input, scale = 1, words }: Net, count: number, random: () => number): Float32Array {
  const length = count * sizeOf(input);
  return Float32Array.from({ length }, () =>
    words === undefined ? scale * (random() * 2 - 1) : Math.floor(random() * words),
  );
}

export interface Wishes extends Partial<Pick<Question, 'pass' | 'hasKinks' | 'most' | 'from' | 'threads'>> {
  readonly loss?: string;
  readonly count?: number;
  readonly telling?: number;
  /** One number of a target; −1 … 1 without it. */
  readonly target?: (random: () => number, index: number) => number;
  /** Of the examples. */
  readonly weights?: readonly number[];
}

type Target = NonNullable<Wishes['target']>;

const ofBothSigns: Target = (random) => random() * 2 - 1;

/** Of the mean of squares, unless another loss is named. undefined where all draws have kinks. */
export function slopesFor(net: Net, wishes: Wishes): Promise<readonly Slope[] | undefined> {
  const { loss = 'meanSquaredError', count = 4, target = ofBothSigns, weights } = wishes;
  const model = modelOf(net);
  const shape = model.outputs[0]!.shape.slice(1).map(Number);
  const targetWidth = sizeOf(loss.startsWith('sparse') ? shape.slice(0, -1) : shape);
  const draw = (seed: number): StepBatch => {
    const random = createRandom(seed);
    const xs = inputsOf(net, count, random);
    const ys = Float32Array.from({ length: count * targetWidth }, (_, index) => target(random, index));
    return { xs, ys, count, number: 5, ...(weights === undefined ? {} : { weights: Float32Array.from(weights) }) };
  };
  return slopesOf(model, { ...wishes, loss, draw, targetWidth });
}

export async function check(net: Net, wishes: Wishes = {}): Promise<void> {
  const slopes = await slopesFor(net, wishes);
  expectSlopes(slopes, wishes.telling);
}

/** A net whose loss is not smooth everywhere. */
export const kinked = { hasKinks: true } as const;

const chances: Target = (random) => random();
const sides: Target = (random) => (random() < 0.5 ? -1 : 1);
const flags: Target = (random) => Number(random() < 0.5);
const positive: Target = (random) => 0.2 + random() * 2;

/** Behind which activation each of them is measured, and what the targets are. */
export const losses: readonly (readonly [loss: string, activation: Activation, Wishes])[] = [
  ['categoricalCrossentropy', 'softmax', { target: chances }],
  ['categoricalCrossentropy', 'sigmoid', { target: chances }],
  ['sparseCategoricalCrossentropy', 'softmax', { target: (random) => Math.floor(random() * 5) }],
  ['sparseCategoricalCrossentropy', 'sigmoid', { target: (random) => Math.floor(random() * 5) }],
  ['binaryCrossentropy', 'sigmoid', { target: flags }],
  ['binaryCrossentropy', 'softmax', { target: chances }],
  ['meanSquaredError', 'linear', {}],
  ['meanAbsoluteError', 'linear', kinked],
  ['meanAbsolutePercentageError', 'softplus', { ...kinked, target: positive }],
  ['meanSquaredLogarithmicError', 'softplus', { target: positive }],
  ['squaredHinge', 'linear', { target: sides }],
  ['hinge', 'linear', { ...kinked, target: sides }],
  ['categoricalHinge', 'linear', { ...kinked, target: (_, index) => Number(index % 5 === (index * 7) % 3) }],
  ['logcosh', 'linear', { target: (random) => random() * 4 - 2 }],
  ['kullbackLeiblerDivergence', 'softmax', { target: chances }],
  ['kullbackLeiblerDivergence', 'sigmoid', { target: chances }],
  ['poisson', 'softplus', { target: positive }],
  ['cosineProximity', 'linear', {}],
];
