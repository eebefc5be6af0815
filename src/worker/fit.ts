import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TrainingSection } from '../core/config/config.ts';
import { rateAt, unwatched, watchValue } from '../core/training/training.ts';
import { ExpectedError, badInput } from '../protocol/errors.ts';
import { createAugment } from './augmentation.ts';
import { readBatches, type Pass } from './batches.ts';
import type { CheckpointFolder, LoadedCheckpoint } from './checkpoints.ts';
import { ensureCompiled, readLearningRate, setLearningRate, type CustomMetrics, type Measures } from './compilation.ts';
import { compileSteps, type CompilingPlaces } from './compiled/steps.ts';
import { isHeld, orderOf, type Batch, type Examples } from './data.ts';
import { EpochAnswers } from './epochAnswers.ts';
import { readFit, restoreFit, type FitParts } from './fitState.ts';
import { checkLabels, checkShapes, createLabelCheck, weighClasses, type LabelCheck } from './fitting.ts';
import { KeptWeights } from './keptWeights.ts';
import { evaluate } from './measuring.ts';
import { writeModel } from './modelFiles.ts';
import type { Prepare } from './preparing.ts';
import type { Progress } from './savedFit.ts';
import { shuffle, type SeededRandom } from './seeds.ts';
import type { FitSteering } from './steering.ts';
import type { LayersModel, TensorFlow } from './tensorflow.ts';
import type { TrainingRecord } from './trainingRecord.ts';
import { createNativeSteps } from './traced/steps.ts';
import { createEagerSteps, type TrainingSteps } from './trainingSteps.ts';

/** Least time between two sampled batches, in milliseconds: at most five a second. */
const SAMPLE_MS = 200;

export interface FitEvents {
  /** `batches`: batches of one epoch; `examples`: training examples. */
  plan(plan: { readonly epochs: number; readonly batches: number; readonly examples: number }): void;
  /** `step`: batches completed since the start of training. */
  batch(step: number, loss: number): void;
  /** `epoch`: epochs completed, from 1. Resolves when the reader has caught up. */
  epoch(epoch: number, metrics: Readonly<Record<string, number>>, seconds: number): Promise<void>;
  /** A checkpoint stands. */
  checkpoint(name: string, epoch: number): void;
  /** The training goes on from it. */
  resumed(checkpoint: LoadedCheckpoint, record: TrainingRecord): void;
  /** How it trains. */
  steps?(steps: TrainingSteps): void;
}

export interface FitOptions {
  readonly tf: TensorFlow;
  readonly training: TrainingSection;
  readonly train: Examples;
  readonly validation: Examples | undefined;
  readonly custom?: CustomMetrics;
  /** The order of the examples comes from `order`, all else that is random from `math`. */
  readonly random: { readonly order: SeededRandom; readonly math: SeededRandom };
  /** Of what is drawn by epoch and example: augmentation, streams. */
  readonly seed: number;
  readonly prepare: Prepare;
  readonly record: TrainingRecord;
  readonly events: FitEvents;
  readonly steering: FitSteering;
  readonly signal: AbortSignal;
  readonly checkpoints: CheckpointFolder;
  /** Where steps are compiled, or `graph` for native TensorFlow's own graphs; undefined on a backend that is quicker than they are. */
  readonly compiling?: CompilingPlaces | 'graph' | undefined;
}

/**
 * Trains by the configuration: `num_epochs` epochs over examples in an order shuffled anew for each, validation after each.
 * Ends early on `signal` (after the current batch, with a checkpoint), on `early_stopping`, and with an error when the loss
 * becomes NaN. An epoch that was not finished is not recorded. Where the run has a checkpoint of this call, it goes on from there.
 */
export async function fitModel(model: LayersModel, options: FitOptions): Promise<void> {
  const { tf, training, train, validation, record } = options;
  checkShapes(model, train, training);
  const measures = ensureCompiled(tf, model, training, { targetWidth: train.width, custom: options.custom ?? {} });
  checkLabels(createLabelCheck(model, train.width), { train, validation });
  record.lastModel = model;
  // Code that goes on after a stop has not trained what this call would be built upon.
  if (options.signal.aborted) return;
  record.fits += 1;
  const steps = await createSteps(model, measures, options);
  try {
    options.events.steps?.(steps);
    const fit = new Fit(model, measures, { ...options, steps });
    try {
      await fit.run();
    } finally {
      fit.dispose();
    }
  } finally {
    await steps.dispose();
  }
}

