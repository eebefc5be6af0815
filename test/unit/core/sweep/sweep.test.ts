import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig, type ModelConfig } from '../../../../src/core/config/config.ts';
import { createRandom } from '../../../../src/core/random/random.ts';
import {
  acceptOnly,
  adoptFinished,
  chooseAssignments,
  epochsLeft,
  epochsOfRungs,
  findBest,
  findNextTrial,
  gridOf,
  planSweep,
  resumed,
  strategies,
  toNames,
  toOverrides,
  toSpace,
  valueAt,
  withTrial,
  type Dimension,
  type SweepPlan,
  type SweepState,
  type SweepWishes,
  type Trial,
} from '../../../../src/core/sweep/sweep.ts';
import type { Objective } from '../../../../src/protocol/tracking.ts';

const FILE = 'configs/net.yaml';
const loss: Objective = { metric: 'val_loss', direction: 'minimize' };

function readConfig(tuning: string): ModelConfig {
  const text = `model: {units: 16, layers: 2}
training: {batch_size: 32, num_epochs: 9, loss_function: mse, learning_rate: 0.01, seed: 7}
hyperparameter_tuning: ${tuning}
`;
  const { value, problems } = parseConfig(text, FILE);
  expect(problems).toEqual([]);
  return value!;
}

function planOf(tuning: string, wishes: Partial<SweepWishes> = {}): SweepPlan {
  const config = readConfig(tuning);
  const planned = planSweep(FILE, config, {
    strategy: undefined,
    trials: undefined,
    overrides: [],
    objective: loss,
    tuning: config.hyperparameter_tuning,
    refusesSome: false,
    ...wishes,
  });
  if ('mistake' in planned) throw new Error(planned.mistake);
  return planned.plan;
}

describe('the space', () => {
  it.each([
    ['a key of the model', '{units: [8, 16]}', 'model.units'],
    ['a key of the training', '{batch_size: [8, 16]}', 'training.batch_size'],
    ['a key that training has by default', '{learning_rate: {min: 0.1, max: 1}}', 'training.learning_rate'],
  ])('%s goes where the config has it', (_, tuning, key) =>
    expect(toSpace(readConfig(tuning), readConfig(tuning).hyperparameter_tuning).map((each) => each.key)).toEqual([
      key,
    ]),
  );

  it.each<[string, Partial<Dimension>, readonly unknown[]]>([
    ['a list', { kind: 'choice', values: ['relu', [16, 32], null] }, ['relu', [16, 32], null]],
    ['a range', { kind: 'range', min: 0, max: 1, scale: 'linear', isInteger: false, steps: 3 }, [0, 0.5, 1]],
    [
      'a range by factors',
      { kind: 'range', min: 0.01, max: 1, scale: 'log', isInteger: false, steps: 3 },
      [0.01, 0.1, 1],
    ],
    ['whole numbers', { kind: 'range', min: 1, max: 4, scale: 'linear', isInteger: true, steps: 4 }, [1, 2, 3, 4]],
    [
      'fewer whole numbers than steps',
      { kind: 'range', min: 1, max: 2, scale: 'linear', isInteger: true, steps: 5 },
      [1, 2],
    ],
  ])('the grid of %s', (_, dimension, values) => {
    const grid = gridOf({ key: 'k', ...dimension } as Dimension);
    expect(grid.map((value) => (typeof value === 'number' ? Number(value.toFixed(12)) : value))).toEqual(values);
  });

  it('draws within its ends, whole numbers as often at the ends as between', () => {
    const dimension: Dimension = {
      key: 'k',
      kind: 'range',
      min: 1,
      max: 3,
      scale: 'linear',
      isInteger: true,
      steps: 3,
    };
    const drawn = Array.from({ length: 3000 }, (_, index) => valueAt(dimension, index / 3000));
    expect([1, 2, 3].map((value) => drawn.filter((each) => each === value).length)).toEqual([1000, 1000, 1000]);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.boolean(), (place, isInteger) => {
        const value = Number(valueAt({ ...dimension, min: 2, max: 50, scale: 'log', isInteger }, place));
        expect(value).toBeGreaterThanOrEqual(2);
        expect(value).toBeLessThanOrEqual(50);
      }),
    );
  });

  it.each([
    ['{units: 3}', 'must be a list of the values to try, or a range'],
    ['{units: []}', 'must have a value to try'],
    ['{units: {min: 3}}', 'needs numbers for min and max'],
    ['{units: {min: 3, max: 2}}', 'needs a min that is below its max'],
    ['{units: {min: 0, max: 2, scale: log}}', 'needs a min above 0 for the scale log'],
    ['{units: {min: 1, max: 2, scale: cubic}}', 'neither linear nor log'],
    ['{units: {min: 1.5, max: 2, type: int}}', 'needs whole numbers for min and max'],
    ['{units: {min: 1, max: 2, step: 1}}', 'has the unknown key "step"'],
    ['{strategy: gird}', 'must be one of grid, random, latin, halving'],
  ])('refuses %s at its place', (tuning, message) => {
    const text = `training: {batch_size: 1, num_epochs: 1, loss_function: mse}\nmodel: {units: 1}\nhyperparameter_tuning:\n  ${tuning.slice(1, -1)}\n`;
    const { problems } = parseConfig(text, FILE);
    expect(problems).toEqual([
      expect.objectContaining({
        file: FILE,
        line: 4,
        severity: 'error',
        message: expect.stringContaining(message) as string,
      }),
    ]);
  });
});

