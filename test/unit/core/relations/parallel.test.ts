import { describe, expect, it } from 'vitest';
import type { RelationBrush } from '../../../../src/protocol/runsview.ts';
import {
  brushOf,
  dragBrush,
  extentsOf,
  grabBrush,
  moveBrush,
  placeBrushes,
  toggleMissing,
  pressCategory,
  type BrushMove,
} from '../../../../src/core/relations/brushes.ts';
import { brushRuns, placeOf, toDimension, valueAt, type Dimension } from '../../../../src/core/relations/dimensions.ts';
import {
  heightsOf,
  labelsOf,
  nearestLine,
  placeAt,
  planParallel,
  thinTicks,
} from '../../../../src/core/relations/parallel.ts';
import { contrastOf, rampColor } from '../../../../src/core/relations/ramp.ts';

const round = (values: Iterable<number>): number[] => [...values].map((value) => Number(value.toFixed(6)));
const linear = toDimension({ name: 'units', values: [0, 5, 10, null] });
const log = toDimension({ name: 'rate', values: [0.001, 0.01, 0.1, 0.1] });
const words = toDimension({ name: 'activation', values: ['relu', 'elu', 'tanh', 'relu'] });
const alike = toDimension({ name: 'seed', values: [7, 7, 7, 7] });
const axisOf = (dimension: Dimension, isReversed = false) => ({ dimension, isReversed });

describe('places and values', () => {
  const far = toDimension({ name: 'far', values: [-1.5e308, 1.5e308, 0] });
  it.each<[string, Dimension, [value: number, place: number][]]>([
    ['linear', linear, [[0, 0], [2.5, 0.25], [10, 1], [20, 2]]], // prettier-ignore
    ['log', log, [[0.001, 0], [0.01, 0.5], [0.1, 1]]], // prettier-ignore
    ['one value', alike, [[7, 0.5], [10.5, 1]]], // prettier-ignore
    ['as far as numbers go', far, [[-1.5e308, 0], [0, 0.5], [1.5e308, 1]]], // prettier-ignore
  ])('%s', (_, dimension, pairs) => {
    expect(round(pairs.map(([value]) => placeOf(dimension, value)))).toEqual(round(pairs.map(([, place]) => place)));
    for (const [value, place] of pairs) expect(valueAt(dimension, place) / (value || 1)).toBeCloseTo(value && 1, 9);
  });

  it('has no place for what is no number, and shows numbers as far apart as can be', () => {
    expect([placeOf(linear, Infinity), placeOf(log, 0), placeOf(words, 1)]).toEqual([NaN, NaN, NaN]);
    expect(round(far.places)).toEqual([0, 1, 0.5]);
    expect(far.ticks.map(({ label }) => label)).toEqual(['−1.5e308', '0', '1.5e308']);
  });
});

