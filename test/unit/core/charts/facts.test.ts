import { describe, expect, it } from 'vitest';
import { toRunChoice, toRunFacts, toRunSnapshot } from '../../../../src/core/charts/facts.ts';
import { seriesStyle, themeKind } from '../../../../src/core/charts/palette.ts';
import { runState } from '../../../../src/core/charts/words.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';

const metric = { points: 1, last: { value: 1, step: 1 }, min: null, max: null, best: null };
const run: RunSummary = {
  runId: 'abc',
  name: 'warm-fox',
  experiment: 'cnnBased',
  status: 'FAILED',
  startTime: 1000,
  endTime: 2000,
  parentRunId: null,
  params: { 'training.num_epochs': '24', 'long': 'x'.repeat(5000) },
  tags: {
    'mlops.config': 'configs/cnnbased.yaml',
    'mlops.reason': 'NaN loss',
    'mlops.backend': 'wasm',
    'mlflow.source.git.commit': '0123456789abcdef',
  },
  metrics: { val_loss: metric },
  lost: false,
  artifacts: null,
};

describe('toRunFacts', () => {
  it('reads model, epochs, reason and what is worth showing', () => {
    expect(toRunFacts(run)).toMatchObject({
      model: 'cnnbased',
      epochs: 24,
      reason: 'NaN loss',
      objective: { metric: 'val_loss', direction: 'minimize' },
      examplesPerSecond: null,
      details: [
        ['backend', 'wasm'],
        ['commit', '0123456789'],
      ],
    });
  });

  it('knows a paused run by its tag, while it is live', () => {
    const paused = (more: Partial<RunSummary>) =>
      toRunFacts({ ...run, status: 'RUNNING', tags: { 'mlops.paused': '' }, ...more }).paused;
    expect([paused({}), paused({ tags: {} }), paused({ status: 'KILLED' }), paused({ lost: true })]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('tells how quick a run is while it has not told itself', () => {
    const pace = { 'system/examples_per_second': { ...metric, last: { value: 812.5, step: 4 } } };
    expect(toRunFacts({ ...run, metrics: pace }).examplesPerSecond).toBe(812.5);
    const tags = { 'mlops.examples_per_second': '900.0' };
    expect(toRunFacts({ ...run, metrics: pace, tags }).examplesPerSecond).toBe(900);
  });

  it('cuts long texts and makes do with nothing', () => {
    const facts = toRunFacts(run);
    expect(facts.params[1]?.[1]).toHaveLength(2001);
    expect(toRunFacts({ ...run, params: { num_epochs: 'many' }, tags: {}, metrics: {} })).toMatchObject({
      model: null,
      epochs: null,
      reason: null,
    });
    expect(toRunFacts({ ...run, params: { num_epochs: '7' } })).toMatchObject({ epochs: 7 });
  });

  it.each([
    [1, 3, 3, 'maximize'],
    [1, 3, 1, 'minimize'],
    [2, 2, 2, 'maximize'],
  ] as const)(
    'takes the metric that has a best value as the objective: %d to %d, best %d, %s',
    (min, max, best, direction) => {
      const point = (value: number) => ({ value, step: 1 });
      const val_accuracy = { ...metric, min: point(min), max: point(max), best: point(best) };
      expect(toRunFacts({ ...run, metrics: { val_loss: metric, val_accuracy } }).objective).toEqual({
        metric: 'val_accuracy',
        direction,
      });
    },
  );

  it('makes snapshots and choices', () => {
    const points = { steps: [2, 1], values: [20, 10], timestamps: [0, 0] };
    const { series } = toRunSnapshot(toRunFacts(run), [{ metric: 'val_loss', points }], []);
    expect(series).toEqual([
      { name: 'val_loss', from: 0, steps: Float64Array.of(1, 2), values: Float64Array.of(10, 20) },
    ]);
    expect(toRunChoice(run)).toEqual({
      runId: 'abc',
      name: 'warm-fox',
      status: 'FAILED',
      lost: false,
      startTime: 1000,
    });
  });
});

describe('looks', () => {
  it.each([
    ['RUNNING', false, 'running'],
    ['RUNNING', true, 'lost'],
    ['FINISHED', false, 'succeeded'],
    ['FAILED', false, 'failed'],
    ['KILLED', false, 'stopped'],
    ['SCHEDULED', false, 'scheduled'],
  ] as const)('%s, lost %s: %s', (status, lost, state) => expect(runState({ status, lost })).toBe(state));

  it('knows the kind of a theme by its classes', () => {
    const kinds = [
      'vscode-dark',
      'vscode-light',
      'vscode-high-contrast',
      'vscode-high-contrast vscode-high-contrast-light',
      '',
    ];
    expect(kinds.map((classes) => themeKind(classes.split(' ')))).toEqual([
      'dark',
      'light',
      'high-contrast',
      'high-contrast-light',
      'dark',
    ]);
  });

  it('never gives two of the first eighteen series one look', () => {
    const looks = Array.from({ length: 18 }, (_, i) => JSON.stringify([seriesStyle(i).variable, seriesStyle(i).dash]));
    expect(new Set(looks).size).toBe(18);
  });
});
