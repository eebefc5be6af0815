import type { LayersModel, Optimizer, TensorFlow, Variable } from '../tensorflow.ts';
import type { Executor } from './executor.ts';
import { slotsOf, type KnownOptimizer, type Powers, type SlotKind } from './optimizers.ts';

/** What is used here of a weight of a layer; the packages' types hide it. */
interface LayerWeight {
  readonly originalName: string;
  read: () => Variable;
}

/** A variable of the model or its optimizer, and the numbers of the program that are the same. */
interface Pair {
  readonly state: string;
  readonly variable: () => Variable;
}

/**
 * Keeps the model and its optimizer the same as the program's state. The program is ahead while it trains; whoever reads a weight of the model
 * gets the numbers of then, and whoever sets one is heard before the next step. `dispose` it.
 */
export class Mirror {
  readonly #tf: TensorFlow;
  readonly #executor: Executor;
  readonly #optimizer: Optimizer;
  readonly #known: KnownOptimizer;
  readonly #weights: readonly LayerWeight[];
  readonly #trained: readonly Variable[];
  readonly #pairs: readonly Pair[];
  /** By state: the data that the program has, or has had. */
  readonly #seen = new Map<string, unknown>();
  #powers: Powers;
  #seenPowers: readonly unknown[];
  #isAhead = false;

  constructor(
    tf: TensorFlow,
    model: LayersModel,
    { executor, optimizer }: { readonly executor: Executor; readonly optimizer: KnownOptimizer },
  ) {
    this.#tf = tf;
    this.#executor = executor;
    this.#optimizer = model.optimizer;
    this.#known = optimizer;
    this.#weights = model.weights as unknown as readonly LayerWeight[];
    // Two of them would not hear of each other's steps.
    if (this.#weights.some((weight) => Object.hasOwn(weight, 'read')))
      throw new Error('another compiled step has weights of this model; dispose it first');
    const trained = model.trainableWeights as unknown as readonly LayerWeight[];
    this.#trained = trained.map((weight) => weight.read());
    const names = trained.map(({ originalName }) => originalName);
    this.#pairs = [
      ...this.#weights.map((weight): Pair => {
        const variable = weight.read();
        return { state: weight.originalName, variable: () => variable };
      }),
      ...optimizer.slots.flatMap((kind) =>
        names.map((name, index): Pair => ({ state: `${name}/${kind.name}`, variable: () => this.#slot(kind, index) })),
      ),
    ];
    this.#powers = optimizer.readPowers?.() ?? { beta1: 0, beta2: 0 };
    this.#seenPowers = optimizer.powerIds();
    for (const weight of this.#weights) {
      const read = weight.read.bind(weight);
      weight.read = () => {
        this.pull();
        return read();
      };
    }
  }

  /** Takes over what others have set since the last time. */
  push(): void {
    for (const { state, variable } of this.#pairs) {
      const found = variable();
      if (this.#seen.get(state) === found.dataId) continue;
      this.#executor.state(state).set(found.dataSync());
      this.#seen.set(state, found.dataId);
    }
    const ids = this.#known.powerIds();
    if (ids.every((id, index) => id === this.#seenPowers[index])) return;
    this.#powers = this.#known.readPowers?.() ?? this.#powers;
    this.#seenPowers = ids;
  }

  /** What the optimizer needs in the step that comes, which is counted. */
  nextStep(weightDecay: number | null): readonly number[] {
    this.#isAhead = true;
    this.#known.countStep();
    return this.#known.next(this.#powers, weightDecay);
  }

  /** The model and its optimizer become what the program has. */
  pull(): void {
    if (!this.#isAhead) return;
    this.#isAhead = false;
    const tf = this.#tf;
    for (const { state, variable } of this.#pairs) {
      const target = variable();
      // What somebody has set meanwhile stays.
      if (target.isDisposed || this.#seen.get(state) !== target.dataId) continue;
      const values = this.#executor.state(state).slice();
      tf.tidy(() => target.assign(tf.tensor(values, target.shape)));
      this.#seen.set(state, target.dataId);
    }
    this.#known.writePowers(this.#powers);
    this.#seenPowers = this.#known.powerIds();
  }

  dispose(): void {
    try {
      this.pull();
    } finally {
      // What the class itself does is underneath.
      for (const weight of this.#weights) Reflect.deleteProperty(weight, 'read');
    }
  }

  #slot(kind: SlotKind, index: number): Variable {
    const slot = slotsOf(this.#tf, this.#optimizer, kind, this.#trained)[index];
    if (slot === undefined) throw new Error('Every trained weight has its slots.');
    return slot.variable;
  }
}
