import { describe, expect, test } from 'vitest';
import {
  compareHistories,
  planReproduction,
  readLockedData,
  type ReproductionFacts,
} from '../../../../src/core/reproduce/reproduce.ts';
import type { MetricHistory } from '../../../../src/protocol/tracking.ts';

const commit = 'mlflow.source.git.commit';
const tags = { [commit]: 'a'.repeat(40), 'mlops.config': 'configs/m.yaml', 'mlops.backend': 'wasm' };
const run = {
  ...{ runId: 'r', name: 'fox', status: 'FINISHED', lost: false },
  ...{ tags, params: { 'data.dataset_path': 'data/processed/' } },
} as const satisfies ReproductionFacts['run'];
const data = { path: 'data/processed', md5: `${'0'.repeat(32)}.dir`, legacy: false };
const facts: ReproductionFacts = {
  ...{ run, isCommitHere: true, patch: null, artifactsTrouble: null, data: [data], dataFrom: 'run' },
  ...{ lost: [], isDataInCommit: false, events: [] },
};

/** What is said of a run of which everything is there, but for what `change` takes away. */
const rows: Readonly<
  Record<string, { change: Partial<ReproductionFacts>; missing?: readonly string[]; notes?: readonly string[] }>
> = {
  'everything is there': { change: {} },
  'it goes on': { change: { run: { ...run, status: 'RUNNING' } }, missing: ['still going on'] },
  'it is lost': { change: { run: { ...run, status: 'RUNNING', lost: true } }, notes: ['did not end well'] },
  'it was stopped': { change: { run: { ...run, status: 'KILLED' } }, notes: ['did not end well'] },
  'another program made it': {
    change: { run: { ...run, tags: { [commit]: 'x' } } },
    missing: ['not made by "mlops train"'],
  },
  'it is a sweep': {
    change: { run: { ...run, tags: { [commit]: 'x', 'mlops.sweep': 's' } } },
    missing: ['a sweep as a whole'],
  },
  'it is a trial': { change: { run: { ...run, tags: { ...tags, 'mlops.sweep': 's', 'mlops.trial': '1' } } } },
  'it was made outside of git': {
    change: { isCommitHere: false, run: { ...run, tags: { 'mlops.config': 'c' } } },
    missing: ['outside of a git repository'],
  },
  'its commit is elsewhere': { change: { isCommitHere: false }, missing: ['aaaa is not in this repository'] },
  'its artifacts are out of reach': {
    change: { artifactsTrouble: 'no server' },
    missing: ["can't be told: no server"],
  },
  'its patch is damaged': { change: { patch: 'broken' }, missing: ['the file is damaged'] },
  'its changes were not kept': {
    change: { run: { ...run, tags: { ...tags, 'mlops.not_kept': 'Too much.' } } },
    missing: ['they were not kept. Too much.'],
  },
  'its changes were not all kept': {
    change: { patch: 'applies', run: { ...run, tags: { ...tags, 'mlops.not_kept': 'All but one.' } } },
    notes: ['All but one.'],
  },
  'its data is lost': { change: { lost: ['data/processed'] }, missing: ['data/processed is not in the cache'] },
  'nothing tells of its data': { change: { data: [], dataFrom: null }, missing: ['keeps no hash of it'] },
  'its data is in the commit': { change: { data: [], dataFrom: null, isDataInCommit: true } },
  'the commit has its hash': { change: { dataFrom: 'commit' }, notes: ['that of the commit is taken'] },
  'its data is elsewhere': {
    change: { data: [], dataFrom: null, run: { ...run, params: { 'data.dataset_path': '../data' } } },
    notes: ['../data lies outside of the project'],
  },
  'it was steered': {
    change: {
      events: [
        { kind: 'steering', text: 'learning rate 0.1' },
        { kind: 'backend', text: 'wasm' },
      ],
    },
    notes: ['by hand (learning rate 0.1)'],
  },
};

test.each(Object.entries(rows))('%s', (_, { change, missing = [], notes = [] }) => {
  const plan = planReproduction({ ...facts, ...change });
  const containing = (texts: readonly string[]): readonly unknown[] =>
    texts.map((text) => expect.stringContaining(text) as unknown);
  expect(plan.missing.map(({ message }) => message)).toEqual(containing(missing));
  expect(plan.notes).toEqual(containing(notes));
});

test.each([
  ['cpu', undefined, 1e-6],
  ['wasm', undefined, 1e-6],
  ['tfjs-node', undefined, 1e-2],
  ['webgpu', 0, 0],
])('the tolerance on %s', (backend, wanted, expected) => {
  const changed = { ...facts, run: { ...run, tags: { ...tags, 'mlops.backend': backend } } };
  expect(planReproduction(changed, wanted).tolerance).toBe(expected);
});

test.each([
  ['', []],
  ['stages: {t: {deps: [{path: data, md5: x}]}}', []],
  ['stages: {t: {deps: [{path: ../data, md5: 00000000000000000000000000000000}]}}', []],
  [
    'stages: {t: {deps: [{path: data, hash: md5, md5: "00000000000000000000000000000000.dir"}, {path: b, md5: 0000000000000000000000000000000a}]}}',
    [
      { path: 'data', md5: `${'0'.repeat(32)}.dir`, legacy: false },
      { path: 'b', md5: `${'0'.repeat(31)}a`, legacy: true },
    ],
  ],
])('hashes in a lock: %s', (text, expected) => expect(readLockedData(text)).toEqual(expected));

describe('metrics of both runs', () => {
  const history = (...values: number[]): MetricHistory => ({
    steps: values.map((_, index) => index + 1),
    values,
    timestamps: values.map(() => 0),
  });
  test.each<[string, number[], number[] | undefined, string, number | undefined]>([
    ['the same to the last bit', [1, NaN, Infinity, 0], [1, NaN, Infinity, 0], 'equal', 0],
    ['nothing to compare', [], [1], 'nothing', undefined],
    ['more points in the new one', [1], [1, 2], 'equal', 0],
    ['the last digits', [1, 1], [1, 1 - 2 ** -21], 'agrees', 2 ** -21],
    ['too much', [1, 2], [1, 4], 'differs', 0.5],
    ['a point less', [1, 2], [1], 'differs', Infinity],
    ['no such metric', [1], undefined, 'differs', Infinity],
    ['a number and none', [1], [NaN], 'differs', Infinity],
    ['zero and next to it', [0], [1e-12], 'differs', 1],
  ])('%s', (_, before, after, verdict, difference) => {
    const found = compareHistories(
      { loss: history(...before) },
      after === undefined ? {} : { loss: history(...after) },
      1e-6,
    );
    expect([found.verdict, found.metrics[0]?.difference]).toEqual([verdict, difference]);
  });

  test('what the clock has a say in does not count; what differs most stands first', () => {
    const before = { 'a': history(1), 'b': history(1), 'batch_loss': history(1), 'system/tensors': history(1) };
    const { metrics } = compareHistories(before, { a: history(1), b: history(2) }, 0);
    expect(metrics.map(({ metric, step }) => [metric, step])).toEqual([
      ['b', 1],
      ['a', null],
    ]);
  });
});
