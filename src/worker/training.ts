import path from 'node:path';
import { inspect } from 'node:util';
import type { ModelConfig } from '../core/config/config.ts';
import { findNameMistake } from '../core/tracking/tracking.ts';
import { writeFileAtomic } from '../node/files/files.ts';
import {
  toWireNumber,
  type FromWorker,
  type ModelSignature,
  type TrainTask,
  type WireNumber,
} from '../protocol/training.ts';
import { startBackend, type BackendPlaces } from './backends.ts';
import { openCheckpoints, type CheckpointFolder, type Circumstances, type LoadedCheckpoint } from './checkpoints.ts';
import type { CustomMetrics } from './compilation.ts';
import type { CompilingPlaces } from './compiled/steps.ts';
import { closeTestSplit } from './closedTest.ts';
import { checkExamples, isHeld, loadSplit, type Examples } from './data.ts';
import { evaluateModel } from './evaluation.ts';
import { fitModel, type FitEvents, type FitOptions } from './fit.ts';
import { writeModel } from './modelFiles.ts';
import { inputShapeOf, outputShapeOf } from './models.ts';
import type { DataFile } from './readers/mistakes.ts';
import { createPreparing, type Prepare } from './preparing.ts';
import { createReaders, type Readers } from './readers/readers.ts';
import { createRandom, seedMathRandom } from './seeds.ts';
import { Steering, type Wishes } from './steering.ts';
import type { LayersModel, TensorFlow } from './tensorflow.ts';
import { createRecord, examplesPerSecond, type TrainingRecord } from './trainingRecord.ts';
import type { TrainingSteps } from './trainingSteps.ts';
import { callUserFunction, loadUserModule, userMistake, type UserModule } from './userCode.ts';

/** Reason of the signal when the process that started this one is gone: a checkpoint is all that is left to do. */
export const lostReader = 'lost reader';

/** More than can be on their way to the run when it is killed. */
const LATEST_EPOCHS = 20;

/** What a task needs of the process around it. */
export interface TaskContext {
  readonly send: (message: FromWorker) => void;
  /** Resolves when the other side has read most of what was sent. */
  readonly drained: () => Promise<void>;
  /** Aborted by the user's stop, or with the reason {@link lostReader}. */
  readonly signal: AbortSignal;
  /** Stops as the user's stop does. */
  readonly stop: () => void;
  readonly wishes: Wishes;
  readonly wasmFolder: string;
  /** The thread that prepares data. */
  readonly preparer: string;
  /** What a thread of compiled steps runs; their kernels are in the folder of wasm files. */
  readonly stepper: string;
}

/**
 * Trains the project's model and leaves `model.json`, `weights.bin`, `history.json` and `predictions.csv` in the task's
 * folder. A stop ends it after the current batch: what was trained is saved, but not (or not wholly) tested. Returns the last
 * message.
 */