/** Compiled ones where the backend and the model allow it, else the packages' operations. */
async function createSteps(
  model: LayersModel,
  { metrics, weightDecay, whole }: Measures,
  { tf, training, train, validation, random, seed, record, compiling }: FitOptions,
): Promise<TrainingSteps> {
  const options = { training, metrics, weightDecay, keepsOutputs: whole.length > 0 };
  const capacity = Math.min(training.batch_size, Math.max(train.count, validation?.count ?? 0));
  if (compiling === 'graph') {
    const drawing = { random: random.math, seed, fit: record.fits };
    return createNativeSteps(tf, model, {
      ...options,
      ...drawing,
      capacity,
      examples: train,
      isTraced: training.compile !== false,
    });
  }
  if (compiling === undefined || training.compile === false)
    return createEagerSteps(tf, model, { ...options, examples: train, why: undefined });
  const facts = { capacity, targetWidth: train.width, seed, fit: record.fits };
  const compiled = await compileSteps(tf, model, { ...options, ...facts, ...compiling });
  if ('train' in compiled) return compiled;
  return createEagerSteps(tf, model, { ...options, examples: train, why: compiled.reason });
}

/** A call of `fit` in progress; it owns the tensors that it keeps beside the model's. */
class Fit {
  readonly #model: LayersModel;
  readonly #measures: Measures;
  readonly #options: FitOptions & { readonly steps: TrainingSteps };
  readonly #number: number;
  readonly #order: Uint32Array;
  readonly #weights: ((ys: Float32Array) => Float32Array) | undefined;
  readonly #augment: Pass['augment'];
  readonly #checkLabels: LabelCheck;
  readonly #answers: EpochAnswers;
  readonly #kept: KeptWeights;
  #progress: Progress;
  /** The last loss was a number: what is trained is worth keeping. */
  #isSound = true;