describe('a brush', () => {
  it.each<[string, Dimension, RelationBrush, { low: number; high: number }[]]>([
    ['of numbers', linear, { column: 'x', low: 2.5, high: 5 }, [{ low: 0.25, high: 0.5 }]],
    ['on a log axis', log, { column: 'x', low: 0.001, high: 0.01 }, [{ low: 0, high: 0.5 }]],
    ['of categories side by side', words, { column: 'x', names: ['elu', 'relu'] }, [{ low: -0.05, high: 0.55 }]],
    [
      'of categories apart',
      words,
      { column: 'x', names: ['tanh', 'elu'] },
      [
        { low: -0.05, high: 0.05 },
        { low: 0.95, high: 1.05 },
      ],
    ],
    ['of categories that are not there', words, { column: 'x', names: ['gelu'] }, []],
    ['of numbers on categories', words, { column: 'x', low: 0, high: 1 }, []],
  ])('%s', (_, dimension, brush, expected) => {
    const extents = extentsOf(dimension, brush);
    expect(extents.map(({ low, high }) => round([low, high]))).toEqual(expected.map(({ low, high }) => [low, high]));
  });

  it.each<[string, Dimension, [number, number], RelationBrush | undefined]>([
    ['numbers', linear, [0.25, 0.5], { column: 'x', low: 2.5, high: 5 }],
    ['no farther than the axis', linear, [-3, 9], { column: 'x', low: 0, high: 10 }],
    ['categories', words, [0.4, 1], { column: 'x', names: ['relu', 'tanh'] }],
    ['between categories', words, [0.6, 0.9], undefined],
    ['nothing', toDimension({ name: 'x', values: [null] }), [0, 1], undefined],
  ])('is made of %s', (_, dimension, [low, high], expected) =>
    expect(brushOf('x', dimension, { low, high })).toEqual(expected),
  );

  it('meets the runs whose values it has, ends included, and none where it names nothing', () => {
    const axes = [
      { column: 'a', dimension: log },
      { column: 'b', dimension: words },
    ];
    const met = (...brushes: RelationBrush[]): number[] => [...brushRuns([log, words], placeBrushes(brushes, axes), 4)];
    expect(met({ column: 'a', low: 0.01, high: 0.1 })).toEqual([0, 1, 1, 1]);
    expect(met({ column: 'a', low: 0.01, high: 0.1 }, { column: 'b', names: ['relu', 'tanh'] })).toEqual([0, 0, 1, 1]);
    expect(met({ column: 'b', names: ['gone'] })).toEqual([0, 0, 0, 0]);
    expect(met({ column: 'elsewhere', low: 0, high: 1 })).toEqual([1, 1, 1, 1]);
    const gaps = [{ column: 'g', dimension: toDimension({ name: 'g', values: [1, null, 3, NaN] }) }];
    const met2 = (...brushes: readonly RelationBrush[]): number[] => [
      ...brushRuns([gaps[0]!.dimension], placeBrushes(brushes, gaps), 4),
    ];
    const missing = toggleMissing([], 'g');
    expect(met2(...missing)).toEqual([0, 1, 0, 1]);
    expect(met2(...missing, { column: 'g', low: 2, high: 3 })).toEqual([0, 1, 1, 1]);
    expect(toggleMissing(missing, 'g')).toEqual([]);
    expect(extentsOf(gaps[0]!.dimension, missing[0]!)).toEqual([]);
  });

  it.each<[string, Dimension, RelationBrush | undefined, BrushMove, number, RelationBrush | undefined]>([
    ['begins above', linear, undefined, 'both', 1, { column: 'x', low: 8, high: 10 }],
    ['begins below', linear, undefined, 'both', -1, { column: 'x', low: 0, high: 2 }],
    ['begins with a category', words, undefined, 'both', -1, { column: 'x', names: ['elu'] }],
    ['moves', linear, { column: 'x', low: 0, high: 2 }, 'both', 1, { column: 'x', low: 0.5, high: 2.5 }],
    ['stops at the end', linear, { column: 'x', low: 8, high: 10 }, 'both', 1, { column: 'x', low: 8, high: 10 }],
    ['grows', linear, { column: 'x', low: 4, high: 6 }, 'high', 1, { column: 'x', low: 4, high: 6.5 }],
    ['shrinks', linear, { column: 'x', low: 4, high: 6 }, 'low', 1, { column: 'x', low: 4.5, high: 6 }],
    ['goes to the next category', words, { column: 'x', names: ['elu'] }, 'both', 1, { column: 'x', names: ['relu'] }],
    ['takes a category', words, { column: 'x', names: ['elu'] }, 'high', 1, { column: 'x', names: ['elu', 'relu'] }],
    ['marks all alike', alike, undefined, 'both', 1, { column: 'x', low: 7, high: 7 }],
  ])('by keys %s', (_, dimension, old, edge, by, expected) => {
    const next = moveBrush('x', dimension, old, { edge, by });
    const ends = (brush: RelationBrush | undefined): unknown =>
      brush !== undefined && 'low' in brush ? round([brush.low, brush.high]) : brush;
    expect(ends(next)).toEqual(ends(expected));
  });

  it('is taken by an edge, as a whole, or begun', () => {
    const own: RelationBrush[] = [{ column: 'x', low: 2, high: 6 }];
    const drag = (from: number, to: number): number[] => {
      const grab = grabBrush(linear, own, from, 0.02);
      const { low, high } = dragBrush(grab, to);
      return [grab.index, ...round([low, high])];
    };
    expect(drag(0.6, 0.8)).toEqual([0, 0.2, 0.8]);
    expect(drag(0.21, 0.1)).toEqual([0, 0.1, 0.6]);
    expect(drag(0.21, 0.9)).toEqual([0, 0.6, 0.9]);
    expect(drag(0.4, 0.5)).toEqual([0, 0.3, 0.7]);
    expect(drag(0.4, 1)).toEqual([0, 0.6, 1]);
    expect(drag(0.9, 0.7)).toEqual([-1, 0.7, 0.9]);
    expect(pressCategory('x', words, 0.48)).toEqual({ column: 'x', names: ['relu'] });
    expect(pressCategory('x', words, 0.7)).toBeUndefined();
    expect(pressCategory('x', linear, 0.5)).toBeUndefined();
  });
});

