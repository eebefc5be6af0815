import { below, readAll } from './savedFit.ts';
import { HeldValues, toTensor, trainedVariablesOf, variablesOf, type NamedNumbers } from './snapshot.ts';
import type { LayersModel, Tensor, TensorFlow } from './tensorflow.ts';

/** Weights that a fit keeps beside those that it trains: their moving average, and those of its best epoch. `dispose` it. */
export class KeptWeights {
  readonly #tf: TensorFlow;
  readonly #model: LayersModel;
  /** Of the trained weights. */
  readonly #average: HeldValues | undefined;
  /** All weights. */
  #best: HeldValues | undefined;

  constructor(tf: TensorFlow, model: LayersModel, { averages }: { readonly averages: boolean }) {
    this.#tf = tf;
    this.#model = model;
    this.#average = averages ? new HeldValues(tf, trainedVariablesOf(model)) : undefined;
  }

  moveAverage(decay: number): void {
    const tf = this.#tf;
    const average = this.#average;
    if (average === undefined) return;
    const moved = trainedVariablesOf(this.#model).map((variable, index) =>
      tf.tidy(() => tf.add<Tensor>(tf.mul(average.values[index] ?? variable, decay), tf.mul(variable, 1 - decay))),
    );
    average.replace(moved);
  }

  /** With the averaged weights in the model, where there is an average. */
  async withAverage<T>(action: () => T | Promise<T>): Promise<T> {
    if (this.#average === undefined) return action();
    const raw = new HeldValues(this.#tf, trainedVariablesOf(this.#model));
    this.#average.putBack();
    try {
      return await action();
    } finally {
      raw.putBack();
      raw.dispose();
    }
  }

  /** What the model's weights are now is the best. */
  holdBest(): void {
    if (this.#best === undefined) this.#best = new HeldValues(this.#tf, variablesOf(this.#model));
    else this.#best.take();
  }

  /** The weights that a fit should end with become the model's own: the best, where they were held. */
  putBack(): void {
    (this.#best ?? this.#average)?.putBack();
  }

  /** After a stop: what was trained until then, on the average. */
  putBackAverage(): void {
    this.#average?.putBack();
  }

  async read(): Promise<NamedNumbers[]> {
    return [
      ...(await readAll('average', this.#average?.values ?? [])),
      ...(await readAll('best', this.#best?.values ?? [])),
    ];
  }

  restore(numbers: readonly NamedNumbers[]): void {
    const toTensors = (name: string): Tensor[] => below(numbers, name).map((value) => toTensor(this.#tf, value));
    const average = toTensors('average');
    if (average.length > 0) this.#average?.replace(average);
    const best = toTensors('best');
    if (best.length === 0) return;
    this.holdBest();
    this.#best?.replace(best);
  }

  dispose(): void {
    this.#average?.dispose();
    this.#best?.dispose();
  }
}
