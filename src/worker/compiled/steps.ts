import { findWrongIndex, formatGraph, planProgram } from '../../core/compiled/compiled.ts';
import { mixSeed } from '../../core/random/random.ts';
import { outputShapeOf, type TensorMetric } from '../models.ts';
import type { StepOptions, StepResult } from '../step.ts';
import type { LayersModel, Tensor, TensorFlow } from '../tensorflow.ts';
import type { BatchRoom } from '../data.ts';
import type { StepBatch, TrainingSteps } from '../trainingSteps.ts';
import { Executor } from './executor.ts';
import { buildGraphs, chooseThreads, type Graphs } from './graphs.ts';
import { loadKernels } from './kernels.ts';
import { Mirror } from './mirror.ts';
import { fillConstantWeights } from './tellingWeights.ts';
import { cantGoOn, DISPOSED, ModelWatch, WAY_ON } from './watching.ts';

/** Files of compiled steps. */
export interface CompilingPlaces {
  /** Folder of the kernels. */
  readonly kernels: string;
  /** What a thread runs. */
  readonly thread: string | URL;
  /** What to do with a step that can't go on, as a sentence; without it that of `mlops`. */
  readonly wayOn?: string;
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
  /** The steps only look: there is no program that trains, and the optimizer may be any. */
  readonly onlyLooks?: boolean;
}

export interface CompiledTraining extends TrainingSteps {
  readonly threads: number;
  /** The model's answers to some examples, one after the other. */
  predict(xs: Float32Array, count: number): Float32Array;
}

/** Steps of a model as programs of WebAssembly, or the sentence that says why there are none. */
export async function compileSteps(
  tf: TensorFlow,
  model: LayersModel,
  options: CompileOptions,
): Promise<CompiledTraining | { readonly reason: string }> {
  const graphs = buildGraphs(tf, model, options);
  if ('reason' in graphs) return graphs;
  const { train, evaluate, metrics, optimizer } = graphs;
  const threads = chooseThreads(train ?? evaluate, options.training.threads);
  // What only looks is the last one.
  const plan = planProgram(train === undefined ? [evaluate] : [train, evaluate], threads);
  const programs = { train: 0, evaluate: plan.programs.length - 1 };
  let executor: Executor | undefined;
  let mirror: Mirror | undefined;
  try {
    const kernels = await loadKernels(options.kernels);
    executor = await Executor.start(plan, kernels, options.thread, options.wayOn);
    mirror = new Mirror(tf, model, { executor, optimizer });
    const way = `compiled, ${threads} ${threads === 1 ? 'thread' : 'threads'}${kernels.isFused ? ', FMA' : ''}`;
    const size = evaluate.input.shape.reduce((product, axis) => product * axis, 1);
    const room = executor.room(programs.evaluate, size, options.targetWidth);
    const steps = new CompiledSteps(tf, model, {
      ...options,
      ...{ executor, mirror, metrics, programs, threads, way, graphs, room },
      bytes: plan.bytes,
    });
    const mistake = await steps.findMistake(evaluate.input.shape);
    if (mistake !== undefined) throw new Error(mistake);
    return steps;
  } catch (error) {
    mirror?.dispose();
    await executor?.dispose();
    // No kernels for this processor, no memory, no threads: the packages' own steps need none of them.
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

interface Parts extends Omit<CompileOptions, 'metrics'> {
  readonly executor: Executor;
  readonly mirror: Mirror;
  readonly metrics: Graphs['metrics'];
  /** Their numbers in the plan. */
  readonly programs: { readonly train: number; readonly evaluate: number };
  readonly threads: number;
  readonly way: string;
  readonly graphs: Graphs;
  /** Of its memory. */
  readonly bytes: number;
  readonly room: BatchRoom;
}

class CompiledSteps implements CompiledTraining {
  readonly isCompiled = true;
  readonly way: string;
  readonly threads: number;
  readonly room: BatchRoom;
  readonly #tf: TensorFlow;
  readonly #model: LayersModel;
  readonly #parts: Parts;
  readonly #watch: ModelWatch;
  #ended: Promise<void> | undefined;

  constructor(tf: TensorFlow, model: LayersModel, parts: Parts) {
    this.#tf = tf;
    this.#model = model;
    this.#parts = parts;
    this.#watch = new ModelWatch(model);
    this.way = parts.way;
    this.threads = parts.threads;
    this.room = parts.room;
  }

  train(batch: StepBatch): Promise<StepResult> {
    const { mirror, programs, weightDecay } = this.#parts;
    this.#check(batch.xs, this.#watch.findOtherTraining());
    mirror.push();
    const result = this.#run(programs.train, batch, mirror.nextStep(weightDecay));
    return Promise.resolve(result);
  }

  evaluate(batch: StepBatch): Promise<StepResult> {
    const { mirror, programs } = this.#parts;
    this.#check(batch.xs, this.#watch.findOtherLoss());
    mirror.push();
    return Promise.resolve(this.#run(programs.evaluate, batch, []));
  }

  predict(xs: Float32Array, count: number): Float32Array {
    const { executor, mirror, programs } = this.#parts;
    this.#check(xs);
    mirror.push();
    return executor.answer(programs.evaluate, xs, { count, size: this.#sizeOfAnswers(count) });
  }

  explain(): string {
    const { graphs, bytes, capacity } = this.#parts;
    const memory = `${(bytes / 2 ** 20).toFixed(1)} MiB for up to ${capacity} examples`;
    const steps = [['training', graphs.train] as const, ['validation', graphs.evaluate] as const].flatMap(
      ([name, graph]) => (graph === undefined ? [] : ['', `# ${name}`, ...formatGraph(graph)]),
    );
    return [`${this.way}, ${memory}`, ...steps].join('\n');
  }

  settle(): void {
    if (this.#ended === undefined) this.#parts.mirror.pull();
  }

  dispose(): Promise<void> {
    return (this.#ended ??= this.#end());
  }

  async #end(): Promise<void> {
    try {
      this.#parts.mirror.dispose();
    } finally {
      await this.#parts.executor.dispose();
    }
  }

  /** Before anything is counted as a step. */
  #check(xs: Float32Array, change?: string): void {
    const { graphs, wayOn = WAY_ON } = this.#parts;
    const reason = this.#ended === undefined ? change : DISPOSED;
    if (reason !== undefined) throw cantGoOn(reason, wayOn);
    const wrong = findWrongIndex(graphs.evaluate, xs);
    if (wrong !== undefined) throw new RangeError(wrong);
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
    const { capacity } = this.#parts;
    const count = Math.min(2, capacity);
    const size = inputShape.reduce((product, axis) => product * axis, count);
    const xs = Float32Array.from({ length: size }, (_, index) => Math.fround(((index * 7919) % 997) / 997));
    const expected = tf.tidy(
      () => this.#model.predict(tf.tensor(xs, [count, ...inputShape]), { batchSize: count }) as Tensor,
    );
    const wanted = (await expected.data()) as Float32Array;
    expected.dispose();
    const found = this.predict(xs, count);
    const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
    const isSame = found.every(
      (value, index) => Object.is(value, wanted[index]) || Math.abs(value - (wanted[index] ?? NaN)) <= 1e-4 * scale,
    );
    return isSame ? undefined : 'its layers answer otherwise than their configuration says';
  }
}
