import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ModelConfig } from '../core/config/config.ts';
import { replaceDirectory, temporaryBeside } from '../node/files/files.ts';
import type { Steering as SteeringRequest } from '../protocol/steering.ts';
import type { FromWorker } from '../protocol/training.ts';
import { BestWeights } from './bestWeights.ts';
import { readLearningRate, setLearningRate } from './compilation.ts';
import { writeModel } from './modelFiles.ts';
import type { LayersModel, TensorFlow } from './tensorflow.ts';

/** Least time between two samples of memory and throughput. */
const SAMPLE_MS = 1000;

/** After so long the event loop has its turn: a turn for each batch would cost a small net's training a tenth of its time. */
const TURN_MS = 8;

/** Something that the user wants of a training, asked under a number. */
export interface Wish {
  readonly id: number;
  readonly steering: SteeringRequest;
}

/** Wishes in the order in which they came, until the training has time for them. */
export class Wishes {
  readonly #signal: AbortSignal;
  readonly #queue: Wish[] = [];
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  add(wish: Wish): void {
    this.#queue.push(wish);
    this.#wake?.();
  }

  take(): Wish | undefined {
    return this.#queue.shift();
  }

  /** Resolves when there is one, or when the training is stopped; nothing is computed meanwhile. */
  async wait(): Promise<void> {
    if (this.#queue.length > 0 || this.#signal.aborted) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
  }
}

type Keep = () => Promise<string | undefined>;

/** What the loop over batches asks of its steering. */
export interface FitSteering {
  /**
   * Called before each batch: gives the event loop a turn from time to time, so that messages are seen, carries out what is wished, and waits while the
   * training is paused. `examples`: how many the batch will train; null for one that only tests. `keep` writes a checkpoint of where the
   * training stands, and gives its name where there can be one; a test has none, for what it tests may be an average.
   */
  between(model: LayersModel, examples: number | null, keep?: Keep): Promise<void>;
  /** Called when an epoch is recorded; `values`: what it has measured. */
  afterEpoch(model: LayersModel, values: Readonly<Record<string, number>>): Promise<void>;
  /** Milliseconds of a clock that stands still during a pause. */
  now(): number;
}

interface SteeringOptions {
  readonly tf: TensorFlow;
  readonly config: ModelConfig;
  readonly record: { readonly epochs: number; readonly batches: number };
  readonly wishes: Wishes;
  readonly signal: AbortSignal;
  readonly stop: () => void;
  readonly send: (message: FromWorker) => void;
  /** Folder for snapshots. */
  readonly checkpoints: string;
}

/** What was done, in words; a refusal says why nothing was. */
type Deed = { readonly text: string } | { readonly refusal: string };

type Deeds = {
  readonly [T in SteeringRequest['type']]: (
    steering: Extract<SteeringRequest, { type: T }>,
    model: LayersModel,
    keep: Keep,
  ) => Deed | Promise<Deed>;
};

const keepNothing: Keep = () => Promise.resolve(undefined);

/** Steers one training: everything happens between two batches. */
export class Steering implements FitSteering {
  readonly #options: SteeringOptions;
  readonly #best: BestWeights;
  readonly #sampler: Sampler;
  #turned = -Infinity;
  #isPaused = false;
  #pausedMs = 0;
  #stopsAfterEpoch = false;
  #endsAtBest = false;
  #isTrained = false;

  constructor(options: SteeringOptions) {
    this.#options = options;
    this.#best = new BestWeights(options.tf, options.config);
    this.#sampler = new Sampler(options, () => this.now());
  }

  now(): number {
    return performance.now() - this.#pausedMs;
  }

