import { expect } from 'vitest';
import { setLearningRate } from '../../../../src/worker/compilation.ts';
import type { CompiledTraining } from '../../../../src/worker/compiled/steps.ts';
import { createRandom } from '../../../../src/worker/seeds.ts';
import type { LayersModel, Variable } from '../../../../src/worker/tensorflow.ts';
import type { StepBatch } from '../../../../src/worker/trainingSteps.ts';
import { compile, tf } from './compiling.ts';

// Gradients of compiled steps beside differences of their own losses: TensorFlow.js computes nothing of either.

/** A step of it makes of a weight its gradient, but for the last digit of 32 bits. */
const RATE = 2 ** 24;

/** How far a weight is moved at most; where kinks may be near, less, and all the less where whole weights are moved, which meet more of them. */
const WIDTH = 2 ** -5;
const WIDTH_AT_KINKS = 2 ** -7;
const WIDTH_OF_DIRECTIONS = 2 ** -8;

/** Weights are multiples of it, as those moves are, so that their sums are exact. */
const GRID = 2 ** -12;

/**
 * How far a loss may be off: sixteen roundings of 2^-24 of what is summed up to it. Differences of it are divided by the width, and may be off by
 * 3.2e-5 then, at kinks by 1.3e-4 or 2.6e-4. (What Richardson's leaves of the curve, a hundredth of width^4 times its fifth derivative, is nothing beside
 * that.) Greater slopes are those of greater sums, of which a part may be off.
 */
const ROUNDING = 1e-6;
const PART = 1e-4;

/** A slope tells of a wrong factor where it is so many times greater than what it may be off: 1.05 instead of 1 is found there. */
const TELLING = 20;

/** Until examples without a kink are found. */
const TRIES = 50;

export interface Question {
  readonly loss: string;
  /** Examples by the number of a draw. */
  readonly draw: (seed: number) => StepBatch;
  /** Numbers of an example's target. */
  readonly targetWidth: number;
  /** One without it. */
  readonly threads?: number;
  /**
   * Of which pass the losses are: one that only looks (without it), or a training step, which alone has the statistics of the batch, what is
   * dropped, and penalties.
   */
  readonly pass?: 'looking' | 'training';
  /** The loss is not smooth everywhere: examples are drawn until no kink lies in the way of any difference. */
  readonly hasKinks?: boolean;
  /**
   * Numbers of each weight that are moved one by one; all of them without it. With 0, there are only slopes along directions, which are greater,
   * and may be known less well.
   */
  readonly most?: number;
  /** Of the first draw; 1 without it. */
  readonly from?: number;
}

/** The slope of the loss along a direction through the numbers of a weight. */
export interface Slope {
  readonly name: string;
  /** By the kernels' gradient. */
  readonly found: number;
  /** By differences. */
  readonly expected: number;
  /** How far off the differences may be. */
  readonly tolerance: number;
}

/**
 * The slopes of the loss along each number of each trained weight, along its gradient, and along signs at random. undefined where each draw of
 * examples has a kink.
 */
export async function slopesOf(model: LayersModel, question: Question): Promise<readonly Slope[] | undefined> {
  const { targetWidth, loss, threads = 1, draw, hasKinks = false, from = 1 } = question;
  const settings = { loss_function: loss, metric: 'accuracy', threads, batch_size: draw(0).count };
  const steps = await compile(model, targetWidth, settings);
  try {
    const differences = new Differences(model, steps, question);
    for (let seed = from; seed < from + (hasKinks ? TRIES : 1); seed++) {
      const slopes = await differences.slopes(draw(seed));
      if (slopes !== undefined) return slopes;
    }
    return undefined;
  } finally {
    await steps.dispose();
  }
}

/** Throws where the gradient is not what the differences say, or where less than that part of each weight's slopes tells of wrong factors. */
export function expectSlopes(slopes: readonly Slope[] | undefined, telling = 0.5): void {
  if (slopes === undefined) throw new Error(`There are kinks in each of ${TRIES} draws.`);
  const wrong = slopes.filter((slope) => !isRight(slope));
  expect({ wrong: wrong.length, first: wrong.slice(0, 4) }).toEqual({ wrong: 0, first: [] });
  const names = new Set(slopes.map(({ name }) => name));
  expect(names.size).toBeGreaterThan(0);
  for (const name of names) {
    const own = slopes.filter((slope) => slope.name === name);
    const clear = own.filter(tells);
    expect(clear.length / own.length, `part of the slopes of ${name} that tell`).toBeGreaterThanOrEqual(telling);
  }
}

export function isRight({ found, expected, tolerance }: Slope): boolean {
  return Math.abs(found - expected) <= tolerance;
}

/** Whether a wrong factor in the gradient would be seen. */
export function tells({ expected, tolerance }: Slope): boolean {
  return Math.abs(expected) >= TELLING * tolerance;
}

interface Weight {
  readonly name: string;
  readonly isTrained: boolean;
  readonly variable: Variable;
  readonly values: Float32Array;
}

class Differences {
  readonly #model: LayersModel;
  readonly #steps: CompiledTraining;
  readonly #question: Question;
  readonly #weights: readonly Weight[];

