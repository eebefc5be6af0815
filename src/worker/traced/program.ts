import type { NumberArray } from '../../core/graphdef/graphdef.ts';
import { encodeStep, type Step } from '../../core/trace/trace.ts';
import type { StepBatch } from '../trainingSteps.ts';
import { createFeed, LoadedGraph } from './loadedGraph.ts';
import { idOf, type MadeTensor, type NativeBackend } from './native.ts';
import { CannotTrace } from './recorder.ts';
import { variableOf, type StateVariable } from './states.ts';
import type { Moment } from './tracing.ts';

/** What a graph gave: numbers, and new values for the state, which the caller takes over. */
export interface GraphResult {
  readonly results: readonly NumberArray[];
  readonly changes: readonly (readonly [state: StateVariable, made: MadeTensor])[];
}

/** A step that TensorFlow has loaded as one graph, to which the state is given each time. `dispose` it. */
export class TracedProgram {
  readonly step: Step;
  readonly #backend: NativeBackend;
  readonly #graph: LoadedGraph;
  /** Of each feed its variable, where it is one; then those that change. */
  readonly #fed: readonly (StateVariable | undefined)[];
  readonly #changed: readonly StateVariable[];

  /** Throws CannotTrace for a step that can't be written down. */
  constructor(
    backend: NativeBackend,
    step: Step,
    { states, isGuarded }: { readonly states: readonly StateVariable[]; readonly isGuarded: boolean },
  ) {
    const encoded = encodeStep(step, { isGuarded });
    if ('reason' in encoded) throw new CannotTrace(encoded.reason);
    const find = (wanted: string): StateVariable => {
      const found = states.find(({ name }) => name === wanted);
      if (found === undefined) throw new Error(`There is no variable ${wanted}.`);
      return found;
    };
    this.step = step;
    this.#backend = backend;
    this.#fed = encoded.feeds.map(({ source, name }) => (source === 'state' ? find(name) : undefined));
    this.#changed = step.changes.map(({ name }) => find(name));
    this.#graph = new LoadedGraph(backend, encoded);
  }

  run(batch: StepBatch, moment: Moment): GraphResult {
    const made = this.#graph.run((feed, index) => {
      const state = this.#fed[index];
      if (state === undefined) return createFeed(this.#backend, feed, { batch, moment });
      return { id: idOf(this.#backend, variableOf(state)), isOwn: false };
    });
    const count = made.length - this.#changed.length;
    const results = made.slice(0, count).map((tensor) => this.#graph.take(tensor));
    return { results, changes: pair(this.#changed, made.slice(count)) };
  }

  dispose(): void {
    this.#graph.dispose();
  }
}

export function pair<A, B>(ones: readonly A[], others: readonly B[]): readonly (readonly [A, B])[] {
  return ones.flatMap((one, index) => {
    const other = others[index];
    return other === undefined ? [] : [[one, other] as const];
  });
}
