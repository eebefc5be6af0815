import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { NumberArray } from '../../core/graphdef/graphdef.ts';
import { encodeStep, type EncodedStep, type Feed, type Step } from '../../core/trace/trace.ts';
import type { StepBatch } from '../trainingSteps.ts';
import { idOf, type MadeTensor, type NativeBackend } from './native.ts';
import { CannotTrace } from './recorder.ts';
import type { StateVariable } from './states.ts';
import type { Moment } from './tracing.ts';

/** What a graph gave: numbers, and new values for the state, which the caller takes over. */
interface GraphResult {
  readonly results: readonly NumberArray[];
  readonly changes: readonly (readonly [state: StateVariable, made: MadeTensor])[];
}

/** A step that TensorFlow has loaded as one graph. `dispose` it. */
export class TracedProgram {
  readonly step: Step;
  readonly #backend: NativeBackend;
  readonly #id: number;
  readonly #feeds: readonly Feed[];
  /** Of each feed its variable, where it is one; then those that change. */
  readonly #fed: readonly (StateVariable | undefined)[];
  readonly #changed: readonly StateVariable[];
  readonly #feedNames: string;
  readonly #fetchNames: string;

  /** Throws CannotTrace for a step that can't be written down. */
  constructor(backend: NativeBackend, step: Step, states: readonly StateVariable[]) {
    const encoded = encodeStep(step, { isGuarded: roundsAlike() });
    if ('reason' in encoded) throw new CannotTrace(encoded.reason);
    const find = (wanted: string): StateVariable => {
      const found = states.find(({ name }) => name === wanted);
      if (found === undefined) throw new Error(`There is no variable ${wanted}.`);
      return found;
    };
    this.step = step;
    this.#backend = backend;
    this.#feeds = encoded.feeds;
    this.#fed = encoded.feeds.map(({ source, name }) => (source === 'state' ? find(name) : undefined));
    this.#changed = step.changes.map(({ name }) => find(name));
    this.#feedNames = encoded.feedNames.join();
    this.#fetchNames = encoded.fetchNames.join();
    this.#id = load(backend, encoded);
  }

  run(batch: StepBatch, moment: Moment): GraphResult {
    const { binding } = this.#backend;
    const own: number[] = [];
    let made: readonly MadeTensor[];
    try {
      const ids = this.#feeds.map((feed, index) => {
        const state = this.#fed[index];
        if (state !== undefined) return idOf(this.#backend, valueOf(state));
        const id = binding.createTensor(feed.shape, typeOf(this.#backend, feed), numbersOf(feed, batch, moment));
        own.push(id);
        return id;
      });
      made = binding.runSavedModel(this.#id, ids, this.#feedNames, this.#fetchNames);
    } finally {
      own.forEach((id) => binding.deleteTensor(id));
    }
    const count = made.length - this.#changed.length;
    const results = made.slice(0, count).map(({ id }) => {
      const values = binding.tensorDataSync(id).slice();
      binding.deleteTensor(id);
      return values;
    });
    return { results, changes: pair(this.#changed, made.slice(count)) };
  }

  dispose(): void {
    this.#backend.binding.deleteSavedModel(this.#id);
  }
}

/**
 * Whether graphs and operations can round alike. With oneDNN, TensorFlow's default, they do not, whatever the graph is, and keeping it from being
 * rewritten would only cost time.
 */
function roundsAlike(): boolean {
  return process.env['TF_ENABLE_ONEDNN_OPTS'] === '0';
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

function valueOf({ name, read }: StateVariable): NonNullable<ReturnType<StateVariable['read']>> {
  const variable = read();
  if (variable === undefined) throw new Error(`The variable ${name} of a step is gone.`);
  return variable;
}

function typeOf({ binding }: NativeBackend, { dtype }: Feed): number {
  return { float32: binding.TF_FLOAT, int32: binding.TF_INT32, bool: binding.TF_BOOL }[dtype];
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

function pair<A, B>(ones: readonly A[], others: readonly B[]): readonly (readonly [A, B])[] {
  return ones.flatMap((one, index) => {
    const other = others[index];
    return other === undefined ? [] : [[one, other] as const];
  });
}