  constructor(model: LayersModel, steps: CompiledTraining, question: Question) {
    this.#model = model;
    this.#steps = steps;
    this.#question = question;
    const trained = new Set<unknown>(model.trainableWeights);
    this.#weights = model.weights.map((weight) => {
      const variable = variableOf(weight);
      const values = Float32Array.from(variable.dataSync());
      return { name: nameOf(weight), isTrained: trained.has(weight), variable, values };
    });
  }

  /** undefined where there is a kink. */
  async slopes(batch: StepBatch): Promise<readonly Slope[] | undefined> {
    const { gradients, start } = await this.#gradients(batch);
    const slopes: Slope[] = [];
    for (const [index, weight] of this.#weights.entries()) {
      if (!weight.isTrained) continue;
      const gradient = gradients[index]!;
      for (const direction of directionsFor(gradient, this.#question.most)) {
        const slope = await this.#slope({ weight, gradient, direction, start, batch });
        if (slope === undefined) return undefined;
        slopes.push(slope);
      }
    }
    return slopes;
  }

  /** By a step with the great rate; then the weights are what they were, and no further step moves them. */
  async #gradients(batch: StepBatch): Promise<{ readonly gradients: readonly Float32Array[]; readonly start: number }> {
    setLearningRate(this.#model, RATE);
    const [start = NaN] = (await this.#steps.train(batch)).values;
    this.#steps.settle();
    const gradients = this.#weights.map(({ variable, values }) => {
      const moved = variable.dataSync();
      return values.map((value, index) => (value - moved[index]!) / RATE);
    });
    // Statistics of the batches move by themselves.
    const still = this.#weights.filter(({ name, isTrained }) => !isTrained && !name.includes('/moving_'));
    for (const { variable, values } of still) expect(variable.dataSync()).toEqual(values);
    setLearningRate(this.#model, 0);
    for (const { variable, values } of this.#weights) assign(variable, values);
    const again = await this.#loss(batch);
    expect(Math.abs(again - start)).toBeLessThanOrEqual(ROUNDING * Math.max(1, Math.abs(start)));
    return { gradients, start };
  }

  async #loss(batch: StepBatch): Promise<number> {
    const { pass = 'looking' } = this.#question;
    const { values } = pass === 'looking' ? await this.#steps.evaluate(batch) : await this.#steps.train(batch);
    return values[0] ?? NaN;
  }

  /** `start`: the loss where nothing is moved. */
  async #slope({
    weight: { name, variable, values },
    gradient,
    direction,
    start,
    batch,
  }: {
    readonly weight: Weight;
    readonly gradient: Float32Array;
    readonly direction: Float32Array;
    readonly start: number;
    readonly batch: StepBatch;
  }): Promise<Slope | undefined> {
    const { hasKinks = false, most } = this.#question;
    const width = most === 0 ? WIDTH_OF_DIRECTIONS : hasKinks ? WIDTH_AT_KINKS : WIDTH;
    const lossAt = (by: number): Promise<number> => {
      assign(
        variable,
        values.map((value, index) => value + by * direction[index]!),
      );
      return this.#loss(batch);
    };
    const difference = async (by: number): Promise<number> => ((await lossAt(by)) - (await lossAt(-by))) / (2 * by);
    const [wide, middle] = [await difference(width), await difference(width / 2)];
    const narrow = hasKinks ? await difference(width / 4) : NaN;
    assign(variable, values);
    // Richardson's: what is left of the curve is of the fourth order.
    const [expected, nearer] = [(4 * middle - wide) / 3, (4 * narrow - middle) / 3];
    const tolerance = (ROUNDING * Math.max(1, Math.abs(start))) / width + PART * Math.abs(expected);
    // Without a kink the two are as far apart as roundings bring them.
    if (hasKinks && !(Math.abs(expected - nearer) <= tolerance)) return undefined;
    const found = gradient.reduce((sum, value, index) => sum + value * direction[index]!, 0);
    return { name, found, expected, tolerance };
  }
}

/** Single numbers, one of each part, then the gradient and signs at random, each as long as 1. */
function* directionsFor(gradient: Float32Array, most = gradient.length): Generator<Float32Array> {
  const { length } = gradient;
  const random = createRandom(length);
  const count = Math.min(most, length);
  for (let index = 0; index < count; index++) {
    const direction = new Float32Array(length);
    direction[Math.floor(((index + random()) * length) / count)] = 1;
    yield direction;
  }
  const size = Math.hypot(...gradient);
  if (size > 0) yield gradient.map((value) => value / size);
  yield gradient.map(() => (random() < 0.5 ? -1 : 1) / Math.sqrt(length));
}

/** Gives the model weights with which no answer is great and no gradient small. */
export function fillWeights(model: LayersModel, seed = 1): LayersModel {
  const random = createRandom(seed);
  for (const weight of model.weights) {
    const variable = variableOf(weight);
    const [least, most] = rangeOf(nameOf(weight), variable.shape);
    const draw = (): number => {
      const size = Math.round((least + (most - least) * random()) / GRID) * GRID;
      return isOfBothSigns(nameOf(weight)) && random() < 0.5 ? -size : size;
    };
    assign(variable, Float32Array.from({ length: variable.size }, draw));
  }
  return model;
}

/** Of how great they are. None is so near to 0 that it would come to the other side. */
function rangeOf(name: string, shape: readonly number[]): readonly [least: number, most: number] {
  const least = 2 * WIDTH;
  if (!isOfBothSigns(name)) return [0.5, 1.5];
  if (name.endsWith('/embeddings')) return [least, 1];
  if (name.endsWith('/alpha')) return [least, 0.6];
  if (shape.length < 2) return [least, 0.4];
  const most = 2 / Math.sqrt(shape.slice(0, -1).reduce((product, size) => product * size, 1));
  return [least, Math.max(most, 2 * least)];
}

function isOfBothSigns(name: string): boolean {
  return !/\/(moving_variance|gamma)$/.test(name);
}

type LayerWeight = LayersModel['weights'][number];

function variableOf(weight: LayerWeight): Variable {
  return weight.read() as unknown as Variable;
}

function nameOf(weight: LayerWeight): string {
  return (weight as unknown as { readonly originalName: string }).originalName;
}

function assign(variable: Variable, values: Float32Array): void {
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
}
