import { availableParallelism } from 'node:os';
import {
  buildStep,
  estimateWork,
  formatRefusal,
  orRefusal,
  parseModel,
  planProgram,
  targetWidthOf,
  type StepGraph,
  type StepMetric,
} from '../../core/compiled/compiled.ts';
import { mixSeed } from '../../core/random/random.ts';
import { innerOf, outputShapeOf, type TensorMetric } from '../models.ts';
import type { StepOptions, StepResult } from '../step.ts';
import type { LayersModel, Tensor, TensorFlow } from '../tensorflow.ts';
import type { StepBatch, TrainingSteps } from '../trainingSteps.ts';
import { Executor } from './executor.ts';
import { loadKernels } from './kernels.ts';
import { recognizeMetric } from './metrics.ts';
import { recognizeOptimizer, type KnownOptimizer } from './optimizers.ts';
import { Mirror } from './mirror.ts';
import { fillConstantWeights } from './tellingWeights.ts';

/** Files of compiled steps. */
export interface CompilingPlaces {
  /** Folder of the kernels. */
  readonly kernels: string;
  /** What a thread runs. */
  readonly thread: string | URL;
}

export interface CompileOptions extends Omit<StepOptions, 'training'>, CompilingPlaces {
  readonly training: Pick<StepOptions['training'], 'threads' | 'gradient_clipping'>;
  /** Examples of the greatest batch. */
  readonly capacity: number;
  /** Numbers of an example's target. */
  readonly targetWidth: number;
  /** Of the run, and which of its calls of fit this is: what is drawn at random depends on them. */
  readonly seed: number;
  readonly fit: number;
}

export interface CompiledTraining extends TrainingSteps {
  readonly threads: number;
  /** The model's answers to some examples, one after the other. */
  predict(xs: Float32Array, count: number): Float32Array;
}

/** The programs of a plan. */
const TRAIN = 0;
const EVALUATE = 1;

/** More threads than this gain little: each step has moments at which all wait for the last. */
const MOST_THREADS = 8;
/** Multiplications that are worth waking a thread for: about half a millisecond of them. */
const WORK_OF_THREAD = 10_000_000;

