import { describe, expect, it } from 'vitest';
import type { ChartAsk } from '../../../../src/core/charts/asking.ts';
import { ChartBook } from '../../../../src/core/charts/book.ts';
import { crowdOf } from '../../../../src/core/charts/crowd.ts';
import { toLine } from '../../../../src/core/charts/series.ts';
import { smooth } from '../../../../src/core/charts/smoothing.ts';
import type { RunPoints } from '../../../../src/protocol/chartfeed.ts';

/** Values at steps 1, 2, 3 …, two seconds apart from second 10 on. */
const points = (runId: string, metric: string, values: readonly number[], from = 0): RunPoints => ({
  ...{ runId, metric, from },
  steps: Float64Array.from(values, (_, i) => from + i + 1),
  values: Float64Array.from(values),
  times: Float64Array.from(values, (_, i) => 10_000 + 2000 * (from + i)),
});

const runs = ['a', 'b', 'c'].map((runId) => ({ runId, start: 10_000, perEpoch: 2 }));
const loss = { text: 'loss', isExpression: false, isByBatch: false };
const plain: ChartAsk = {
  ...{ id: 'loss', runs, measures: [loss], crowd: [], raw: [], isLogX: false, scale: 'linear', smoothing: null },
  lines: runs.map((_, run) => ({ runs: [run], measure: 0 })),
  axis: { kind: 'step' },
  ...{ band: 'range', isClipped: false, window: null, isGrowing: false, columns: 100, best: null },
};

function bookOf(...series: readonly RunPoints[]): ChartBook {
  const book = new ChartBook();
  expect(book.take(series)).toBe(true);
  return book;
}

/** Row by row: joined values as `undefined`, gaps as `null`. */
function rowsOf(book: ChartBook, ask: Partial<ChartAsk> = {}): unknown {
  const { x, ys } = book.draw({ ...plain, ...ask });
  const rows = Array.from({ length: ys.length / Math.max(1, x.length) }, (_, row) =>
    [...ys.subarray(row * x.length, (row + 1) * x.length)].map((y) =>
      Number.isNaN(y) ? undefined : y === Infinity ? null : Number(y.toFixed(9)),
    ),
  );
  return { x: [...x].map((value) => Number(value.toFixed(9))), rows };
}