export async function runTraining(task: TrainTask, context: TaskContext): Promise<FromWorker> {
  const config = task.config as unknown as ModelConfig;
  const places: BackendPlaces = { wasm: context.wasmFolder, projectRoot: task.projectRoot };
  const { tf, name, version, threads, passedOver } = await startBackend(task.backends, places);
  context.send({ type: 'backend', name, version, threads, passedOver });
  const circumstances = { backend: name, backendVersion: version, threads, engineVersion: task.engineVersion };
  const checkpoints = openCheckpoints(task.checkpointDirectory, {
    standing: task.checkpoints,
    circumstances,
    mayPrune: () => context.signal.reason !== lostReader,
  });

  seedMathRandom(task.seed);
  const folder = `src/models/${task.model}`;
  const closed = task.tests ? undefined : closeTestSplit({ ...task, send: context.send });
  const prepare = createPreparing(context.preparer);
  const check = (file: DataFile): void => closed?.checkFile(file);
  const read = createReaders({ projectRoot: task.projectRoot, check, perform: prepare });
  const loader = await loadUserModule(task.projectRoot, `${folder}/dataloader.ts`);
  const trainer = await loadUserModule(task.projectRoot, `${folder}/train.ts`);
  const train = await loadSplit(loader, 'train', config, read);
  const validation = await loadSplit(loader, 'validation', config, read);
  const data = { train: train.examples, validation: validation.examples };
  const given = { train: toUserData(train), validation: toUserData(validation) };
  const record = createRecord();
  const steering = new Steering({ ...context, tf, config, record, checkpoints: task.checkpointDirectory });
  const isStopped = (): boolean => context.signal.aborted;
  if (!isStopped())
    await callTrain({
      ...{ task, config, tf, trainer, data, given, prepare, read },
      ...{ record, steering, context, checkpoints, circumstances },
    });
  const refused = closed?.refused();
  if (refused !== undefined) throw refused;
  steering.endTraining(record.lastModel);
  const model = record.lastModel;
  // The folder may be another process's by now, which goes on with the run.
  const isLost = context.signal.reason === lostReader;
  if (model !== undefined && !isLost) await saveTraining(tf, model, record, task.outputDirectory);
  if (isStopped()) return finished('stopped', record, model);

  const trained = requireModel(model, trainer);
  if (!task.tests) return finished('succeeded', record, trained);
  const { examples: test } = await loadSplit(loader, 'test', config, read);
  const options = { tf, training: config.training, steering, signal: context.signal };
  const tell = (text: string): void => context.send({ type: 'log', level: 'info', text });
  const compiling = compilingFor(name, context);
  const evaluation = await evaluateModel(trained, { ...data, test }, { ...options, compiling, tell });
  if (evaluation === undefined) return finished('stopped', record, trained);
  const { metrics, predictions } = evaluation;
  await writeFileAtomic(path.join(task.outputDirectory, 'predictions.csv'), predictions);
  context.send({ type: 'test', metrics: toWireNumbers(metrics), time: Date.now() });
  return finished(isStopped() ? 'stopped' : 'succeeded', record, trained);
}

interface Training {
  readonly task: TrainTask;
  readonly config: ModelConfig;
  readonly tf: TensorFlow;
  readonly trainer: UserModule;
  readonly data: { readonly train: Examples; readonly validation: Examples };
  /** The same as user code gets it. */
  readonly given: { readonly train: unknown; readonly validation: unknown };
  readonly prepare: Prepare;
  readonly read: Readers;
  readonly record: TrainingRecord;
  readonly steering: Steering;
  readonly context: TaskContext;
  readonly checkpoints: CheckpointFolder;
  readonly circumstances: Circumstances & { threads: number };
}

/** Calls the project's `train(context)`; afterwards the record holds the model to keep: the returned, else the last fitted. */
async function callTrain(training: Training): Promise<void> {
  const { tf, trainer, record, context, task } = training;
  // Loading data may have drawn numbers; the model's start must depend on the seed alone.
  const random = { order: createRandom(task.seed), math: seedMathRandom(task.seed) };
  try {
    const returned = await callUserFunction(trainer, 'train', [toUserContext(training, random)]);
    if (returned === undefined || returned === null) return;
    if (!(returned instanceof tf.LayersModel)) throw userMistake(trainer, 'train', 'must return a layers model.');
    record.lastModel = returned;
  } catch (error) {
    // Code that gives up when it is asked to stop has not failed.
    if (!context.signal.aborted) throw error;
  }
}

function toUserContext(training: Training, random: FitOptions['random']): unknown {
  const { task, config, tf, trainer, data, given: publicData, prepare, read } = training;
  const { record, steering, context, checkpoints, circumstances } = training;
  const events = toEvents(context, circumstances, task.explains === true);
  const known = new Map<unknown, Examples>([
    [publicData.train, data.train],
    [publicData.validation, data.validation],
  ]);
  const examplesOf = (given: unknown): Examples =>
    known.get(given) ?? checkExamples(given, (sentence) => userMistake(trainer, 'train', `gives fit ${sentence}`));
  return {
    tf,
    config,
    data: publicData,
    read,
    signal: context.signal,
    run: toUserRun(task.runId, record, context),
    async fit(
      model: LayersModel,
      given: { train: unknown; validation?: unknown } = publicData,
      { metrics }: { metrics?: unknown } = {},
    ): Promise<unknown> {
      const train = examplesOf(given.train);
      const validation = given.validation === undefined ? undefined : examplesOf(given.validation);
      await fitModel(model, {
        ...{ tf, training: config.training, train, validation },
        ...{ random, seed: task.seed, prepare, record, events, steering, signal: context.signal, checkpoints },
        ...(metrics === undefined ? {} : { custom: checkMetrics(metrics) }),
        compiling: isNative(circumstances.backend) ? 'graph' : compilingFor(circumstances.backend, context),
      });
      return { history: record.history };
    },
  };
}

