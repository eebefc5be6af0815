import type { NumberArray } from '../../core/graphdef/graphdef.ts';
import { encodeHeldStep, fuseAdam, type FusedStep, type HeldVariable, type Step } from '../../core/trace/trace.ts';
import type { LayersModel, Variable } from '../tensorflow.ts';
import type { StepBatch } from '../trainingSteps.ts';
import { createFeed, LoadedGraph } from './loadedGraph.ts';
import { idOf, type NativeBackend } from './native.ts';
import { pair, type GraphResult } from './program.ts';
import { CannotTrace } from './recorder.ts';
import { variableOf, type LayerWeight, type StateVariable } from './states.ts';
import type { Moment, TracedModel } from './tracing.ts';

interface Pair {
  readonly state: StateVariable;
  readonly held: HeldVariable;
}

/**
 * A step that TensorFlow has loaded as one graph, with the state in it: weights do not travel, and are changed in their place. The graph is ahead
 * of the model while it trains; whoever reads a weight of a layer gets the numbers of then, and whoever sets a variable is heard before the next
 * step. `dispose` it.
 */
export class HeldProgram {
  readonly step: FusedStep;
  readonly #backend: NativeBackend;
  readonly #graph: LoadedGraph;
  readonly #pairs: readonly Pair[];
  readonly #changed: readonly Pair[];
  readonly #weights: readonly LayerWeight[];
  /** By state: the data that the graph has, or has had. */
  readonly #seen = new Map<string, unknown>();
  /** What the model has not heard of yet. */
  #ahead: ReadonlySet<Pair> = new Set();

  /** Whether no other step holds weights of the model, as that of a model with which it shares layers: one of them can. */
  static canHold(model: LayersModel): boolean {
    return weightsOf(model).every((weight) => !Object.hasOwn(weight, 'read'));
  }

  /** Throws CannotTrace for a step that can't be written down. */
  constructor({ backend, model }: TracedModel, step: Step, states: readonly StateVariable[]) {
    this.step = fuseAdam(step);
    const encoded = encodeHeldStep(this.step);
    if ('reason' in encoded) throw new CannotTrace(encoded.reason);
    this.#backend = backend;
    this.#pairs = states.flatMap((state) => {
      const held = encoded.held.find(({ name }) => name === state.name);
      return held === undefined ? [] : [{ state, held }];
    });
    const changed = new Set(step.changes.map(({ name }) => name));
    this.#changed = this.#pairs.filter(({ state }) => changed.has(state.name));
    const changedWeights = this.#changed.filter(({ state }) => state.isWeight);
    this.#weights = weightsOf(model);
    this.#graph = new LoadedGraph(backend, encoded);
    for (const weight of this.#weights) {
      const read = weight.read.bind(weight);
      weight.read = () => {
        this.#pull(changedWeights);
        return read();
      };
    }
  }

  /** Takes a step; the model hears of it when it is asked for. */
  train(batch: StepBatch, moment: Moment): readonly NumberArray[] {
    this.#push();
    this.#ahead = new Set(this.#changed);
    const made = this.#graph.run((feed) => createFeed(this.#backend, feed, { batch, moment }));
    return made.map((tensor) => this.#graph.take(tensor));
  }

  /** Takes a step of which the model never hears. */
  run(batch: StepBatch, moment: Moment): GraphResult {
    try {
      const results = this.train(batch, moment);
      const values = this.#graph.fetch(this.#changed.map(({ held }) => held.value));
      return {
        results,
        changes: pair(
          this.#changed.map(({ state }) => state),
          values,
        ),
      };
    } finally {
      this.#ahead = new Set();
      this.#seen.clear();
    }
  }

  /** The model and its optimizer become what the graph has. */
  pull(): void {
    this.#pull(this.#changed);
  }

  /** A moving average asks for the weights after each step: what the optimizer keeps stays where it is. */
  #pull(wanted: readonly Pair[]): void {
    const behind = wanted.filter((each) => this.#ahead.has(each));
    if (behind.length === 0) return;
    this.#ahead = new Set([...this.#ahead].filter((each) => !behind.includes(each)));
    const values = this.#graph.fetch(behind.map(({ held }) => held.value));
    for (const [{ state }, made] of pair(behind, values)) {
      const tensor = this.#backend.createOutputTensor(made);
      const target = state.read();
      // What somebody has set meanwhile stays.
      if (target !== undefined && !target.isDisposed && this.#seen.get(state.name) === target.dataId) {
        target.assign(tensor);
        this.#seen.set(state.name, target.dataId);
      }
      tensor.dispose();
    }
  }

  /** Of a model that is disposed nothing is left to be told. */
  dispose(): void {
    try {
      if (this.#weights.every(({ val }) => !val.isDisposed)) this.pull();
    } finally {
      // What the class itself does is underneath.
      for (const weight of this.#weights) Reflect.deleteProperty(weight, 'read');
      this.#graph.dispose();
    }
  }

  /** Takes over what others have set since the last time. */
  #push(): void {
    const set = this.#readPairs().filter(({ state, variable }) => this.#seen.get(state.name) !== variable.dataId);
    if (set.length === 0) return;
    const told = this.#graph.fetch(
      set.map(({ held }) => held.set),
      set.map(({ held }) => held.given),
      set.map(({ variable }) => idOf(this.#backend, variable)),
    );
    for (const { id } of told) this.#backend.binding.deleteTensor(id);
    for (const { state, variable } of set) this.#seen.set(state.name, variable.dataId);
  }

  /** For the variables themselves: their numbers are not asked for. */
  #readPairs(): readonly (Pair & { readonly variable: Variable })[] {
    const ahead = this.#ahead;
    this.#ahead = new Set();
    try {
      return this.#pairs.map((pair) => ({ ...pair, variable: variableOf(pair.state) }));
    } finally {
      this.#ahead = ahead;
    }
  }
}

function weightsOf(model: LayersModel): readonly LayerWeight[] {
  return model.weights as unknown as readonly LayerWeight[];
}
