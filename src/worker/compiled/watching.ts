import { innerOf } from '../models.ts';
import type { LayersModel } from '../tensorflow.ts';

// What a step was compiled for, and whether it is so still.

/** How to train all the same, for those who use `mlops`. */
export const WAY_ON = 'Train with --no-compile.';

export const DISPOSED = 'it has ended, as dispose() was called';

/** `wayOn`: the sentence that tells how. */
export function cantGoOn(reason: string, wayOn: string): Error {
  const next = reason === DISPOSED ? 'Make another one, or dispose of it later.' : wayOn;
  return new Error(`The compiled step can't go on: ${reason}. ${next}`);
}

/** Remembers how a model was compiled and which of its weights are trained. */
export class ModelWatch {
  readonly #model: LayersModel;
  readonly #weights: readonly { readonly trainable: boolean }[];
  readonly #trainable: readonly boolean[];
  readonly #losses: unknown;
  readonly #optimizer: unknown;

  constructor(model: LayersModel) {
    this.#model = model;
    this.#weights = model.weights;
    this.#trainable = this.#weights.map(({ trainable }) => trainable);
    this.#losses = innerOf(model).lossFunctions;
    this.#optimizer = model.optimizer;
  }

  /** Why its loss is not that of the step any more. */
  findOtherLoss(): string | undefined {
    // Each call of compile makes a list of its own.
    return innerOf(this.#model).lossFunctions === this.#losses
      ? undefined
      : 'model.compile was called after it was compiled';
  }

  /** Why it would train otherwise than the step does. */
  findOtherTraining(): string | undefined {
    if (this.#model.optimizer !== this.#optimizer) return 'the model was given another optimizer after it was compiled';
    if (this.#weights.some(({ trainable }, index) => trainable !== this.#trainable[index]))
      return 'layers were frozen or unfrozen after it was compiled';
    return this.findOtherLoss();
  }
}