/** On webgpu the packages' operations are the quicker ones; native TensorFlow has graphs of its own for steps. */
function compilingFor(backend: string, { wasmFolder, stepper }: TaskContext): CompilingPlaces | undefined {
  return backend === 'wasm' ? { kernels: wasmFolder, thread: stepper } : undefined;
}

function isNative(backend: string): boolean {
  return backend.startsWith('tfjs-node');
}

/** Functions of targets and answers to a tensor whose mean is the metric, by the name that it is recorded under. */
function checkMetrics(metrics: unknown): CustomMetrics {
  const entries = typeof metrics === 'object' && metrics !== null ? Object.entries(metrics) : undefined;
  if (entries?.every(([, metric]) => typeof metric === 'function') !== true)
    throw new TypeError('fit: metrics must be a mapping from names to functions of targets and answers.');
  const mistake = entries.map(([name]) => findNameMistake('metric', name)).find((found) => found !== undefined);
  if (mistake !== undefined) throw new TypeError(`fit: ${mistake}`);
  return metrics as CustomMetrics;
}

/** User code is loosely typed, so its arguments are checked here: an error thrown at the call has the place of the call. */
function toUserRun(id: string, record: TrainingRecord, { send }: TaskContext): unknown {
  return {
    id,
    logMetric(name: unknown, value: unknown, step: unknown = record.epochs): void {
      if (typeof name !== 'string') throw wrongArgument('logMetric', 'name', 'a text', name);
      if (typeof value !== 'number') throw wrongArgument('logMetric', `value of "${name}"`, 'a number', value);
      if (typeof step !== 'number' || !Number.isSafeInteger(step))
        throw wrongArgument('logMetric', `step of "${name}"`, 'a whole number', step);
      send({ type: 'metric', name, value: toWireNumber(value), step, time: Date.now() });
    },
    setTag(name: unknown, value: unknown): void {
      if (typeof name !== 'string') throw wrongArgument('setTag', 'name', 'a text', name);
      if (!['string', 'number', 'bigint', 'boolean'].includes(typeof value))
        throw wrongArgument('setTag', `value of "${name}"`, 'a text', value);
      send({ type: 'tag', name, value: String(value) });
    },
  };
}

function wrongArgument(method: string, argument: string, expected: string, found: unknown): TypeError {
  const shown = inspect(found, { depth: 0, maxStringLength: 100, maxArrayLength: 3, breakLength: Infinity });
  return new TypeError(`run.${method}: the ${argument.slice(0, 200)} must be ${expected}, not ${shown.slice(0, 200)}.`);
}

function toUserData({ examples, given }: { readonly examples: Examples; readonly given: unknown }): unknown {
  if (!isHeld(examples)) return given;
  const { xs, ys, shape, scale } = examples;
  return scale === 1 ? { xs, ys, shape } : { xs, ys, shape, scale };
}

