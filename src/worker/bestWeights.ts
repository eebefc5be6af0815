import type { ModelConfig } from '../core/config/config.ts';
import { toObjective } from '../core/tracking/tracking.ts';
import type { Objective } from '../protocol/tracking.ts';
import type { LayersModel, TensorFlow } from './tensorflow.ts';

interface Weight {
  readonly shape: number[];
  readonly values: Float32Array;
}

/** The best epoch so far. */
interface Best {
  readonly model: LayersModel;
  readonly value: number;
  readonly metric: string;
  readonly epoch: number;
  readonly weights: readonly Weight[];
}

/**
 * Keeps a copy of the weights of the best epoch, by the config's objective, else by what early stopping watches, else by the loss. The
 * numbers are copied: a backend may change those of a tensor in place.
 */
export class BestWeights {
  readonly #tf: TensorFlow;
  readonly #config: ModelConfig;
  #best: Best | undefined;

  constructor(tf: TensorFlow, config: ModelConfig) {
    this.#tf = tf;
    this.#config = config;
  }

  /** `values`: what the epoch has measured. */
  async offer(model: LayersModel, epoch: number, values: Readonly<Record<string, number>>): Promise<void> {
    const goal = chooseGoal(this.#config, values);
    if (goal === undefined) return;
    const { metric } = goal;
    const value = (goal.direction === 'maximize' ? -1 : 1) * (values[metric] ?? NaN);
    const isComparable = this.#best?.model === model && this.#best.metric === metric;
    if (Number.isNaN(value) || (isComparable && value >= (this.#best?.value ?? Infinity))) return;
    const weights = await Promise.all(
      model
        .getWeights()
        .map(async (weight) => ({ shape: weight.shape, values: Float32Array.from(await weight.data()) })),
    );
    this.#best = { model, value, metric, epoch, weights };
  }

  /** The model's best epoch so far; undefined while there is none. */
  epochOf(model: LayersModel): number | undefined {
    return this.#best?.model === model ? this.#best.epoch : undefined;
  }

  /** Gives the model the weights of its best epoch; nothing changes while there is none. */
  restore(model: LayersModel): void {
    if (this.#best?.model !== model) return;
    const tensors = this.#best.weights.map(({ values, shape }) => this.#tf.tensor(values, shape, 'float32'));
    model.setWeights(tensors);
    this.#tf.dispose(tensors);
  }
}

function chooseGoal(
  { objective, training }: ModelConfig,
  values: Readonly<Record<string, number>>,
): Objective | undefined {
  const monitor = training.early_stopping?.monitor;
  const goals = [objective ?? null, ...[monitor, 'val_loss', 'training_loss'].map((metric) => toObjective({ metric }))];
  return goals.find((goal) => goal !== null && Object.hasOwn(values, goal.metric)) ?? undefined;
}
