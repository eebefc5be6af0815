import { expect, it } from 'vitest';
import { LabelRows } from '../../../../src/core/charts/charts.ts';

it('puts words that would stand over others one row below, and none where all rows are full', () => {
  const rows = new LabelRows();
  const taken = [
    { from: 0, to: 100 },
    { from: 101, to: 200 },
    { from: 50, to: 150 },
    { from: 90, to: 160 },
    { from: 95, to: 155 },
    { from: 151, to: 210 },
  ].map((words) => rows.take(words));
  expect(taken).toEqual([0, 0, 1, 2, undefined, 1]);
});
