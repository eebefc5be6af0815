import type { LayersModel } from './tensorflow.ts';

/** What has been trained so far, over all calls of `fit` in a run. */
export interface TrainingRecord {
  /** Calls of `fit` that have begun. */
  fits: number;
  epochs: number;
  batches: number;
  /** A value per epoch for each of `training_loss`, `val_loss`, `training_<metric>`, `val_<metric>`, `learning_rate`. */
  history: Record<string, number[]>;
  /** Of each completed epoch: examples trained, and seconds inside it, validation included. */
  pace: { readonly examples: number; readonly seconds: number }[];
  lastModel: LayersModel | undefined;
}

export function createRecord(): TrainingRecord {
  return { fits: 0, epochs: 0, batches: 0, history: {}, pace: [], lastModel: undefined };
}

/** Training examples a second: the first epoch, which warms up, is left out when there are more. Null without an epoch. */
export function examplesPerSecond({ pace }: TrainingRecord): number | null {
  const counted = pace.length > 1 ? pace.slice(1) : pace;
  const seconds = counted.reduce((sum, epoch) => sum + epoch.seconds, 0);
  if (seconds === 0) return null;
  return counted.reduce((sum, epoch) => sum + epoch.examples, 0) / seconds;
}