describe('parallel axes', () => {
  const size = { width: 528, height: 268 };

  it('stand at equal distances, with a row below for runs without a value', () => {
    const axes = [axisOf(log), axisOf(linear, true), axisOf(words)];
    const plan = planParallel(axes, size);
    expect(plan).toEqual({ xs: [64, 264, 464], top: 40, bottom: 208, missing: 230, spacing: 200 });
    expect([...heightsOf(axes, plan)]).toEqual([208, 40, 124, 124, 124, 208, 40, 208, 40, 40, 230, 124]);
    expect(planParallel([axisOf(log)], size)).toMatchObject({ xs: [264], bottom: 240, missing: null });
  });

  it('say places and heights both ways, greater above unless reversed', () => {
    const plan = planParallel([axisOf(log)], size);
    expect([40, 140, 240, 999].map((y) => placeAt(plan, y, false))).toEqual([1, 0.5, 0, 0]);
    expect(placeAt(plan, 40, true)).toBe(0);
    expect(labelsOf(axisOf(words, true), plan)).toEqual([
      { y: 40, label: 'elu' },
      { y: 140, label: 'relu' },
      { y: 240, label: 'tanh' },
    ]);
  });

  it('leave out labels that crowd, evenly', () => {
    const ticks = Array.from({ length: 9 }, (_, i) => ({ place: i / 8, label: String(i) }));
    const labels = (length: number): string =>
      thinTicks(ticks, length, 14)
        .map(({ label }) => label)
        .join('');
    expect([200, 60, 30, 5].map(labels)).toEqual(['012345678', '02468', '048', '0']);
  });

  it.each([
    ['on a line', { x: 264, y: 40, reach: 6 }, 0],
    ['between two axes', { x: 164, y: 124, reach: 6 }, 0],
    ['farther than the reach', { x: 164, y: 250, reach: 6 }, -1],
    ['beside the axes', { x: 20, y: 124, reach: 6 }, -1],
    ['near to one that does not count', { x: 464, y: 41, reach: 6 }, 2],
  ])('find the run %s', (_, point, expected) => {
    const axes = [axisOf(log), axisOf(linear, true), axisOf(words)];
    const plan = planParallel(axes, size);
    expect(nearestLine(plan, heightsOf(axes, plan), point, (run) => run !== 3)).toBe(expected);
  });
});

describe('the sequential scale', () => {
  const channels = (color: string): [number, number, number] =>
    color.match(/\d+/g)!.map(Number) as [number, number, number];
  it.each<['dark' | 'light', [number, number, number][]]>([
    ['dark', [[31, 31, 31], [0, 0, 0]]], // prettier-ignore
    ['light', [[255, 255, 255]]],
  ])('stands out from the background in %s, the greater the more', (tone, backgrounds) => {
    const colours = Array.from({ length: 33 }, (_, i) => channels(rampColor(i / 32, tone)));
    for (const background of backgrounds) {
      const contrasts = colours.map((colour) => contrastOf(colour, background));
      expect(Math.min(...contrasts)).toBeGreaterThan(3);
      contrasts.slice(1).forEach((contrast, i) => expect(contrast).toBeGreaterThan(contrasts[i]! - 0.05));
    }
  });

  it('begins and ends with its own colours', () => {
    expect([rampColor(-1, 'dark'), rampColor(0.5, 'dark'), rampColor(2, 'dark')]).toEqual([
      'rgb(91, 127, 230)',
      'rgb(215, 111, 192)',
      'rgb(255, 216, 102)',
    ]);
  });
});