  async between(model: LayersModel, examples: number | null, keep: Keep = keepNothing): Promise<void> {
    if (performance.now() - this.#turned >= TURN_MS) {
      await nextTurn();
      this.#turned = performance.now();
    }
    await this.#fulfil(model, keep);
    if (this.#isPaused) await this.#pause(model, keep);
    if (!this.#options.signal.aborted) this.#sampler.next(examples);
  }

  async afterEpoch(model: LayersModel, values: Readonly<Record<string, number>>): Promise<void> {
    await this.#best.offer(model, this.#options.record.epochs, values);
    if (this.#stopsAfterEpoch) this.#options.stop();
  }

  /** The model is trained: from now on it is only tested. A stop at best gives it the weights that are to be kept. */
  endTraining(model: LayersModel | undefined): void {
    this.#isTrained = true;
    if (this.#endsAtBest && model !== undefined) this.#best.restore(model);
  }

  async #pause(model: LayersModel, keep: Keep): Promise<void> {
    const { wishes, signal } = this.#options;
    const started = performance.now();
    this.#tell('paused');
    while (this.#isPaused && !signal.aborted) {
      await wishes.wait();
      await this.#fulfil(model, keep);
    }
    this.#isPaused = false;
    this.#pausedMs += performance.now() - started;
    if (!signal.aborted) this.#tell('unpaused');
  }

  #tell(type: 'paused' | 'unpaused'): void {
    const { send, record } = this.#options;
    send({ type, step: record.batches, epoch: record.epochs, time: Date.now() });
  }

  async #fulfil(model: LayersModel, keep: Keep): Promise<void> {
    const { wishes, send, record } = this.#options;
    for (let wish = wishes.take(); wish !== undefined; wish = wishes.take()) {
      const deed = await this.#perform(wish.steering, model, keep);
      const isRefused = 'refusal' in deed;
      const text = isRefused ? deed.refusal : deed.text;
      send({ type: 'steered', id: wish.id, isRefused, step: record.batches, epoch: record.epochs, text });
    }
  }

  #perform(steering: SteeringRequest, model: LayersModel, keep: Keep): Deed | Promise<Deed> {
    // TypeScript can't see that the deed found by a wish's type takes that wish.
    const deed = this.#deeds[steering.type] as (...args: [SteeringRequest, LayersModel, Keep]) => Deed | Promise<Deed>;
    return deed(steering, model, keep);
  }

  readonly #deeds: Deeds = {
    pause: () => {
      this.#isPaused = true;
      return { text: 'paused' };
    },
    resume: () => {
      const wasPaused = this.#isPaused;
      this.#isPaused = false;
      return { text: wasPaused ? 'resumed' : 'it was not paused' };
    },
    stop: ({ when }, model) => {
      this.#isPaused = false;
      if (this.#isTrained || when === 'now') return this.#stop('stopped');
      if (when === 'best') return this.#stopAtBest(model);
      this.#stopsAfterEpoch = true;
      return { text: 'stops after this epoch' };
    },
    setLearningRate: ({ value }, model) => {
      if (this.#isTrained) return { refusal: 'The training is over, its model is being tested.' };
      if (readLearningRate(model) === undefined) return { refusal: "The model's optimizer has no learning rate." };
      setLearningRate(model, value);
      return { text: `learning rate ${value}` };
    },
    snapshot: async (_, model, keep) => {
      const name = `snapshot-${this.#options.record.batches}`;
      let checkpoint: string | undefined;
      try {
        await keepSnapshot(this.#options.tf, model, path.join(this.#options.checkpoints, name));
        checkpoint = await keep();
      } catch (error) {
        // A full disk must not end the training that somebody wants to keep.
        return { refusal: `The snapshot can't be written: ${error instanceof Error ? error.message : String(error)}` };
      }
      const resumable = checkpoint === undefined ? '' : `; --resume can go on from it (checkpoints/${checkpoint})`;
      return { text: `snapshot checkpoints/${name}${resumable}` };
    },
  };

  #stopAtBest(model: LayersModel): Deed {
    const epoch = this.#best.epochOf(model);
    this.#endsAtBest = true;
    return this.#stop(
      epoch === undefined
        ? 'stopped; no epoch was complete, so the weights are the last ones'
        : `stopped with the weights of epoch ${epoch}`,
    );
  }

  #stop(text: string): Deed {
    this.#options.stop();
    return { text };
  }
}

/** The one place where a snapshot becomes files: whole or not at all. */
async function keepSnapshot(tf: TensorFlow, model: LayersModel, folder: string): Promise<void> {
  const staging = temporaryBeside(folder);
  try {
    await writeModel(tf, model, staging);
    await replaceDirectory(staging, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Tells throughput and memory, at most once a second, just before a batch: a reader then knows that a batch is under way. */
class Sampler {
  readonly #options: Pick<SteeringOptions, 'tf' | 'record' | 'send'>;
  readonly #now: () => number;
  #examples = 0;
  #since: number | undefined;

  constructor(options: Pick<SteeringOptions, 'tf' | 'record' | 'send'>, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  next(examples: number | null): void {
    const now = this.#now();
    const since = (this.#since ??= now);
    if (now - since >= SAMPLE_MS) {
      this.#send(this.#examples === 0 ? null : (1000 * this.#examples) / (now - since));
      [this.#examples, this.#since] = [0, now];
    }
    this.#examples += examples ?? 0;
  }

  #send(examplesPerSecond: number | null): void {
    const { tf, record, send } = this.#options;
    const { numTensors: tensors, numBytes: bytes } = tf.memory();
    const resident = process.memoryUsage.rss();
    send({ type: 'sample', step: record.batches, examplesPerSecond, resident, tensors, bytes, time: Date.now() });
  }
}
