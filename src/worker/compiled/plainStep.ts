import type * as core from '@tensorflow/tfjs-core';
import { inputShapeOf, outputShapeOf } from '../models.ts';
import type { LayersModel, Tensor, TensorFlow } from '../tensorflow.ts';
import { NotCompiledError, type CompiledStep, type CompileOptions, type Examples, type StepValues } from './api.ts';
import { compileSteps, type CompiledTraining, type CompilingPlaces } from './steps.ts';

// A compiled step for those who have TensorFlow.js and a model, and nothing else of ours.

const WAY_ON = 'Dispose it and call compileStep again, or train with model.fit.';

/** As `model.fit` has it. */
const BATCH_SIZE = 32;

/** The compiled step of a model that its code has compiled, or an error that says why there is none. */
export async function createPlainStep(
  model: LayersModel,
  options: CompileOptions,
  places: CompilingPlaces,
): Promise<CompiledStep> {
  const tf = (options.tf as TensorFlow | undefined) ?? (await loadTensorFlow());
  if (!(model instanceof tf.LayersModel))
    throw new NotCompiledError('it is no layers model of this copy of TensorFlow.js; pass yours as the option tf');
  const { loss } = model as { readonly loss?: unknown };
  if (loss === undefined) throw new NotCompiledError('the model has no loss yet; call model.compile first');
  const { batchSize = BATCH_SIZE, threads, seed = 0, clipping } = options;
  checkCount('batchSize', batchSize);
  if (threads !== undefined) checkCount('threads', threads);
  checkClipping('norm', clipping?.norm);
  checkClipping('value', clipping?.value);
  const targetWidth = targetWidthFor(model, loss);
  const metrics = model.metricsTensors.map(([metric]) => metric);
  const gradientClipping =
    clipping === undefined ? null : { norm: clipping.norm ?? null, value: clipping.value ?? null };
  const training = { threads: threads ?? null, gradient_clipping: gradientClipping };
  const given = { training, metrics, weightDecay: null, keepsOutputs: false, capacity: batchSize, targetWidth, seed };
  const steps = await compileSteps(tf, model, { ...given, fit: 1, ...places, wayOn: WAY_ON });
  if ('reason' in steps) throw new NotCompiledError(steps.reason);
  return new PlainStep(tf, model, { steps, batchSize, targetWidth });
}

async function loadTensorFlow(): Promise<TensorFlow> {
  try {
    return { ...(await import('@tensorflow/tfjs-core')), ...(await import('@tensorflow/tfjs-layers')) };
  } catch (error) {
    throw new NotCompiledError('TensorFlow.js was not found; pass yours as the option tf', { cause: error });
  }
}

function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`compileStep: ${name} must be a whole number above 0, not ${value}.`);
}

function checkClipping(name: string, value: number | undefined): void {
  if (value !== undefined && !(value > 0))
    throw new RangeError(`compileStep: clipping.${name} must be a number above 0, not ${value}.`);
}

