import { describe, expect, it } from 'vitest';
import {
  courseInBlocks,
  describeCourse,
  drawCourse,
  metricOfCourse,
  toCourse,
} from '../../../../src/core/sparks/sparks.ts';
import { t, toRun } from './runs.ts';

const history = (values: readonly number[]) => ({
  values,
  steps: values.map((_, index) => index + 1),
  timestamps: values.map(() => 0),
});
const course = (values: readonly number[], direction: 'minimize' | 'maximize' | null = 'minimize') =>
  toCourse('val_loss', history(values), direction);
const pathOf = (values: readonly number[]): string | undefined =>
  / d="([^"]*)"/.exec(drawCourse(course(values), { line: '#111', best: '#222' }))?.[1];

describe('the picture of a course', () => {
  const check = (name: string, values: readonly number[], path: string): void =>
    it(name, () => expect(pathOf(values)).toBe(path));
  // 220 × 44 with a margin of 4: x from 4 to 216, y from 40 (the least) to 4.
  check('a line from the first point to the last', [3, 1, 2], 'M4 4L110 40L216 22');
  check('a gap where no number is', [0, NaN, 1, 1], 'M4 40h0M145.3 4L216 4');
  check('infinity is no number', [0, 1, Infinity], 'M4 40L110 4');
  check('all the same', [5, 5], 'M4 22L216 22');
  check('as far apart as numbers can be', [-Number.MAX_VALUE, Number.MAX_VALUE], 'M4 40L216 4');

  it('the best is a dot', () => {
    const dotOf = (direction: 'minimize' | 'maximize' | null): string | undefined =>
      /<circle [^>]*>/.exec(drawCourse(course([3, 1, 2], direction), { line: '#111', best: '#222' }))?.[0];
    expect([dotOf('minimize'), dotOf('maximize'), dotOf(null)]).toEqual([
      '<circle cx="110" cy="40" r="3" fill="#222"/>',
      '<circle cx="4" cy="4" r="3" fill="#222"/>',
      undefined,
    ]);
  });
});

it('of a hundred thousand points no spike is lost, and few values travel', () => {
  const values = Array.from({ length: 100_000 }, (_, index) => (index === 77_777 ? 9 : index === 5 ? -9 : index % 2));
  const { values: thin, points, least, greatest, best } = course(values);
  expect([points, least, greatest, thin.length]).toEqual([100_000, -9, 9, 220]);
  expect([Math.max(...thin), Math.min(...thin)]).toEqual([9, -9]);
  expect(best).toEqual({ value: -9, place: 5 / 99_999 });
});

it('without any number nothing is drawn, and it is said', () => {
  expect(pathOf([NaN, NaN])).toBe('');
  expect(course([NaN, NaN]).best).toBeNull();
});

it('in blocks and in words', () => {
  expect(courseInBlocks(course([8, 4, 2, 1]))).toBe('█▄▂▁');
  expect(courseInBlocks(course(Array.from({ length: 240 }, (_, index) => index)))).toHaveLength(24);
  expect(describeCourse(course([8, 4, 1, 2]), t)).toBe(
    'val_loss over 4 points: 1.000 to 8.000, best 1.000, last 2.000',
  );
  expect(describeCourse(course([8, 4], null), t)).toBe('val_loss over 2 points: 4.000 to 8.000, last 4.000');
});

describe('the metric that says most of a run', () => {
  const check = (
    name: string,
    metrics: readonly (readonly [string, number | null])[],
    expected: string | undefined,
  ): void =>
    it(name, () => {
      const { metrics: own } = toRun('a', 1, {});
      const summary = own['val_loss']!;
      const run = { metrics: Object.fromEntries(metrics.map(([key, points]) => [key, { ...summary, points }])) };
      expect(metricOfCourse(run, { metric: 'f1', direction: 'maximize' })).toBe(expected);
    });
  check(
    'the objective',
    [
      ['val_loss', 3],
      ['f1', 3],
    ],
    'f1',
  );
  check('of which a server does not tell how many points it has', [['f1', null]], 'f1');
  check(
    'another where it has one point only',
    [
      ['val_loss', 3],
      ['f1', 1],
    ],
    'val_loss',
  );
  check(
    'the first that is known',
    [
      ['training_loss', 3],
      ['batch_loss', 9],
    ],
    'training_loss',
  );
  check('none', [['speed', 3]], undefined);
});