function toEvents(
  context: TaskContext,
  circumstances: Circumstances & { threads: number },
  explains: boolean,
): FitEvents {
  const { send, drained } = context;
  return {
    steps: (steps) => {
      if (explains) return explainSteps(steps, context);
      const { way, isCompiled, threads } = steps;
      if (circumstances.backend !== 'wasm' && !isNative(circumstances.backend)) return;
      if (threads !== undefined) {
        // Sums of several threads are other sums in their last digits: a checkpoint tells how many there were.
        circumstances.threads = threads;
        send({ type: 'tag', name: 'mlops.threads', value: String(threads) });
      }
      send({ type: 'tag', name: 'mlops.step', value: way });
      send({ type: 'log', level: 'info', text: isCompiled ? `Steps are ${way}.` : `Steps are taken ${way}.` });
    },
    plan: (plan) => send({ type: 'plan', ...plan }),
    batch: (step, loss) => send({ type: 'batch', step, loss: toWireNumber(loss), time: Date.now() }),
    epoch: (epoch, metrics, seconds) => {
      send({ type: 'epoch', epoch, metrics: toWireNumbers(metrics), seconds, time: Date.now() });
      return drained();
    },
    checkpoint: (name, epoch) => send({ type: 'checkpoint', name, epoch }),
    resumed: (checkpoint, record) => {
      const { epoch, step } = checkpoint.header;
      send({ type: 'resumed', name: checkpoint.name, epoch, step, latest: latestOf(record) });
      for (const text of listDifferences(checkpoint, circumstances)) send({ type: 'log', level: 'warning', text });
    },
  };
}

/** Characters of a message: a text that is longer would be cut. */
const PART_LENGTH = 1 << 15;

/** Tells what steps do instead of taking any: code of the project that goes on all the same has been stopped. */
function explainSteps(steps: TrainingSteps, { send, stop }: TaskContext): never {
  const text = steps.explain();
  for (let from = 0; from < text.length; from += PART_LENGTH)
    send({ type: 'explained', way: steps.way, part: text.slice(from, from + PART_LENGTH) });
  stop();
  throw new Error('The steps are explained; nothing is trained.');
}

/** Metrics of the last epochs; one that is not recorded in each epoch can't be placed and is left out. */
function latestOf({ history, epochs }: TrainingRecord): Record<string, WireNumber[]> {
  const whole = Object.entries(history).filter(([, values]) => values.length === epochs);
  return Object.fromEntries(whole.map(([name, values]) => [name, values.slice(-LATEST_EPOCHS).map(toWireNumber)]));
}

/** What may make a resumed training differ from an uninterrupted one, each as a sentence. */
function listDifferences({ header }: LoadedCheckpoint, circumstances: Circumstances): readonly string[] {
  const words = {
    backend: 'on the backend',
    backendVersion: "with the backend's version",
    threads: 'with a number of threads of',
    engineVersion: 'by version',
  } as const satisfies Record<keyof Circumstances, string>;
  return (Object.keys(words) as (keyof Circumstances)[])
    .filter((key) => header[key] !== circumstances[key])
    .map(
      (key) =>
        `The training began ${words[key]} ${header[key]} and goes on with ${circumstances[key]}: its numbers may differ in the last digits from those of one that was not interrupted.`,
    );
}

async function saveTraining(
  tf: TensorFlow,
  model: LayersModel,
  { history }: TrainingRecord,
  directory: string,
): Promise<void> {
  await writeModel(tf, model, directory);
  const epochs = Math.max(0, ...Object.values(history).map((values) => values.length));
  const epoch = Array.from({ length: epochs }, (_, index) => index + 1);
  // A value that JSON can't hold becomes null: a gap in a curve.
  await writeFileAtomic(path.join(directory, 'history.json'), `${JSON.stringify({ epoch, ...history })}\n`);
}

function requireModel(model: LayersModel | undefined, trainer: UserModule): LayersModel {
  if (model === undefined) throw userMistake(trainer, 'train', 'must return the trained model or fit one.');
  return model;
}

function finished(
  outcome: 'succeeded' | 'stopped',
  record: TrainingRecord,
  model: LayersModel | undefined,
): FromWorker {
  const signature = model === undefined ? null : signatureOf(model);
  return { type: 'done', outcome, examplesPerSecond: examplesPerSecond(record), signature };
}

/** Axes of any size are −1, as in MLmodel. */
function signatureOf(model: LayersModel): ModelSignature {
  const toSizes = (shape: readonly (number | null)[]): number[] => shape.map((size) => size ?? -1);
  return { inputShape: toSizes(inputShapeOf(model)), outputShape: toSizes(outputShapeOf(model)) };
}

function toWireNumbers(values: Readonly<Record<string, number>>): Record<string, WireNumber> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toWireNumber(value)]));
}