describe('ChartBook', () => {
  const abc = [points('a', 'loss', [4, 2, 1]), points('b', 'loss', [3, NaN, 5]), points('c', 'loss', [2])];

  it.each<[string, Partial<ChartAsk>, number[], (number | null | undefined)[][]]>([
    [
      'by step',
      {},
      [1, 2, 3],
      [
        [4, 2, 1],
        [3, null, 5],
        [2, undefined, undefined],
      ],
    ],
    [
      'by relative time in seconds',
      { axis: { kind: 'relative' }, lines: [{ runs: [0], measure: 0 }] },
      [0, 2, 4],
      [[4, 2, 1]],
    ],
    [
      'by epoch, of batches',
      { axis: { kind: 'epoch' }, measures: [{ ...loss, isByBatch: true }], lines: [{ runs: [0], measure: 0 }] },
      [0.5, 1, 1.5],
      [[4, 2, 1]],
    ],
    [
      'over a log axis',
      { isLogX: true, lines: [{ runs: [0], measure: 0 }] },
      [0, Math.log10(2), Math.log10(3)].map((x) => Number(x.toFixed(9))),
      [[4, 2, 1]],
    ],
    [
      'by another metric',
      { axis: { kind: 'metric', metric: 'loss' }, lines: [{ runs: [0], measure: 0 }] },
      [1, 2, 4],
      [[1, 2, 4]],
    ],
    [
      'as an expression',
      {
        measures: [{ text: '2 * "loss" + 1', isExpression: true, isByBatch: false }],
        lines: [{ runs: [0], measure: 0 }],
      },
      [1, 2, 3],
      [[9, 5, 3]],
    ],
    [
      'smoothed, with what was measured behind',
      { smoothing: { kind: 'mean', weight: 0.5 }, raw: [0], lines: [{ runs: [0], measure: 0 }] },
      [1, 2, 3],
      [
        [4, 2, 1],
        [...smooth(Float64Array.of(4, 2, 1), { kind: 'mean', weight: 0.5 })].map((y) => Number(y.toFixed(9))),
      ],
    ],
    ['of runs that nobody knows', { lines: [{ runs: [9], measure: 0 }] }, [], []],
  ])('draws lines %s', (_, ask, x, rows) => expect(rowsOf(bookOf(...abc), ask)).toEqual({ x, rows }));

  it('takes appended points, and says when some are missing between', () => {
    const book = bookOf(points('a', 'loss', [4, 2]));
    expect(book.take([points('a', 'loss', [1], 2)])).toBe(true);
    expect(rowsOf(book)).toMatchObject({ x: [1, 2, 3] });
    expect(book.take([points('a', 'loss', [1], 9)])).toBe(false);
    book.keep(['b'], ['loss']);
    expect(rowsOf(book)).toMatchObject({ x: [] });
  });

  it('lays other axes and expressions anew when points come', () => {
    const book = bookOf(points('a', 'loss', [4, 2]));
    const ask = { axis: { kind: 'relative' }, lines: [{ runs: [0], measure: 0 }] } as const;
    expect(rowsOf(book, ask)).toMatchObject({ x: [0, 2] });
    book.take([points('a', 'loss', [1], 2)]);
    expect(rowsOf(book, ask)).toMatchObject({ x: [0, 2, 4] });
  });

  it('draws groups as mean and band', () => {
    const book = bookOf(points('a', 'loss', [4, 2]), points('b', 'loss', [2, 6]), points('c', 'loss', [7]));
    const answer = book.draw({
      ...plain,
      lines: [
        { runs: [0, 1], measure: 0 },
        { runs: [2], measure: 0 },
      ],
    });
    expect([...answer.ys]).toEqual([3, 4, 7, NaN]);
    expect(answer.areas.map(([line, { low, high }]) => [line, [...low], [...high]])).toEqual([
      [0, [2, 2], [4, 6]],
      [1, [7], [7]],
    ]);
    expect(answer.range).toEqual({ min: 2, max: 7 });
    book.take([points('b', 'loss', [0], 2)]);
    expect([...book.draw({ ...plain, lines: [{ runs: [0, 1], measure: 0 }] }).ys]).toEqual([3, 4, 0]);
  });

  it('averages runs whose points lie nowhere together at evenly many places', () => {
    const book = new ChartBook();
    for (const [at, runId] of ['a', 'b'].entries())
      book.take([
        {
          ...{ runId, metric: 'loss', from: 0 },
          steps: Float64Array.from({ length: 15_000 }, (_, i) => i + at / 2),
          values: new Float64Array(15_000).fill(1 + at),
          times: new Float64Array(15_000),
        },
      ]);
    const { areas, last } = book.draw({ ...plain, columns: 4000, lines: [{ runs: [0, 1], measure: 0 }] });
    expect(areas[0]?.[1].x.length).toBe(2000);
    expect(areas[0]?.[1].high[1000]).toBe(2);
    expect([...last]).toEqual([2]);
  });

  it('finds the whole of a line, leaves room for what comes, and shows what it is told to', () => {
    const book = bookOf(
      points(
        'a',
        'loss',
        Array.from({ length: 24 }, (_, i) => i),
      ),
    );
    expect(book.draw(plain).whole).toEqual({ min: 1, max: 24 });
    expect(book.draw({ ...plain, isGrowing: true }).window).toEqual({ min: 1, max: 30 });
    const zoomed = book.draw({ ...plain, isGrowing: true, window: { min: 3, max: 5 } });
    expect([zoomed.window, zoomed.range]).toEqual([
      { min: 3, max: 5 },
      { min: 2, max: 4 },
    ]);
    expect(new ChartBook().draw(plain)).toMatchObject({
      whole: null,
      range: { min: 0, max: 1 },
      last: new Float64Array([NaN, NaN, NaN]),
    });
  });

  it('leaves outliers out of the range and counts them', () => {
    const values = Array.from({ length: 100 }, (_, i) => (i === 50 ? 1e6 : i));
    const answer = bookOf(points('a', 'loss', values)).draw({ ...plain, isClipped: true });
    expect([answer.range, answer.outside]).toEqual([{ min: 0, max: 150 }, 1]);
    // Smoothed, too: what was measured is told, and each value once.
    const smoothing = { kind: 'mean', weight: 0.01 } as const;
    for (const raw of [[0], []]) {
      const smoothed = bookOf(points('a', 'loss', values)).draw({ ...plain, isClipped: true, smoothing, raw });
      expect([raw, smoothed.outside]).toEqual([raw, 1]);
    }
  });

  it('ends with what was measured, however it is smoothed', () => {
    const smoothing = { kind: 'exponential', weight: 0.9 } as const;
    const { last } = bookOf(points('a', 'loss', [4, 2, 1])).draw({ ...plain, smoothing });
    expect(last[0]).toBe(1);
  });

  it.each([
    ['minimize', { line: 0, x: 3, value: 1 }],
    ['maximize', { line: 1, x: 3, value: 5 }],
  ] as const)('finds the best point, %s', (direction, best) =>
    expect(bookOf(...abc).draw({ ...plain, best: { lines: [0, 1, 2], direction } }).best).toEqual(best),
  );

  it('reads all lines at the cursor, the nearest point of each, nothing beyond its ends', () => {
    const book = bookOf(points('a', 'loss', [4, 2, 1]), points('b', 'loss', [3, 3, 3, 9]));
    book.draw(plain);
    const at = (move: Parameters<ChartBook['read']>[1]): unknown => {
      const { x, values } = book.read('loss', move) ?? {};
      return [x, [...(values ?? [])]];
    };
    expect(at({ near: 2.4 })).toEqual([2, [2, 3, NaN]]);
    expect(at('first')).toEqual([1, [4, 3, NaN]]);
    expect(at('last')).toEqual([4, [NaN, 9, NaN]]);
    expect(at({ from: 1, by: 2 })).toEqual([3, [1, 3, NaN]]);
    expect(at({ from: 3, by: -9 })).toEqual([1, [4, 3, NaN]]);
    expect(book.read('other', 'first')).toBeUndefined();
  });

  it('gives the last numbers, newest first, and sparks', () => {
    const book = bookOf(points('a', 'loss', [4, 2, 1]), points('b', 'loss', [3]));
    book.draw(plain);
    const { x, values, total } = book.numbers('loss', [1, 0], 2);
    expect([[...x], [...values], total]).toEqual([[3, 2], [NaN, NaN, 1, 2], 3]);
    expect(book.sparks(['b', 'nobody'], 'loss')).toEqual([
      { runId: 'b', steps: Float64Array.of(1), values: Float64Array.of(3) },
    ]);
    const many = bookOf(
      points(
        'a',
        'loss',
        Array.from({ length: 5000 }, (_, i) => (i === 4321 ? 9 : 0)),
      ),
    );
    const [spark] = many.sparks(['a'], 'loss');
    expect([spark!.values.length <= 48, Math.max(...spark!.values)]).toEqual([true, 9]);
  });

  it('says where an expression is wrong', () =>
    expect(
      bookOf(...abc).draw({ ...plain, measures: [{ text: '2 *', isExpression: true, isByBatch: false }] }),
    ).toMatchObject({ problem: { column: 4 }, whole: null }));

  it('outlives extreme numbers', () => {
    const book = bookOf(
      points('a', 'loss', [1e308, -1e308, 1e-308, Infinity, -Infinity, NaN]),
      points('b', 'loss', [NaN]),
    );
    for (const scale of ['linear', 'log', 'symlog'] as const)
      for (const isClipped of [true, false]) {
        const { range, marks } = book.draw({ ...plain, scale, isClipped });
        expect([Number.isFinite(range.min), Number.isFinite(range.max), range.max > range.min]).toEqual([
          true,
          true,
          true,
        ]);
        expect(marks.map(({ edge }) => edge)).toEqual(['top', 'bottom']);
      }
  });
});

