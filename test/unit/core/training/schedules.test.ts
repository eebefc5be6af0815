import { describe, expect, test } from 'vitest';
import type { LearningRateSchedule } from '../../../../src/core/config/config.ts';
import {
  nameCheckpoint,
  newestOfEachFit,
  planPruning,
  rateAt,
  unwatched,
  watchValue,
  type Watch,
} from '../../../../src/core/training/training.ts';

describe('the learning rate of a batch', () => {
  /** Rates of a training of 5 epochs with 2 batches each that begins with 0.8. */
  function check(schedule: LearningRateSchedule | null, expected: readonly number[], lowered = 1): void {
    const rates = Array.from({ length: 10 }, (_, step) =>
      rateAt(schedule, 0.8, { step, batches: 2, epochs: 5, lowered }),
    );
    expect(rates.map((rate) => Number(rate.toPrecision(4)))).toEqual(expected);
  }
  const plain = { warmup_epochs: 0, min_rate: 0 };

  const cases: Record<string, [schedule: LearningRateSchedule | null, expected: number[], lowered?: number]> = {
    'without a schedule': [null, Array<number>(10).fill(0.8)],
    'step': [{ ...plain, type: 'step', every: 2, factor: 0.5 }, [0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4, 0.2, 0.2]],
    'exponential, not below its least': [
      { warmup_epochs: 0, min_rate: 0.15, type: 'exponential', factor: 0.5 },
      [0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.15, 0.15, 0.15, 0.15],
    ],
    'cosine': [
      { ...plain, type: 'cosine' },
      [0.8, 0.7804, 0.7236, 0.6351, 0.5236, 0.4, 0.2764, 0.1649, 0.07639, 0.01958],
    ],
    'cosine after a warm-up, which is no part of it': [
      { type: 'cosine', warmup_epochs: 1.5, min_rate: 0 },
      [0.2667, 0.5333, 0.8, 0.8, 0.7604, 0.6494, 0.489, 0.311, 0.1506, 0.03961],
    ],
    'plateau': [
      { ...plain, type: 'plateau', monitor: 'val_loss', patience: 1, min_delta: 0, factor: 0.5 },
      Array<number>(10).fill(0.4),
      0.5,
    ],
    'a least above the rate changes nothing': [
      { warmup_epochs: 0, min_rate: 9, type: 'step', every: 1, factor: 0.5 },
      Array<number>(10).fill(0.8),
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [schedule, expected, lowered]) => check(schedule, expected, lowered));
});

describe('a watched value', () => {
  /** How long each has waited for an improvement. */
  function check(monitor: string, values: readonly number[], expected: readonly number[], minDelta = 0): void {
    let watch: Watch = unwatched;
    const waited: number[] = [];
    for (const value of values) {
      watch = watchValue(watch, value, { monitor, minDelta });
      waited.push(watch.waited);
    }
    expect(waited).toEqual(expected);
  }
  test.each<[monitor: string, values: number[], expected: number[], minDelta?: number]>([
    ['val_loss', [3, 2, 2, 1], [0, 0, 1, 0]],
    ['val_accuracy', [0.5, 0.4, 0.6], [0, 1, 0]],
    ['val_auc', [0.5, 0.6], [0, 0]],
    ['val_top_5_accuracy', [0.5, 0.6], [0, 0]],
    ['val_mae', [5, 4.5, 3.9], [0, 1, 0], 1],
    ['val_loss', [NaN, NaN, 1, NaN], [1, 2, 0, 1]],
    ['val_loss', [Infinity, 3], [1, 0]],
  ])('%s %j', (monitor, values, expected, minDelta) => check(monitor, values, expected, minDelta));
});

describe('checkpoints', () => {
  const at = (fit: number, epoch: number, batch = 0, isEnd = false) => ({ fit, epoch, batch, isEnd });

  test.each([
    ['epoch-0003', at(1, 3)],
    ['epoch-0003-batch-00017', at(1, 3, 17)],
    ['epoch-0012-end', at(1, 12, 0, true)],
    ['fit-2-epoch-0013', at(2, 13)],
  ])('%s', (name, position) => expect(nameCheckpoint(position)).toBe(name));

  test('the newest of each fit, whatever the order they are found in', () => {
    const all = [at(2, 4), at(1, 3, 0, true), at(1, 3), at(2, 4, 2), at(1, 2)];
    expect(newestOfEachFit(all)).toEqual([at(1, 3, 0, true), at(2, 4, 2)]);
  });

  test('the oldest go, the end of a fit that others are built upon stays', () => {
    const all = [at(1, 1), at(1, 2), at(1, 2, 0, true), at(2, 3), at(2, 4), at(2, 5)];
    expect(planPruning(all, 2)).toEqual([at(2, 3), at(1, 2), at(1, 1)]);
    expect(planPruning(all, 9)).toEqual([]);
  });
});