  constructor(model: LayersModel, measures: Measures, options: FitOptions & { readonly steps: TrainingSteps }) {
    const { tf, training, train, record } = options;
    this.#model = model;
    this.#measures = measures;
    this.#options = options;
    this.#number = record.fits;
    this.#order = orderOf(train);
    this.#weights = weighClasses(training.class_weights, train);
    this.#augment = toAugment(options);
    this.#checkLabels = createLabelCheck(model, train.width);
    this.#answers = new EpochAnswers(train, this.#order);
    this.#kept = new KeptWeights(tf, model, { averages: training.ema !== null });
    this.#progress = {
      ...{ epoch: 0, batch: 0, step: 0, isShuffled: false, sums: [], examples: 0 },
      ...{ stopping: unwatched, plateau: { ...unwatched, lowered: 1 }, best: unwatched },
      baseRate: readLearningRate(model) ?? null,
      givenRate: null,
    };
  }

  async run(): Promise<void> {
    const { training, train, events, checkpoints } = this.#options;
    const checkpoint = await checkpoints.find(this.#number);
    if (checkpoint !== undefined) await this.#resume(checkpoint);
    events.plan({ epochs: training.num_epochs, batches: this.#batches, examples: train.count });
    if (checkpoint?.header.isEnd === true) return;
    while (!this.#isDone()) if (!(await this.#runEpoch())) return this.#endStopped();
    await this.#end();
  }

  dispose(): void {
    this.#kept.dispose();
  }

  /** Writes a checkpoint of where the training stands now; between two batches only. Gives its name, or undefined where there is none. */
  async writeCheckpoint(isEnd = false): Promise<string | undefined> {
    const { training, record, events, checkpoints } = this.#options;
    // Without checkpoints of the fits before it, a later one could not be reached again.
    const canResume = training.checkpoint !== null || this.#number === 1;
    if (!canResume || !this.#isSound || record.batches === 0) return undefined;
    this.#options.steps.settle();
    const position = { fit: this.#number, epoch: record.epochs, batch: this.#progress.batch, isEnd };
    const state = await readFit(this.#parts, this.#progress);
    const keep = training.checkpoint?.keep ?? 1;
    const name = await checkpoints.write({ position, step: record.batches, ...state }, keep);
    events.checkpoint(name, record.epochs);
    return name;
  }

  get #batches(): number {
    return Math.ceil(this.#options.train.count / this.#options.training.batch_size);
  }

  #isDone(): boolean {
    const { num_epochs, early_stopping } = this.#options.training;
    const { epoch, stopping } = this.#progress;
    return epoch >= num_epochs || (early_stopping !== null && stopping.waited >= early_stopping.patience);
  }

  /** False when the user stopped it. */
  async #runEpoch(): Promise<boolean> {
    const { training, train, validation, record, events, steering } = this.#options;
    const started = steering.now();
    const trained = await this.#trainEpoch();
    if (trained === undefined) return false;
    this.#options.steps.settle();
    const validated =
      validation === undefined
        ? {}
        : await this.#kept.withAverage(() => evaluate(this.#model, validation, this.#measures, this.#options));
    if (validated === undefined) return false;

    const rate = readLearningRate(this.#model);
    const values = {
      ...prefixed('training_', trained),
      ...prefixed('val_', validated),
      ...(rate === undefined ? {} : { learning_rate: rate }),
    };
    const seconds = (steering.now() - started) / 1000;
    record.epochs += 1;
    record.pace.push({ examples: train.count, seconds });
    for (const [name, value] of Object.entries(values)) (record.history[name] ??= []).push(value);
    this.#isSound = Number.isFinite(trained['loss']);
    this.#progress = {
      ...this.#progress,
      ...{ epoch: this.#progress.epoch + 1, batch: 0, isShuffled: false, sums: [], examples: 0 },
    };
    await events.epoch(record.epochs, values, seconds);
    await this.#judge(values);
    await this.#kept.withAverage(() => steering.afterEpoch(this.#model, values));
    const { checkpoint } = training;
    if (checkpoint !== null && this.#progress.epoch % checkpoint.every === 0) await this.writeCheckpoint();
    return true;
  }

  /** Loss and metrics of the epoch, over its examples; undefined when the user stopped it. */
  async #trainEpoch(): Promise<Record<string, number> | undefined> {
    const { train, record, events, random, steering, signal } = this.#options;
    if (!this.#progress.isShuffled) {
      shuffle(this.#order, random.order);
      this.#progress.isShuffled = true;
    }
    let sampled = -Infinity;
    for await (const batch of this.#readEpochBatches()) {
      // A turn of the event loop: a stop message, the end of the channel and wishes are seen here, and nowhere else.
      await steering.between(this.#model, batch.count, () => this.writeCheckpoint());
      if (signal.aborted) return undefined;
      if (!isHeld(train)) this.#checkLabels('train', batch.ys, this.#progress.examples);
      this.#applySchedule();
      const values = await this.#trainBatch(batch);
      const [loss = NaN] = values;
      record.batches += 1;
      this.#isSound = Number.isFinite(loss);
      const now = performance.now();
      if (Number.isNaN(loss) || now - sampled >= SAMPLE_MS) {
        events.batch(record.batches, loss);
        sampled = now;
      }
      if (Number.isNaN(loss)) throw this.#lossIsNaN();
      this.#count(values, batch.count);
    }
    return this.#scoreEpoch();
  }

  /** What is left of the epoch. */
  #readEpochBatches(): AsyncIterable<Batch> | Iterable<Batch> {
    const { training, train, record, seed, steps } = this.#options;
    const where = { from: this.#progress.batch, epoch: record.epochs + 1, seed, room: steps.room };
    return readBatches(train, this.#order, { batchSize: training.batch_size, ...where, augment: this.#augment });
  }

  async #trainBatch(batch: Batch): Promise<readonly number[]> {
    const { training, steps, record } = this.#options;
    const weights = this.#weights?.(batch.ys);
    const { values, outputs } = await steps.train({ ...batch, weights, number: record.batches });
    if (outputs !== undefined) this.#answers.keep(outputs, batch, this.#progress.examples);
    if (training.ema !== null) this.#kept.moveAverage(training.ema.decay);
    return values;
  }

  /** A rate that somebody else has set meanwhile stays: the schedule goes on from it, in proportion. */
  #applySchedule(): void {
    const { training } = this.#options;
    const { baseRate, givenRate, step, plateau } = this.#progress;
    const schedule = training.learning_rate_schedule;
    if (schedule === null || baseRate === null) return;
    const found = readLearningRate(this.#model) ?? baseRate;
    const base = givenRate === null || givenRate === found ? baseRate : (baseRate * found) / givenRate;
    const position = { step, batches: this.#batches, epochs: training.num_epochs, lowered: plateau.lowered };
    const rate = rateAt(schedule, base, position);
    setLearningRate(this.#model, rate);
    this.#progress.baseRate = base;
    this.#progress.givenRate = rate;
  }

  #count(values: readonly number[], weight: number): void {
    const { sums } = this.#progress;
    values.forEach((value, index) => (sums[index] = (sums[index] ?? 0) + value * weight));
    this.#progress.examples += weight;
    this.#progress.batch += 1;
    this.#progress.step += 1;
  }

  #scoreEpoch(): Record<string, number> {
    const { sums, examples } = this.#progress;
    const means = ['loss', ...this.#measures.names].map(
      (name, index) => [name, (sums[index] ?? NaN) / examples] as const,
    );
    return { ...Object.fromEntries(means), ...this.#answers.score(this.#measures) };
  }

  /** What an epoch's values mean for early stopping, for the plateau's rate and for the best model. */
  async #judge(values: Readonly<Record<string, number>>): Promise<void> {
    const { early_stopping, learning_rate_schedule: schedule, checkpoint } = this.#options.training;
    if (early_stopping !== null) {
      const { monitor, min_delta: minDelta } = early_stopping;
      const value = valueOf(values, monitor, 'early_stopping.monitor');
      const { isBetter, ...stopping } = watchValue(this.#progress.stopping, value, { monitor, minDelta });
      this.#progress.stopping = stopping;
      if (isBetter && early_stopping.restore_best) await this.#kept.withAverage(() => this.#kept.holdBest());
    }
    if (schedule?.type === 'plateau') {
      const { monitor, min_delta: minDelta, patience, factor } = schedule;
      const value = valueOf(values, monitor, 'learning_rate_schedule.monitor');
      const { lowered } = this.#progress.plateau;
      const { best, waited } = watchValue(this.#progress.plateau, value, { monitor, minDelta });
      this.#progress.plateau =
        waited < patience ? { best, waited, lowered } : { best, waited: 0, lowered: lowered * factor };
    }
    if (checkpoint !== null) await this.#keepBest(values, checkpoint.best);
  }

  async #keepBest(values: Readonly<Record<string, number>>, wanted: string | null): Promise<void> {
    const { tf, checkpoints, record } = this.#options;
    const monitor = wanted ?? (values['val_loss'] === undefined ? 'training_loss' : 'val_loss');
    const value = valueOf(values, monitor, 'checkpoint.best');
    const { isBetter, ...best } = watchValue(this.#progress.best, value, { monitor, minDelta: 0 });
    this.#progress.best = best;
    if (!isBetter) return;
    const facts = { epoch: record.epochs, monitor, value };
    await checkpoints.writeBest(facts, (folder) => this.#kept.withAverage(() => writeModel(tf, this.#model, folder)));
  }

  /** The weights that are to be kept become the model's own. */
  async #end(): Promise<void> {
    this.#kept.putBack();
    if (this.#options.training.checkpoint !== null) await this.writeCheckpoint(true);
  }

  async #endStopped(): Promise<void> {
    await this.writeCheckpoint();
    this.#kept.putBackAverage();
  }

  #lossIsNaN(): ExpectedError {
    const { record, training } = this.#options;
    const { batch } = this.#progress;
    const advice = 'a smaller training.learning_rate may help, unless the data hold NaN themselves';
    const kept = training.checkpoint === null ? '' : '; the checkpoints before it are kept';
    return new ExpectedError(
      'training-failed',
      `loss is NaN at epoch ${record.epochs + 1}, batch ${batch + 1} of ${this.#batches}; ${advice}${kept}`,
    );
  }

  async #resume(checkpoint: LoadedCheckpoint): Promise<void> {
    const { record, events } = this.#options;
    const { progress } = restoreFit(this.#parts, checkpoint);
    this.#progress = progress;
    events.resumed(checkpoint, record);
    await nextTurn();
  }

  get #parts(): FitParts {
    return { ...this.#options, model: this.#model, order: this.#order, answers: this.#answers, kept: this.#kept };
  }
}

function toAugment({ training, train, seed, prepare }: FitOptions): Pass['augment'] {
  const { augmentation: settings } = training;
  if (settings === null) return undefined;
  const augmentation = { settings, shape: train.shape, seed };
  // Whether the examples are pictures is told now.
  createAugment(augmentation);
  return (xs, numbers, epoch) => prepare('augment', augmentation, xs, numbers, epoch);
}

function valueOf(values: Readonly<Record<string, number>>, monitor: string, key: string): number {
  const value = values[monitor];
  if (value !== undefined) return value;
  throw badInput(
    `training.${key} is "${monitor}", which is not recorded. There are ${Object.keys(values).join(', ')}.`,
  );
}

function prefixed(prefix: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));
}