/** Steps of a model as programs of WebAssembly, or the sentence that says why there are none. */
export async function compileSteps(
  tf: TensorFlow,
  model: LayersModel,
  options: CompileOptions,
): Promise<CompiledTraining | { readonly reason: string }> {
  const graphs = buildGraphs(tf, model, options);
  if ('reason' in graphs) return graphs;
  const { train, evaluate, metrics, optimizer } = graphs;
  const threads = chooseThreads(train, options.training.threads);
  const plan = planProgram([train, evaluate], threads);
  let executor: Executor | undefined;
  let mirror: Mirror | undefined;
  try {
    const kernels = await loadKernels(options.kernels);
    executor = await Executor.start(plan, kernels, options.thread);
    mirror = new Mirror(tf, model, { executor, optimizer });
    const way = `compiled, ${threads} ${threads === 1 ? 'thread' : 'threads'}${kernels.isFused ? ', FMA' : ''}`;
    const steps = new CompiledSteps(tf, model, { ...options, executor, mirror, metrics, threads, way });
    const mistake = await steps.findMistake(train.input.shape);
    if (mistake !== undefined) throw new Error(mistake);
    return steps;
  } catch (error) {
    mirror?.dispose();
    await executor?.dispose();
    // No kernels for this processor, no memory, no threads: the packages' own steps need none of them.
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

interface Graphs {
  readonly train: StepGraph;
  readonly evaluate: StepGraph;
  readonly optimizer: KnownOptimizer;
  /** For each metric its place among the step's, or the function that computes it from the answers. */
  readonly metrics: readonly (number | TensorMetric)[];
}

function buildGraphs(
  tf: TensorFlow,
  model: LayersModel,
  { training, targetWidth, capacity, metrics: wanted }: CompileOptions,
): Graphs | { readonly reason: string } {
  const optimizer = recognizeOptimizer(tf, model.optimizer);
  if (optimizer === undefined) return { reason: `the optimizer ${model.optimizer.getClassName()} is not known` };
  const { loss } = model as { readonly loss?: unknown };
  if (typeof loss !== 'string') return { reason: 'the loss is a function of its own' };
  // Their places in the optimizer's lists are those in the list of then.
  const { collectedTrainableWeights: collected, layers } = innerOf(model);
  const { trainableWeights } = model;
  if (
    collected.length !== trainableWeights.length ||
    collected.some((weight, index) => weight !== (trainableWeights[index] as unknown))
  )
    return { reason: 'layers were frozen or unfrozen after the model was compiled' };
  const parsed = orRefusal(() => parseModel(model.toJSON(undefined, false)));
  if ('refusal' in parsed) return { reason: formatRefusal(parsed.refusal) };
  const own: StepMetric[] = [];
  const outputShape = outputShapeOf(model).map(Number);
  const metrics = wanted.map((metric) => {
    const name = recognizeMetric(tf, metric);
    const fits = name !== undefined && targetWidthOf(name, outputShape) === targetWidth;
    return fits ? own.push(name) - 1 : metric;
  });
  const nameOf = (weight: object): string => (weight as { readonly originalName: string }).originalName;
  const trained = new Set(trainableWeights.map(nameOf));
  const shapes = new Map(model.weights.map((weight) => [nameOf(weight), weight.shape.map(Number)]));
  const added = new Map(layers.map(({ name, losses }) => [name, losses.length]));
  const clipping = { norm: null, value: null, ...training.gradient_clipping };
  const base = { model: parsed.value, shapes, capacity, targetWidth, loss, metrics: own };
  const train = buildStep({ ...base, training: { optimizer: optimizer.kind, trained, added, clipping } });
  if ('refusal' in train) return { reason: formatRefusal(train.refusal) };
  const evaluate = buildStep({ ...base, training: null });
  if ('refusal' in evaluate) return { reason: formatRefusal(evaluate.refusal) };
  return { train: train.value, evaluate: evaluate.value, metrics, optimizer };
}

function chooseThreads(graph: StepGraph, wanted: number | null): number {
  if (wanted !== null) return Math.min(wanted, graph.capacity);
  const worth = Math.max(1, Math.floor(estimateWork(graph) / WORK_OF_THREAD));
  return Math.min(availableParallelism(), MOST_THREADS, worth, graph.capacity);
}

interface Parts extends Omit<CompileOptions, 'metrics'> {
  readonly executor: Executor;
  readonly mirror: Mirror;
  readonly metrics: Graphs['metrics'];
  readonly threads: number;
  readonly way: string;
}

class CompiledSteps implements CompiledTraining {
  readonly isCompiled = true;
  readonly way: string;
  readonly threads: number;
  readonly #tf: TensorFlow;
  readonly #model: LayersModel;
  readonly #parts: Parts;

  constructor(tf: TensorFlow, model: LayersModel, parts: Parts) {
    this.#tf = tf;
    this.#model = model;
    this.#parts = parts;
    this.way = parts.way;
    this.threads = parts.threads;
  }

  train(batch: StepBatch): Promise<StepResult> {
    const { mirror, weightDecay } = this.#parts;
    mirror.push();
    const result = this.#run(TRAIN, batch, mirror.nextStep(weightDecay));
    return Promise.resolve(result);
  }

  evaluate(batch: StepBatch): Promise<StepResult> {
    this.#parts.mirror.push();
    return Promise.resolve(this.#run(EVALUATE, batch, []));
  }

  predict(xs: Float32Array, count: number): Float32Array {
    const { executor, mirror, targetWidth } = this.#parts;
    mirror.push();
    executor.run(EVALUATE, { xs, ys: new Float32Array(count * targetWidth), count, keys: [0, 0], optimizer: [] });
    return executor.outputs(EVALUATE, this.#sizeOfAnswers(count));
  }

  settle(): void {
    this.#parts.mirror.pull();
  }

  async dispose(): Promise<void> {
    try {
      this.#parts.mirror.dispose();
    } finally {
      await this.#parts.executor.dispose();
    }
  }

  #run(program: number, { xs, ys, weights, count, number }: StepBatch, optimizer: readonly number[]): StepResult {
    const { executor, seed, fit, metrics, keepsOutputs } = this.#parts;
    const keys = [mixSeed(seed, fit), number] as const;
    const [loss = NaN, ...own] = executor.run(program, { xs, ys, weights, count, keys, optimizer });
    const wantsOutputs = keepsOutputs || metrics.some((metric) => typeof metric !== 'number');
    const shape = outputShapeOf(this.#model).map(Number);
    const outputs = wantsOutputs ? executor.outputs(program, this.#sizeOfAnswers(count)) : undefined;
    const values = metrics.map((metric) =>
      typeof metric === 'number' ? (own[metric] ?? NaN) : this.#measure(metric, ys, outputs, [count, ...shape]),
    );
    return { values: [loss, ...values], outputs: keepsOutputs ? outputs : undefined };
  }

  #sizeOfAnswers(count: number): number {
    return outputShapeOf(this.#model).reduce<number>((product, axis) => product * Number(axis), count);
  }

  /** A metric that no kernel knows, of the answers. */
  #measure(
    metric: TensorMetric,
    ys: Float32Array,
    outputs: Float32Array | undefined,
    shape: readonly number[],
  ): number {
    const tf = this.#tf;
    if (outputs === undefined) return NaN;
    return tf.tidy(() => {
      const output: Tensor = tf.tensor(outputs, [...shape]);
      const truth =
        ys.length === outputs.length
          ? tf.tensor(ys, [...shape])
          : tf.tensor(ys, [shape[0] ?? 1, ys.length / (shape[0] ?? 1)]);
      return tf.mean(metric(truth, output)).dataSync()[0] ?? NaN;
    });
  }

  /**
   * What the packages and the program answer to two made-up examples must be the same: code that has changed what a layer does is found here,
   * with weights by which the answers differ.
   */
  async findMistake(inputShape: readonly number[]): Promise<string | undefined> {
    const restore = fillConstantWeights(this.#tf, this.#model);
    try {
      return await this.#compareAnswers(inputShape);
    } finally {
      restore();
    }
  }

  async #compareAnswers(inputShape: readonly number[]): Promise<string | undefined> {
    const tf = this.#tf;
    const { executor, mirror, targetWidth, capacity } = this.#parts;
    const count = Math.min(2, capacity);
    const size = inputShape.reduce((product, axis) => product * axis, count);
    const xs = Float32Array.from({ length: size }, (_, index) => Math.fround(((index * 7919) % 997) / 997));
    const expected = tf.tidy(
      () => this.#model.predict(tf.tensor(xs, [count, ...inputShape]), { batchSize: count }) as Tensor,
    );
    const wanted = (await expected.data()) as Float32Array;
    expected.dispose();
    mirror.push();
    const ys = new Float32Array(count * targetWidth);
    executor.run(EVALUATE, { xs, ys, count, keys: [0, 0], optimizer: [] });
    const found = executor.outputs(EVALUATE, wanted.length);
    const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
    const isSame = found.every(
      (value, index) => Object.is(value, wanted[index]) || Math.abs(value - (wanted[index] ?? NaN)) <= 1e-4 * scale,
    );
    return isSame ? undefined : 'its layers answer otherwise than their configuration says';
  }
}
