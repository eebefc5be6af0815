import { describe, expect, it } from 'vitest';
import { chooseRelations } from '../../../../src/core/relations/choosing.ts';
import { toDimension } from '../../../../src/core/relations/dimensions.ts';
import { groupRuns, planGroups } from '../../../../src/core/relations/groups.ts';
import {
  alongFrame,
  histogramOf,
  nearestPoint,
  placeAlong,
  planMatrix,
  planScatter,
  pointsOf,
} from '../../../../src/core/relations/scatter.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';

const round = (values: Iterable<number>): number[] => [...values].map((value) => Number(value.toFixed(4)));

describe('groupRuns', () => {
  const by = [64, 16, 64, null, 16, 64, 'auto'];
  const values = [1, 10, 3, 99, 20, 5, NaN];

  it('puts runs with the same value together, in the order of the values; nothing of what lacks one of both', () => {
    const { groups, more } = groupRuns(by, values, 'deviation');
    expect(groups.map(({ name, runs, box }) => [name, runs, box.mean])).toEqual([
      ['16', [1, 4], 15],
      ['64', [0, 2, 5], 3],
    ]);
    expect(more).toBe(0);
  });

  it.each([
    ['range', [1, 5]],
    ['deviation', [1, 5]],
    ['error', [3 - 2 / Math.sqrt(3), 3 + 2 / Math.sqrt(3)]],
    // Student's t with two degrees of freedom: 4.3027.
    ['confidence', [3 - (4.302653 * 2) / Math.sqrt(3), 3 + (4.302653 * 2) / Math.sqrt(3)]],
  ] as const)('has a band of %s around the mean of 1, 3, 5', (band, expected) => {
    expect(round(groupRuns(by, values, band).groups[1]!.band!)).toEqual(round(expected));
  });

  it('has no band of a single run, and keeps the groups of most runs', () => {
    expect(groupRuns(['a'], [1], 'deviation').groups[0]?.band).toBeNull();
    const many = Array.from({ length: 30 }, (_, i) => i).flatMap((i) => (i < 25 ? [i, i] : [i]));
    const { groups, more } = groupRuns(
      many,
      many.map(() => 1),
      'range',
    );
    expect([groups.length, more, groups.at(-1)?.name]).toEqual([24, 6, '23']);
  });

  it('stands in rows along a common axis; bars from zero', () => {
    const { groups } = groupRuns(by, values, 'range');
    const bars = planGroups(groups, 'bars', { width: 520, height: 200, names: 76 });
    expect(bars).toMatchObject({ left: 100, right: 424, top: 12, bottom: 100 });
    expect(bars.rows.map(({ middle, half }) => [middle, round([half])[0]])).toEqual([
      [34, 13.2],
      [78, 13.2],
    ]);
    expect([bars.x(0), bars.x(10), bars.x(20)]).toEqual([100, 262, 424]);
    expect(bars.ticks.map(({ label }) => label)).toEqual(['0', '10', '20']);
    const low = groupRuns(['a', 'a', 'b'], [50, 52, 54], 'range').groups;
    expect(planGroups(low, 'boxes', { width: 520, height: 200, names: 76 }).x(50)).toBe(100);
    expect(planGroups(low, 'bars', { width: 520, height: 200, names: 76 }).x(0)).toBe(100);
  });
});

