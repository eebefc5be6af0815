import { describe, expect, it } from 'vitest';
import { findShownSweep } from '../../../../src/core/sweep/sweep.ts';
import { toTrialEntries } from '../../../../src/core/trees/trees.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { t, toRun } from '../sparks/runs.ts';

const sweepRun = (runId: string, more: Partial<RunSummary> = {}): RunSummary =>
  toRun(
    runId,
    0.2,
    {},
    {
      metrics: {},
      tags: { 'mlops.sweep': runId, 'mlops.best_run': `${runId} 1` },
      params: {
        'sweep.objective': 'minimize val_loss',
        'sweep.trials': '6',
        'sweep.keys': 'model.num_units, training.learning_rate',
      },
      ...more,
    },
  );

const trial = (sweep: string, number: number, value: number, more: Partial<RunSummary> = {}): RunSummary =>
  toRun(
    `${sweep} ${number}`,
    value,
    { 'model.num_units': String(16 * (number + 1)), 'training.learning_rate': '0.01', 'training.num_epochs': '12' },
    { parentRunId: sweep, tags: { 'mlops.sweep': sweep, 'mlops.trial': String(number) }, ...more },
  );

const runs = [
  sweepRun('old', { startTime: 1 }),
  trial('old', 0, 0.5),
  sweepRun('new', { startTime: 2, status: 'RUNNING', endTime: null }),
  trial('new', 0, 0.4),
  trial('new', 1, 0.1),
  trial('new', 2, 0.7, { status: 'RUNNING', endTime: null }),
  trial('new', 3, NaN, {
    status: 'FAILED',
    metrics: {},
    tags: { 'mlops.sweep': 'new', 'mlops.trial': '3', 'mlops.reason': 'NaN loss' },
  }),
  trial('new', 4, 0.6, { status: 'RUNNING', endTime: null, lost: true }),
  toRun('alone', 0.1, {}),
];

const draw = (all: readonly RunSummary[], chosen: string | null = null): readonly string[] => {
  const shown = findShownSweep(all, chosen);
  const entries = shown === null ? [] : toTrialEntries(shown, '/p', t);
  return entries
    .flatMap((entry) => [entry, ...((entry.children?.() ?? []) as typeof entries)])
    .map(({ icon, label, description, context, does = '-' }) =>
      [icon?.id, label, description, context, does].join(' | '),
    );
};

describe('the trials of a sweep', () => {
  const check = (name: string, lines: readonly string[], chosen: string | null = null, all = runs): void =>
    it(name, () => expect(draw(all, chosen)).toEqual(lines));

  check('of the newest: what goes on, then the best', [
    'sync~spin | new | 3/6 trials · val_loss 0.1000 | sweep running | -',
    'sync~spin | #2 · 0.7000 | epoch 5 · num_units 48, learning_rate 0.01 | trial running | mlops.showRunChart',
    'star-full | #1 · 0.1000 | 10 s · num_units 32, learning_rate 0.01 | trial finished | mlops.showRunChart',
    'pass | #0 · 0.4000 | 10 s · num_units 16, learning_rate 0.01 | trial finished | mlops.showRunChart',
    'debug-disconnect | #4 · 0.6000 | lost: its process is gone · num_units 80, learning_rate 0.01 | trial lost | mlops.showRunChart',
    'error | #3 | failed: NaN loss · num_units 64, learning_rate 0.01 | trial failed | mlops.showRunChart',
  ]);
  check(
    'of the one that was chosen',
    [
      'pass | old | 1/6 trials | sweep finished | -',
      'pass | #0 · 0.5000 | 10 s · num_units 16, learning_rate 0.01 | trial finished | mlops.showRunChart',
    ],
    'old',
  );
  check('of the newest where the chosen one is gone', draw(runs), 'gone');
  check('none without a sweep', [], null, [toRun('alone', 0.1, {})]);
});

it('says which sweep is the newest beside the one that is shown', () => {
  expect(findShownSweep(runs, 'old')?.newest).toBe('new');
});
