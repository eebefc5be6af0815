import { describe, expect, test } from 'vitest';
import { filterRuns, parseRunFilter } from '../../../../src/core/tracking/tracking.ts';
import type { MetricSummary, RunSummary } from '../../../../src/protocol/tracking.ts';

const metric = (last: number, best: number): MetricSummary => ({
  points: 2,
  last: { value: last, step: 2 },
  min: { value: Math.min(last, best), step: 1 },
  max: { value: Math.max(last, best), step: 1 },
  best: { value: best, step: 1 },
});

const base: RunSummary = {
  runId: 'a'.repeat(32),
  name: 'happy-lark',
  experiment: 'digits',
  status: 'FINISHED',
  startTime: Date.UTC(2026, 10, 20),
  endTime: Date.UTC(2026, 10, 20, 0, 1),
  parentRunId: null,
  params: { 'training.learning_rate': '0.01', 'model.name': 'cnnbased', 'lr': '0.1', 'odd name': 'x' },
  tags: { 'mlops.config': 'configs/cnnbased.yaml', 'mlflow.user': 'me', 'mlflow.runName': 'happy-lark' },
  metrics: { 'val_loss': metric(0.4, 0.25), 'val/acc': metric(0.9, 0.95), 'broken': metric(NaN, 0) },
  lost: false,
  artifacts: null,
};
const other: RunSummary = {
  ...base,
  runId: 'b'.repeat(32),
  name: 'sad-owl',
  status: 'RUNNING',
  endTime: null,
  metrics: {},
};
const lost: RunSummary = { ...other, runId: 'c'.repeat(32), name: 'gone', lost: true };
const runs = [base, other, lost];

const select = (text: string): string =>
  filterRuns(runs, parseRunFilter(text))
    .map(({ runId }) => runId[0])
    .join('');

describe('which runs fit', () => {
  test.each([
    ['val_loss < 0.5', 'a'],
    ['val_loss < 0.3', ''],
    ['best(val_loss) < 0.3', 'a'],
    ['min(val_loss)<=.25 AND max(val_loss) >= 4e-1', 'a'],
    ['val_loss < 0.5 and model = "cnnbased" and status = FINISHED', 'a'],
    ['status = RUNNING', 'b'],
    ['status = LOST or status = FINISHED', 'ac'],
    ['not (status = FINISHED or lr != 0.1)', 'bc'],
    ['learning_rate = 0.010', 'abc'],
    ["params.lr = '0.1'", 'abc'],
    ["params.lr = '0.10'", ''],
    ['training.learning_rate < 1e-1', 'abc'],
    ["metrics.val_loss > 0.3 and attributes.status = 'FINISHED' and tags.\"mlflow.runName\" LIKE 'happy%'", 'a'],
    ['metrics.`val/acc` >= 0.9', 'a'],
    ['val/acc >= 0.9', 'a'],
    ['params."odd name" = x', 'abc'],
    ["name ilike '%OWL'", 'b'],
    ["name not like '%a%'", 'c'],
    ["name like 'sad_owl'", 'b'],
    ["status in ('FINISHED', LOST)", 'ac'],
    ['status not in (FINISHED, LOST)', 'b'],
    ['val_loss is null', 'bc'],
    ['metrics.val_loss is not null', 'a'],
    ['broken = 0', ''],
    ['broken != 0', 'a'],
    ['startTime > "2026-11-19" and start_time < 2e12', 'abc'],
    ['duration >= 60', 'a'],
    ['val_loss != 0.4', ''],
    ['status = FINISHED or status = RUNNING and val_loss > 1', 'a'],
  ])('%s', (text, expected) => expect(select(text)).toBe(expected));
});

describe('mistakes', () => {
  test.each([
    ['', 'Column 1 of the filter: the name of a metric'],
    ['val_loss', 'Column 9 of the filter: a comparison is expected'],
    ['val_loss <', 'Column 11 of the filter: a number or a text is expected'],
    ['val_loss < 1 2', 'Column 14 of the filter: "and" or "or" is expected before 2'],
    ['(val_loss < 1', 'Column 14 of the filter: ")" is expected'],
    ['val_loss = "a', 'Column 12 of the filter: a text begins with " and does not end'],
    ['val_loss ; 1', 'Column 10 of the filter: ; is not understood'],
    ['status is not nothing', 'Column 15 of the filter: "null" is expected'],
    ['status not = 1', 'Column 12 of the filter: a comparison is expected'],
    ['1 < val_loss', 'Column 1 of the filter: the name'],
  ])('%s', (text, message) => expect(() => parseRunFilter(text)).toThrow(message));

  test('a name that no run has', () => {
    expect(() => select('val_los < 1')).toThrow(
      'There is no metric, param, tag or attribute "val_los". Did you mean "val_loss"',
    );
    expect(filterRuns([], parseRunFilter('anything = 1'))).toEqual([]);
  });
});