describe('the choice of assignments', () => {
  const space: Dimension[] = [
    { key: 'model.units', kind: 'choice', values: [8, 16] },
    { key: 'training.learning_rate', kind: 'range', min: 0.001, max: 1, scale: 'log', isInteger: false, steps: 3 },
  ];

  it('a grid has every combination once, the last key changing quickest', () => {
    const grid = planOf('{units: [8, 16], batch_size: [1, 2, 3]}').assignments;
    expect(grid.map((each) => Object.values(each).join('-'))).toEqual(['8-1', '8-2', '8-3', '16-1', '16-2', '16-3']);
    expect(planOf('{units: [8, 16], batch_size: [1, 2, 3]}', { trials: 4 }).assignments).toEqual(grid.slice(0, 4));
  });

  it('the 24 combinations of the article', () => {
    const tuning = `{num_layers: [3, 5], num_units: [16, 64, 224], activation_function: [relu, sigmoid],
      batch_size: [128, 256], loss_function: [mae], metric: [mse], num_epochs: [200]}`;
    const { value } = parseConfig(
      `training: {batch_size: 1, num_epochs: 1, loss_function: mse}\nmodel: {num_layers: 1, num_units: 1, activation_function: relu}\nhyperparameter_tuning: ${tuning}\n`,
      FILE,
    );
    const wishes = { strategy: undefined, trials: undefined, overrides: [], objective: loss, refusesSome: false };
    const planned = planSweep(FILE, value!, { ...wishes, tuning: value!.hyperparameter_tuning });
    expect('plan' in planned && new Set(planned.plan.assignments.map((each) => JSON.stringify(each))).size).toBe(24);
  });

  it.each(strategies)('%s is the same for the same seed, and holds nothing twice', (strategy) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 30 }), (seed, trials) => {
        const choose = () => chooseAssignments(strategy, space, { trials, random: createRandom(seed) });
        const texts = choose().map((each) => JSON.stringify(each));
        expect(choose().map((each) => JSON.stringify(each))).toEqual(texts);
        expect(new Set(texts).size).toBe(texts.length);
        expect(texts.length).toBeLessThanOrEqual(trials);
      }),
      { numRuns: 50 },
    );
  });

  it('draws all of a small space, and then ends', () => {
    const drawn = planOf('{units: [1, 2, 3]}', { strategy: 'random', trials: 50 }).assignments;
    expect(drawn.map((each) => each['model.units']).sort()).toEqual([1, 2, 3]);
  });

  it('a latin hypercube meets each tenth of a range once', () => {
    const range: Dimension = { key: 'k', kind: 'range', min: 0, max: 10, scale: 'linear', isInteger: false, steps: 2 };
    const drawn = chooseAssignments('latin', [range], { trials: 10, random: createRandom(3) });
    expect(drawn.map((each) => Math.floor(Number(each['k']))).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.each<[string, Partial<SweepWishes>, string]>([
    ['{}', {}, 'has no values to try'],
    ['{num_epochs: [1, 2]}', { strategy: 'halving' }, 'take num_epochs out'],
    [
      `{${['units', 'layers', 'batch_size', 'learning_rate'].map((key) => `${key}: {min: 1, max: 2, steps: 40}`).join(', ')}}`,
      {},
      'The grid has 2560000 combinations',
    ],
  ])('%s is told why there is no plan', (tuning, wishes, message) =>
    expect(() => planOf(tuning, wishes)).toThrow(message),
  );

  it('keeps what the code accepts, as many as are wanted', () => {
    const config = readConfig('{units: [1, 2, 3, 4, 5, 6]}');
    const plan = planOf('{units: [1, 2, 3, 4, 5, 6]}', { refusesSome: true, trials: 2 });
    expect(plan.assignments.length).toBe(6);
    const accepted = plan.assignments.map((each) => Number(toNames(each)['units']) % 2 === 0);
    expect(acceptOnly(plan, accepted, config, { trials: 2 }).assignments).toEqual([
      { 'model.units': 2 },
      { 'model.units': 4 },
    ]);
  });
});

/** Carries a sweep out with a made-up result for each assignment, `jobs` at a time; gives the trials in the order of their ends. */
function carryOut(plan: SweepPlan, resultOf: (trial: Trial) => number | null, jobs = 1): SweepState {
  let state: SweepState = { version: 1, plan, store: '', parentRunId: '', trials: [] };
  const live: Trial[] = [];
  for (;;) {
    const next = live.length < jobs ? findNextTrial(state) : undefined;
    if (next !== undefined) {
      live.push({ ...next, outcome: 'running' });
      state = withTrial(state, { ...next, outcome: 'running' });
      continue;
    }
    const ended = live.shift();
    if (ended === undefined) return state;
    const value = resultOf(ended);
    state = withTrial(state, { ...ended, hasEnded: true, value, outcome: value === null ? 'failed' : 'succeeded' });
  }
}

describe('a sweep', () => {
  it('tries each assignment once and finds the best', () => {
    const state = carryOut(planOf('{units: [1, 2, 3, 4]}'), ({ values }) =>
      Math.abs(Number(values['model.units']) - 3),
    );
    expect(state.trials.map(({ number, epochs }) => [number, epochs])).toEqual([
      [0, 9],
      [1, 9],
      [2, 9],
      [3, 9],
    ]);
    expect(findBest(state)?.values).toEqual({ 'model.units': 3 });
  });

  it('has the number of epochs from the space where it is tried', () =>
    expect(carryOut(planOf('{num_epochs: [2, 5]}'), () => 1).trials.map(({ epochs }) => epochs)).toEqual([2, 5]));

  it('a trial that failed, or whose value is no number, is never the best', () => {
    const results = [null, Number.NaN, 5];
    const state = carryOut(planOf('{units: [1, 2, 3]}'), ({ number }) => results[number] ?? null);
    expect(findBest(state)?.number).toBe(2);
    expect(findBest(carryOut(planOf('{units: [1]}'), () => null))).toBeUndefined();
  });

  it('goes on where it was: what had ended is not repeated, what had begun is', () => {
    const plan = planOf('{units: [1, 2, 3]}');
    const first = findNextTrial({ plan, trials: [] })!;
    let state: SweepState = { version: 1, plan, store: '', parentRunId: '', trials: [] };
    state = withTrial(state, { ...first, hasEnded: true, value: 1, outcome: 'succeeded', runId: 'a' });
    const second = findNextTrial(state)!;
    state = resumed(
      JSON.parse(JSON.stringify(withTrial(state, { ...second, outcome: 'running', runId: 'b' }))) as SweepState,
    );
    expect(state.trials.map(({ outcome, runId }) => [outcome, runId])).toEqual([
      ['succeeded', 'a'],
      ['planned', null],
    ]);
    expect(findNextTrial(state)).toEqual({ ...second, outcome: 'planned' });
  });

  it.each([
    ['FINISHED', '0', 'val_loss', ['succeeded', 'b', 0.25, 2]],
    ['FAILED', '0', 'val_loss', ['running', 'b', null, null]],
    ['FINISHED', '1', 'val_loss', ['running', 'b', null, null]],
    ['FINISHED', '0', 'another', ['running', 'b', null, null]],
  ] as const)('takes a trial that is %s as its run says it (trial %s, %s)', (status, number, metric, expected) => {
    const plan = planOf('{units: [1, 2]}');
    const first = findNextTrial({ plan, trials: [] })!;
    const begun = { ...first, outcome: 'running', runId: 'b' } as const;
    const state: SweepState = { version: 1, plan, store: '', parentRunId: '', trials: [begun] };
    const point = { value: 0.25, step: 1 };
    const run = {
      ...{ runId: 'b', name: '', experiment: '', status, startTime: 1000, endTime: 3000, parentRunId: null },
      ...{ params: {}, tags: { trial: number }, lost: false, artifacts: null },
      metrics: { [metric]: { points: 1, last: point, min: point, max: point, best: null } },
    };
    const [trial] = adoptFinished(state, [run], 'trial').trials;
    expect([trial?.outcome, trial?.runId, trial?.value, trial?.seconds]).toEqual(expected);
  });

  it('gives a trial its values as the command line takes them', () => {
    const plan = planOf('{units: [[16, 32]], batch_size: [64]}', { overrides: ['training.seed=3'] });
    expect(toOverrides(plan, findNextTrial({ plan, trials: [] })!)).toEqual([
      'training.seed=3',
      'model.units=[16,32]',
      'training.batch_size=64',
    ]);
  });
});

describe('halving', () => {
  const plan = planOf('{units: {min: 1, max: 1000, type: int}}', { strategy: 'halving', trials: 27 });

  it.each([
    [{ min: 1, max: 27, reduction: 3 }, [1, 3, 9, 27]],
    [{ min: 2, max: 9, reduction: 2 }, [2, 4, 8, 9]],
    [{ min: 5, max: 3, reduction: 3 }, [3]],
  ])('rounds of %j', (ladder, rungs) => expect(epochsOfRungs(ladder)).toEqual(rungs));

  it.each([1, 2, 5])('with %i at a time trains the best third three times as long, round by round', (jobs) => {
    const state = carryOut(plan, ({ values }) => Number(values['model.units']), jobs);
    const count = (rung: number): number => state.trials.filter((trial) => trial.rung === rung).length;
    // Some are promoted before better ones have ended: a few more than a third.
    expect(count(0)).toBe(27);
    expect([count(1), count(2)].map((each, index) => each >= [9, 3][index]! && each <= [13, 5][index]!)).toEqual([
      true,
      true,
    ]);
    expect(state.trials.filter(({ rung }) => rung === 1).every(({ epochs }) => epochs === 3)).toBe(true);
    // Whatever the order in which trials end, the best of all is promoted to the last round.
    const smallest = Math.min(...plan.assignments.map((each) => Number(each['model.units'])));
    expect(findBest(state)?.values).toEqual({ 'model.units': smallest });
    expect(toOverrides(plan, findBest(state)!)).toContain('training.num_epochs=9');
    expect(epochsLeft(state)).toBe(0);
  });

  it('never promotes a trial that failed', () => {
    const state = carryOut(plan, () => null);
    expect(state.trials.length).toBe(27);
  });
});
