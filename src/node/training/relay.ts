import { ExpectedError, badInput } from '../../protocol/errors.ts';
import { pausedTag, systemMetrics } from '../../protocol/tracking.ts';
import { fromWireNumber, type FromWorker, type WireNumber } from '../../protocol/training.ts';
import { findDivergence } from '../../core/training/training.ts';
import type { LoggedPoint, RunStore, RunWriter } from '../tracking/tracking.ts';
import type { EventLog } from './events.ts';
import type { Helm } from './helm.ts';
import type { TrainReporter } from './request.ts';
import type { MessageHandler } from './worker.ts';

/** Least time between two samples that the run keeps: a night's training leaves a few thousand points. */
const KEPT_SAMPLE_MS = 10_000;
const MEBIBYTE = 2 ** 20;

/** What the worker said on its way, as far as the end of the training needs it. */
export interface Heard {
  backend: string | null;
  epochs: number;
  lastEpoch: number;
  /** Set when the loss is no number any more. */
  diverged: string | null;
  /** Of the first batch, before anything is learnt. */
  firstLoss: number | null;
  /** The latest value of each loss, by its metric. */
  readonly losses: Map<string, number>;
}

type Handlers = {
  readonly [T in FromWorker['type']]?: (
    message: Extract<FromWorker, { type: T }>,
    worker: { readonly stop: () => void },
  ) => Promise<void>;
};

interface RelayOptions {
  readonly writer: RunWriter;
  readonly events: EventLog;
  readonly reporter: TrainReporter;
  readonly helm: Helm;
  /** Given for a run that goes on: what its code logs again is not logged twice. */
  readonly store?: RunStore | undefined;
  /** The run was steered, and its record says so. */
  readonly onSteered: (change: { readonly paused?: boolean }) => Promise<void>;
}

/** Carries a worker's messages into the run and to the reporter. Points are on disk when {@link handle} resolves. */
export class RunRelay {
  readonly heard: Heard = {
    backend: null,
    epochs: 0,
    lastEpoch: 0,
    diverged: null,
    firstLoss: null,
    losses: new Map(),
  };
  readonly #writer: RunWriter;
  readonly #events: EventLog;
  readonly #reporter: TrainReporter;
  readonly #helm: Helm;
  readonly #onSteered: (change: { readonly paused?: boolean }) => Promise<void>;
  readonly #refused = new Set<string>();
  #keptSample = -Infinity;
  /** Of a run that goes on: what user code has logged before, by metric. */
  readonly #logged = new Map<string, ReadonlySet<string>>();
  readonly #store: RunStore | undefined;

  constructor({ writer, events, reporter, helm, onSteered, store }: RelayOptions) {
    this.#store = store;
    this.#writer = writer;
    this.#events = events;
    this.#reporter = reporter;
    this.#helm = helm;
    this.#onSteered = onSteered;
  }

  readonly handle: MessageHandler = async (message, worker) => {
    // TypeScript can't see that the handler found by a message's type takes that message.
    const handler = this.#handlers[message.type] as
      ((message: FromWorker, worker: { readonly stop: () => void }) => Promise<void>) | undefined;
    await handler?.(message, worker);
  };

