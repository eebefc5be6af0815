import { describe, expect, it } from 'vitest';
import {
  describeEpochs,
  isSweepRun,
  orderTrials,
  outlineSweep,
  sweepTags,
  toSweepArguments,
  toSweepFacts,
  toSweepParams,
  type SweepPlan,
  type TrialOrder,
} from '../../../../src/core/sweep/sweep.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';

const plan: SweepPlan = {
  config: 'configs/net.yaml',
  strategy: 'grid',
  seed: 7,
  objective: { metric: 'val_loss', direction: 'minimize' },
  assignments: [2, 3, 10].map((units) => ({
    'model.units': units,
    'training.batch_size': 64,
    'training.learning_rate': units / 7,
  })),
  rungs: [5],
  reduction: 3,
  overrides: [],
};

function run(runId: string, more: Partial<RunSummary> = {}): RunSummary {
  return {
    ...{ runId, name: runId, experiment: 'x', status: 'FINISHED', startTime: 1, endTime: 3001, parentRunId: null },
    ...{ params: {}, tags: {}, metrics: {}, lost: false, artifacts: null },
    ...more,
  };
}

const parent = run('parent', {
  status: 'RUNNING',
  params: toSweepParams(plan),
  tags: { [sweepTags.sweep]: 's1', [sweepTags.best]: 'b' },
});

function trial(
  runId: string,
  number: number | string,
  more: Partial<RunSummary> & { value?: number } = {},
): RunSummary {
  const { value = NaN, ...rest } = more;
  const point = { value, step: 4 };
  const found = Number.isNaN(value) ? null : point;
  return run(runId, {
    parentRunId: 'parent',
    tags: { [sweepTags.sweep]: 's1', [sweepTags.trial]: String(number) },
    params: { 'model.units': String([2, 3, 10][Number(number)]), 'training.learning_rate': '0.1' },
    metrics: Number.isNaN(value) ? {} : { val_loss: { points: 4, last: point, min: found, max: null, best: null } },
    ...rest,
  });
}

describe('what the run of a sweep says of itself', () => {
  const check = (name: string, change: Partial<SweepPlan>, expected: Record<string, string>): void =>
    it(name, () => expect(toSweepParams({ ...plan, ...change })).toMatchObject(expected));
  check('a grid', {}, { 'sweep.trials': '3', 'sweep.objective': 'minimize val_loss', 'sweep.strategy': 'grid' });
  check('what differs, and nothing else', {}, { 'sweep.keys': 'model.units, training.learning_rate' });
  check(
    'halving, with all of its rounds',
    { strategy: 'halving', rungs: [1, 3], reduction: 3 },
    { 'sweep.trials': '4', 'sweep.keys': 'model.units, training.learning_rate, training.num_epochs' },
  );
});

describe('the trials of a sweep', () => {
  it('are read from their runs', () => {
    const facts = toSweepFacts(parent, [
      trial('c', 2, { status: 'RUNNING', endTime: null }),
      trial('a', 0, { value: 0.5 }),
      trial('b', 1, { value: 0.25, status: 'FINISHED' }),
    ]);
    expect(facts).toMatchObject({
      ...{ objective: plan.objective, planned: 3, done: 2, best: 'b' },
      keys: ['model.units', 'training.learning_rate'],
    });
    expect(
      facts?.trials.map(({ runId, number, value, epoch, seconds, values }) => [
        ...[runId, number, value, epoch, seconds, values.join()],
      ]),
    ).toEqual([
      ['a', 0, 0.5, 4, 3, '2,0.1'],
      ['b', 1, 0.25, 4, 3, '3,0.1'],
      ['c', 2, null, 0, null, '10,0.1'],
    ]);
  });

  const check = (name: string, children: readonly RunSummary[], expected: object, of = parent): void =>
    it(name, () => expect(toSweepFacts(of, children)).toMatchObject(expected));
  const ids = (...runIds: string[]) => ({ trials: runIds.map((runId) => ({ runId })) });
  check(
    'one that a kill has ended is the one that was begun anew',
    [trial('new', 0, { startTime: 9 }), trial('old', 0, { startTime: 2, status: 'FAILED' })],
    { ...ids('new'), done: 1 },
  );
  check('one that was stopped is not done', [trial('a', 0, { status: 'KILLED' })], { done: 0, planned: 3 });
  check('one that has failed is done', [trial('a', 0, { status: 'FAILED' })], { done: 1 });
  check('other runs below it are none', [run('x', { parentRunId: 'parent' }), trial('y', '1.5'), trial('z', '-1')], {
    trials: [],
    planned: 3,
  });
  check(
    'there are more of them than were planned',
    [0, 1, 2, 3].map((number) => trial(`t${number}`, number)),
    {
      planned: 4,
    },
  );
  check('the best is one of them, or none', [trial('a', 0, { value: 1 })], { best: null });
  check('a number that is none is no value', [trial('a', 0, { value: Infinity })], { trials: [{ value: null }] });
  check(
    'params that are damaged say nothing',
    [trial('a', 0)],
    { planned: 1, keys: [] },
    { ...parent, params: { 'sweep.objective': 'maximize val accuracy' } },
  );

  it.each<[string, RunSummary]>([
    ['a training', run('r', { params: { 'sweep.objective': 'minimize x' } })],
    ['a trial', trial('t', 0)],
    ['a run with an objective that can not be read', { ...parent, params: { 'sweep.objective': 'best of all' } }],
  ])('there are none of %s', (_, other) => {
    expect(toSweepFacts(other, [])).toBeNull();
  });

  it('belong to the run of a sweep only', () => {
    expect([isSweepRun(parent), isSweepRun(trial('t', 0)), isSweepRun(run('r'))]).toEqual([true, false, false]);
  });
});