/** Numbers of a target: one for each class, or one for all of them. */
function targetWidthFor(model: LayersModel, loss: unknown): number {
  const shape = outputShapeOf(model).map(Number);
  return sizeOf(loss === 'sparseCategoricalCrossentropy' ? shape.slice(0, -1) : shape);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

interface Parts {
  readonly steps: CompiledTraining;
  readonly batchSize: number;
  readonly targetWidth: number;
}

/** Examples as arrays. */
interface Read {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  readonly count: number;
}

class PlainStep implements CompiledStep {
  readonly threads: number;
  readonly way: string;
  readonly #tf: TensorFlow;
  readonly #model: LayersModel;
  readonly #parts: Parts;
  readonly #inputWidth: number;
  readonly #names: readonly string[];
  /** Steps taken: what is drawn at random depends on it. */
  #number = 0;
  /** The call before: each waits for it, however long its numbers take to come. */
  #last: Promise<unknown> = Promise.resolve();
  #ended: Promise<void> | undefined;

  constructor(tf: TensorFlow, model: LayersModel, parts: Parts) {
    this.#tf = tf;
    this.#model = model;
    this.#parts = parts;
    this.#inputWidth = sizeOf(inputShapeOf(model).map(Number));
    this.#names = model.metricsNames.slice(1);
    this.threads = parts.steps.threads;
    this.way = parts.steps.way;
  }

  train(xs: Examples, ys: Examples, weights?: ArrayLike<number>): Promise<StepValues> {
    return this.#inTurn(this.#read(xs, ys), (given) => this.#train(given, weights));
  }

  evaluate(xs: Examples, ys: Examples): Promise<StepValues> {
    return this.#inTurn(this.#read(xs, ys), (given) => this.#evaluate(given));
  }

  predict(xs: Examples): Promise<Tensor> {
    return this.#inTurn(numbersOf(xs), (numbers) => this.#predict(numbers));
  }

  explain(): string {
    return this.#parts.steps.explain();
  }

  sync(): void {
    this.#parts.steps.settle();
  }

  dispose(): Promise<void> {
    return (this.#ended ??= this.#inTurn(Promise.resolve(), () => this.#parts.steps.dispose()));
  }

  /** Calls that nobody waited for come one after the other; one that failed does not stop the next. */
  #inTurn<G, T>(given: Promise<G>, action: (given: G) => T | Promise<T>): Promise<T> {
    const result = Promise.allSettled([given, this.#last])
      .then(() => given)
      .then(action);
    this.#last = result;
    return result;
  }

  async #train({ count, ...batch }: Read, weights: ArrayLike<number> | undefined): Promise<StepValues> {
    const { steps, batchSize } = this.#parts;
    if (count > batchSize)
      throw new RangeError(`A step takes at most ${batchSize} examples, not ${count}; give a greater batchSize.`);
    if (weights !== undefined && weights.length !== count)
      throw new RangeError(`There are ${weights.length} weights for ${count} examples.`);
    const given = weights === undefined ? {} : { weights: Float32Array.from(weights) };
    const { values } = await steps.train({ ...batch, ...given, count, number: this.#number });
    this.#number += 1;
    return this.#named(values);
  }

  async #evaluate(given: Read): Promise<StepValues> {
    const { steps, targetWidth } = this.#parts;
    const sums: number[] = [];
    for (const { from, count } of this.#slices(given.count)) {
      const batch = {
        xs: partOf(given.xs, from, count, this.#inputWidth),
        ys: partOf(given.ys, from, count, targetWidth),
      };
      const { values } = await steps.evaluate({ ...batch, count, number: 0 });
      values.forEach((value, index) => (sums[index] = (sums[index] ?? 0) + (value * count) / given.count));
    }
    return this.#named(sums);
  }

  #predict(numbers: Float32Array): Tensor {
    const { steps } = this.#parts;
    const total = this.#count(numbers);
    const shape = [total, ...outputShapeOf(this.#model).map(Number)];
    const answers = new Float32Array(sizeOf(shape));
    for (const { from, count } of this.#slices(total)) {
      const outputs = steps.predict(partOf(numbers, from, count, this.#inputWidth), count);
      answers.set(outputs, (from * outputs.length) / count);
    }
    return this.#tf.tensor(answers, shape);
  }

  async #read(xs: Examples, ys: Examples): Promise<Read> {
    const [inputs, targets] = await Promise.all([numbersOf(xs), numbersOf(ys)]);
    const count = this.#count(inputs);
    const { targetWidth } = this.#parts;
    if (targets.length !== count * targetWidth)
      throw new RangeError(
        `${count} examples have targets of ${count} × ${targetWidth} numbers; here are ${targets.length}.`,
      );
    return { xs: inputs, ys: targets, count };
  }

  #count({ length }: Float32Array): number {
    const count = length / this.#inputWidth;
    if (Number.isInteger(count) && count > 0) return count;
    const shape = inputShapeOf(this.#model).join(' × ');
    throw new RangeError(`${length} numbers are no examples of ${shape}: the shapes that were compiled stay.`);
  }

  *#slices(total: number): Generator<{ readonly from: number; readonly count: number }> {
    const { batchSize } = this.#parts;
    for (let from = 0; from < total; from += batchSize) yield { from, count: Math.min(batchSize, total - from) };
  }

  #named([loss = NaN, ...others]: readonly number[]): StepValues {
    return { loss, metrics: Object.fromEntries(this.#names.map((name, index) => [name, others[index] ?? NaN])) };
  }
}

function partOf(numbers: Float32Array, from: number, count: number, width: number): Float32Array {
  return numbers.subarray(from * width, (from + count) * width);
}

async function numbersOf(examples: Examples): Promise<Float32Array> {
  const numbers = isTensor(examples) ? await examples.data() : examples;
  return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
}

function isTensor(examples: Examples): examples is core.Tensor {
  return 'dataId' in examples;
}