  readonly #handlers: Handlers = {
    backend: async (message) => {
      const { name, version, threads } = message;
      this.heard.backend = name;
      await this.#writer.setTags({ 'mlops.backend': name, 'mlops.threads': String(threads) });
      await this.#events.add('backend', `${name} ${version}${threads > 1 ? `, ${threads} threads` : ''}`);
      this.#reporter.backend?.(message);
    },
    log: async ({ level, text }) => {
      if (level === 'info') this.#reporter.note(text);
      else {
        await this.#events.add(level, text, this.heard.lastEpoch);
        this.#reporter.warning(text);
      }
    },
    plan: ({ epochs }) => {
      this.heard.epochs = epochs;
      return Promise.resolve();
    },
    batch: async ({ step, loss, time }) => {
      await this.#writer.logMetrics([toPoint('batch_loss', loss, step, time)]);
      this.heard.firstLoss ??= fromWireNumber(loss);
      this.#reporter.batch?.(step, fromWireNumber(loss));
    },
    epoch: async ({ epoch, metrics, seconds, time }, worker) => {
      this.heard.lastEpoch = epoch;
      await this.#logAll(metrics, epoch, time);
      const loss = metrics['training_loss'];
      if (loss !== undefined && !Number.isFinite(fromWireNumber(loss))) {
        this.heard.diverged ??= `the training loss is ${loss} after epoch ${epoch}; a smaller training.learning_rate may help`;
        worker.stop();
      }
      this.#reporter.epoch(epoch, this.heard.epochs, toNumbers(metrics), seconds);
    },
    checkpoint: ({ name, epoch }) => this.#events.add('checkpoint', name, epoch),
    resumed: async ({ name, epoch, latest }) => {
      this.heard.lastEpoch = epoch;
      for (const [metric, values] of Object.entries(latest)) await this.#fillIn(metric, values, epoch);
      const text = `The training goes on from its checkpoint ${name}.`;
      await this.#events.add('resumed', text, epoch);
      this.#reporter.note(text);
    },
    metric: ({ name, value, step, time }) =>
      this.#guard(name, async () => {
        const point = toPoint(name, value, step, time);
        if (!(await this.#isLogged(point))) await this.#writer.logMetrics([point]);
      }),
    tag: ({ name, value }) => this.#guard(name, () => this.#writer.setTags({ [name]: value })),
    test: ({ metrics, time }) => this.#logAll(metrics, this.heard.lastEpoch, time),
    sample: async ({ step, examplesPerSecond, resident, tensors, bytes, time }) => {
      if (examplesPerSecond !== null) this.#reporter.pace?.(examplesPerSecond);
      if (time - this.#keptSample < KEPT_SAMPLE_MS) return;
      this.#keptSample = time;
      await this.#writer.logMetrics([
        ...(examplesPerSecond === null
          ? []
          : [toPoint(systemMetrics.examplesPerSecond, examplesPerSecond, step, time)]),
        toPoint(systemMetrics.processMemory, resident / MEBIBYTE, step, time),
        toPoint(systemMetrics.tensorMemory, bytes / MEBIBYTE, step, time),
        toPoint(systemMetrics.tensors, tensors, step, time),
      ]);
    },
    steered: async (message) => {
      const { isRefused, text } = message;
      const steering = this.#helm.steeringOf(message);
      // A pause and its end are told when they begin.
      const isTold = steering?.type === 'pause' || steering?.type === 'resume';
      if (!isRefused && !isTold) await this.#noteSteering(text, message);
      this.#helm.answer(message);
    },
    paused: async (place) => {
      await this.#writer.setTags({ [pausedTag]: `at epoch ${place.epoch}, batch ${place.step}` });
      await this.#noteSteering('paused', place, { paused: true });
    },
    unpaused: async (place) => {
      await this.#writer.removeTag(pausedTag);
      await this.#noteSteering('resumed', place, { paused: false });
    },
  };

  /** Events bear epochs, as the axes of the charts do. */
  async #noteSteering(
    text: string,
    { step, epoch }: { readonly step: number; readonly epoch: number },
    change: { readonly paused?: boolean } = {},
  ): Promise<void> {
    await this.#events.add('steering', text, epoch);
    this.#reporter.note(`Steering: ${text} (batch ${step}).`);
    await this.#onSteered(change);
  }

  /** At the end. A training loss that is no number ends a training by itself; other losses, and one that only grew, leave a model all the same. */
  async tellLosses(): Promise<void> {
    const { diverged, firstLoss, losses, lastEpoch } = this.heard;
    const text = diverged === null ? findDivergence(firstLoss, losses) : undefined;
    if (text === undefined) return;
    this.#reporter.warning(text);
    await this.#events.add('warning', text, lastEpoch);
  }

  #logAll(metrics: Readonly<Record<string, WireNumber>>, step: number, time: number): Promise<void> {
    for (const [name, value] of Object.entries(metrics))
      if (name.endsWith('loss')) this.heard.losses.set(name, fromWireNumber(value));
    return this.#writer.logMetrics(Object.entries(metrics).map(([name, value]) => toPoint(name, value, step, time)));
  }

  /** `values`: of the epochs up to `epoch`. Those that stand are left alone. */
  async #fillIn(metric: string, values: readonly WireNumber[], epoch: number): Promise<void> {
    if (this.#store === undefined) return;
    const known = [...(await readPoints(this.#store, this.#writer.runId, metric))];
    const steps = new Set(known.map((point) => Number(point.split(' ')[0])));
    const points = values.map((value, index) => toPoint(metric, value, epoch - values.length + 1 + index, Date.now()));
    const missing = points.filter(({ step }) => !steps.has(step));
    if (missing.length > 0) await this.#writer.logMetrics(missing);
  }

  async #isLogged({ name, step, value }: LoggedPoint): Promise<boolean> {
    if (this.#store === undefined) return false;
    const known = this.#logged.get(name) ?? (await readPoints(this.#store, this.#writer.runId, name));
    this.#logged.set(name, known);
    return known.has(`${step} ${value}`);
  }

  /** A name (or a step) from user code that MLflow would refuse loses its points, not the training. */
  async #guard(name: string, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error;
      if (!this.#refused.has(name)) this.#reporter.warning(error.message);
      this.#refused.add(name);
    }
  }
}

/** Steps and values of a metric; none where the run has no such metric yet. */
async function readPoints(store: RunStore, runId: string, name: string): Promise<ReadonlySet<string>> {
  try {
    const { steps, values } = await store.readHistory(runId, name);
    return new Set(Array.from(steps, (step, index) => `${step} ${values[index]}`));
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'unknown-name') return new Set();
    throw error;
  }
}

/** A step that is no whole number must never reach a file: MLflow then reads nothing of the whole experiment. */
function toPoint(name: string, value: WireNumber, step: number, time: number): LoggedPoint {
  if (!Number.isSafeInteger(step)) throw badInput(`The step of the metric "${name}" is ${step}, no whole number.`);
  return { name, value: fromWireNumber(value), step, timestamp: Math.round(time) };
}

function toNumbers(metrics: Readonly<Record<string, WireNumber>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, fromWireNumber(value)]));
}