describe('the order of trials', () => {
  const trials = [
    trial('a', 0, { value: 0.5 }),
    trial('b', 1, { value: 0.25 }),
    trial('failed', 2, { status: 'FAILED' }),
    trial('live', 3, { value: 9, status: 'RUNNING' }),
    trial('lost', 4, { status: 'RUNNING', lost: true }),
  ];
  const check = (order: TrialOrder, direction: 'minimize' | 'maximize', expected: string): void =>
    it(`by ${order}, ${direction}`, () => {
      const facts = toSweepFacts(parent, trials)!;
      const ordered = orderTrials({ ...facts, objective: { ...facts.objective, direction } }, order);
      expect(ordered.map(({ runId }) => runId).join(' ')).toBe(expected);
    });
  check('number', 'minimize', 'a b failed live lost');
  check('standing', 'minimize', 'live b a failed lost');
  check('standing', 'maximize', 'live a b failed lost');
  // 2, 3, 10 as numbers; what has no such param stands first.
  check(0, 'minimize', 'a b failed live lost');
  it('by texts where they are no numbers', () => {
    const named = ['tanh', 'relu', 'elu'].map((word, index) => trial(word, index, { params: { 'model.units': word } }));
    const facts = toSweepFacts(parent, named)!;
    expect(orderTrials(facts, 0).map(({ runId }) => runId)).toEqual(['elu', 'relu', 'tanh']);
  });
});

describe('how long trials are trained', () => {
  const check = (expected: string, epochs: readonly number[], rungs: readonly number[] = [5]): void =>
    it(expected, () => {
      const assignments = epochs.map((each) => ({ 'training.num_epochs': each }));
      expect(describeEpochs({ ...plan, rungs, assignments })).toBe(expected);
    });
  check('2', [2, 2]);
  check('5, 20', [20, 5, 20]);
  check('1–9', [3, 9, 1, 2, 4]);
  check('1 → 3', [], [1, 3]);
  it('as the config says', () => expect(describeEpochs(plan)).toBe('5'));
});

describe('before it begins', () => {
  it('a sweep is told in short', () => {
    const many = {
      ...plan,
      assignments: Array.from({ length: 24 }, (_, units) => ({ 'model.units': units, 'x.a': ['b'] })),
    };
    const outline = outlineSweep(many, 2, { secondsLeft: 90, pacedBy: 4 });
    expect(outline).toMatchObject({
      trials: 24,
      jobs: 2,
      secondsLeft: 90,
      pacedBy: 4,
      objective: 'minimize val_loss',
      epochs: '5',
    });
    expect([outline.first.length, outline.first[3]]).toEqual([10, 'units=3 a=["b"]']);
  });

  it.each([
    [{}, 'sweep configs/net.yaml'],
    [{ strategy: 'latin', trials: 9, jobs: 2 }, 'sweep configs/net.yaml --strategy latin --trials 9 --jobs 2'],
  ])('%o is said to the command line', (choice, expected) => {
    expect(toSweepArguments('configs/net.yaml', choice).join(' ')).toBe(expected);
  });
});
