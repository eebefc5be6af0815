import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { NumberArray } from '../../core/graphdef/graphdef.ts';
import type { EncodedStep, Feed } from '../../core/trace/trace.ts';
import type { StepBatch } from '../trainingSteps.ts';
import { typeOf, type MadeTensor, type NativeBackend } from './native.ts';
import type { Moment } from './tracing.ts';

/** A tensor that goes into a graph; one that is its `own` is deleted afterwards. */
interface FedTensor {
  readonly id: number;
  readonly isOwn: boolean;
}

/** A graph in TensorFlow's hands. `dispose` it. */
export class LoadedGraph {
  readonly #backend: NativeBackend;
  readonly #encoded: EncodedStep;
  readonly #id: number;

  constructor(backend: NativeBackend, encoded: EncodedStep) {
    this.#backend = backend;
    this.#encoded = encoded;
    this.#id = load(backend, encoded);
  }

  /** The step: its outputs belong to the caller. */
  run(feed: (feed: Feed, index: number) => FedTensor): readonly MadeTensor[] {
    const { feeds, feedNames, fetchNames } = this.#encoded;
    const fed: FedTensor[] = [];
    try {
      feeds.forEach((each, index) => fed.push(feed(each, index)));
      return this.fetch(
        fetchNames,
        feedNames,
        fed.map(({ id }) => id),
      );
    } finally {
      for (const { id, isOwn } of fed) if (isOwn) this.#backend.binding.deleteTensor(id);
    }
  }

  /** Any of its outputs, by their names. */
  fetch(names: readonly string[], feedNames: readonly string[] = [], ids: readonly number[] = []): MadeTensor[] {
    return this.#backend.binding.runSavedModel(this.#id, ids, feedNames.join(), names.join());
  }

  /** Its numbers; the tensor is gone then. */
  take({ id }: MadeTensor): NumberArray {
    const { binding } = this.#backend;
    const values = binding.tensorDataSync(id).slice();
    binding.deleteTensor(id);
    return values;
  }

  dispose(): void {
    this.#backend.binding.deleteSavedModel(this.#id);
  }
}

/** What a step is given that is no state. */
export function createFeed(
  backend: NativeBackend,
  feed: Feed,
  { batch, moment }: { readonly batch: StepBatch; readonly moment: Moment },
): FedTensor {
  const { binding } = backend;
  return {
    id: binding.createTensor(feed.shape, typeOf(backend, feed.dtype), numbersOf(feed, batch, moment)),
    isOwn: true,
  };
}

function numbersOf({ source, name, dtype }: Feed, batch: StepBatch, moment: Moment): NumberArray {
  if (source === 'moment') {
    const value = moment[name] ?? NaN;
    return dtype === 'float32' ? Float32Array.of(value) : Int32Array.of(value);
  }
  const found = { x: batch.xs, y: batch.ys, weights: batch.weights }[name];
  if (found === undefined) throw new Error(`A batch has no ${name}.`);
  return found;
}

/** The addon loads graphs from folders alone. */
function load({ binding }: NativeBackend, { savedModel }: EncodedStep): number {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mlops-step-'));
  try {
    writeFileSync(path.join(folder, 'saved_model.pb'), Buffer.concat(savedModel));
    // TensorFlow looks for it, though there are no variables.
    mkdirSync(path.join(folder, 'variables'));
    return binding.loadSavedModel(folder, 'serve');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