describe('scatter', () => {
  const frame = planScatter({ width: 316, height: 280 });
  const axis = (values: (number | string | null)[], isReversed = false) => ({
    dimension: toDimension({ name: 'x', values }),
    isReversed,
  });

  it('puts points where their values are, ten pixels within the frame', () => {
    expect(frame).toEqual({ left: 72, top: 32, right: 292, bottom: 232 });
    const { xs, ys } = pointsOf(frame, axis([0, 5, 10, null]), axis([1, 2, 3, 4], true));
    expect([...xs]).toEqual([82, 182, 282, NaN]);
    expect(round(ys)).toEqual([42, 102, 162, 222]);
    expect(placeAlong(frame, 'x', axis([0, 10]), 132)).toBeCloseTo(0.25, 9);
    expect(placeAlong(frame, 'y', axis([0, 10], true), 0)).toBe(0);
  });

  it('spreads points of a category around it, always alike, and never to the next one', () => {
    const words = axis(['a', 'b', 'c', 'a', 'b', 'c']);
    const { xs } = pointsOf(frame, words, axis([1, 2, 3, 4, 5, 6]));
    const along = alongFrame(frame, 'x', words);
    const step = along(0.5) - along(0);
    words.dimension.places.forEach((place, run) =>
      expect(Math.abs(xs[run]! - along(place))).toBeLessThanOrEqual(0.3 * step + 1e-3),
    );
    expect(xs[0]).not.toBe(xs[3]);
    expect(Math.min(...xs)).toBeGreaterThanOrEqual(82);
    expect([...pointsOf(frame, words, axis([1, 2, 3, 4, 5, 6])).xs]).toEqual([...xs]);
  });

  it.each([
    [{ x: 84, y: 223, reach: 5 }, 0],
    [{ x: 84, y: 223, reach: 1 }, -1],
    [{ x: 282, y: 42, reach: 300 }, 0],
  ])('finds the nearest point to %j', (at, expected) => {
    const points = pointsOf(frame, axis([0, 5, 10]), axis([0, 5, 10]));
    expect(nearestPoint(points, at, (run) => run === 0)).toBe(expected);
  });

  it('lays cells of a matrix row by row, six pixels apart', () => {
    const cells = planMatrix(2, { width: 230, height: 126 });
    expect(cells.map(({ row, column, left, right, top, bottom }) => [row, column, left, right, top, bottom])).toEqual([
      [0, 0, 12, 112, 8, 58],
      [0, 1, 118, 218, 8, 58],
      [1, 0, 12, 112, 64, 114],
      [1, 1, 118, 218, 64, 114],
    ]);
  });

  it.each([
    [[0, 1, 2, 4, null], 4, [1, 1, 1, 1]],
    [['b', 'a', 'b', 'c'], 16, [1, 2, 1]],
    [[7, 7], 2, [0, 2]],
  ] as const)('counts %j in %i bins', (values, bins, expected) => {
    expect([...histogramOf(axis([...values]), () => true, bins)]).toEqual(expected);
  });
});

describe('chooseRelations', () => {
  const run = (index: number, params: Record<string, string>, loss: number | null): RunSummary => {
    const point = { value: loss ?? NaN, step: 1 };
    return {
      ...{ runId: String(index), name: `run ${index}`, experiment: 'e', status: 'FINISHED', startTime: index },
      ...{ endTime: null, parentRunId: null, params, tags: {}, lost: false, artifacts: null },
      metrics: loss === null ? {} : { loss: { points: 1, last: point, min: point, max: point, best: point } },
    };
  };

  it('puts what has most to do with the metric next to it, leaves out what is alike and what only names the run', () => {
    const runs = Array.from({ length: 40 }, (_, i) =>
      run(i, { lr: String(i), units: String((i * 7) % 5), seed: '7', path: `/tmp/${i}` }, i * 2),
    );
    const { axes, metric, scatter, group } = chooseRelations(runs, 'loss');
    expect(axes.map(({ column }) => column)).toEqual(['params.units', 'params.lr', 'metrics.loss']);
    expect([metric, scatter, group]).toEqual(['metrics.loss', { x: 'params.lr', y: 'metrics.loss' }, 'params.units']);
  });

  it.each<[string, RunSummary[], unknown]>([
    ['no runs', [], [[], null, 'start', 'duration', 'experiment']],
    [
      'no metric',
      [run(0, { lr: '1' }, null), run(1, { lr: '2' }, null)],
      [['params.lr'], null, 'params.lr', 'duration', 'params.lr'],
    ],
    [
      'no params',
      [run(0, {}, 1), run(1, {}, 2)],
      [['metrics.loss'], 'metrics.loss', 'start', 'metrics.loss', 'experiment'],
    ],
  ])('has something to show with %s', (_, runs, expected) => {
    const { axes, metric, scatter, group } = chooseRelations(runs, null);
    expect([axes.map(({ column }) => column), metric, scatter.x, scatter.y, group]).toEqual(expected);
  });
});