describe('crowdOf', () => {
  const line = (steps: readonly number[], values: readonly number[]) =>
    toLine({ steps: Float64Array.from(steps), values: Float64Array.from(values) });

  it('is the area between the least and the greatest of all lines, straight between their points', () => {
    const { x, low, high } = crowdOf([line([0, 4], [0, 8]), line([1, 2, 3], [5, 5, 5])], {
      min: 0,
      max: 4,
      columns: 4,
    });
    expect([[...x], [...low], [...high]]).toEqual([
      [0.5, 1.5, 2.5, 3.5],
      [0, 3, 5, 5],
      [0, 5, 5, 8],
    ]);
  });

  it('keeps a spike of one sample and ends at a gap', () => {
    const spiky = line(
      Array.from({ length: 1000 }, (_, i) => i),
      Array.from({ length: 1000 }, (_, i) => (i === 777 ? 9 : i < 500 ? NaN : 1)),
    );
    const { low, high } = crowdOf([spiky], { min: 0, max: 1000, columns: 10 });
    expect([...high]).toEqual([NaN, NaN, NaN, NaN, NaN, 1, 1, 9, 1, 1]);
    expect([...low]).toEqual([NaN, NaN, NaN, NaN, NaN, 1, 1, 1, 1, 1]);
  });
});
