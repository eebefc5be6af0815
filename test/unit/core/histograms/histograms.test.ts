import { describe, expect, it } from 'vitest';
import {
  areHistograms,
  binAt,
  densities,
  fullestBin,
  shade,
  toHistograms,
  totalOf,
  valueSpan,
} from '../../../../src/core/histograms/histograms.ts';
import type { Histograms } from '../../../../src/protocol/histograms.ts';

const read = (value: unknown): Histograms => {
  const got = toHistograms(value);
  if ('fault' in got) throw new Error(got.fault);
  return got.histograms;
};
/** Bins of the widths 1 and 3. */
const uneven = read({
  steps: [0, 10],
  edges: [0, 1, 4],
  counts: [
    [2, 6],
    [0, 0],
  ],
});
const own = read({
  steps: [1, 2],
  edges: [
    [0, 1, 2],
    [-2, 0, 2],
  ],
  counts: [
    [1, 3],
    [4, 0],
  ],
});

it.each([
  ['histograms/w.json', true],
  ['histograms/dense/kernel.JSON', true],
  ['histograms/.json', false],
  ['a/histograms/w.json', false],
  ['histograms/w.csv', false],
])('%s are histograms: %s', (path, expected) => expect(areHistograms(path)).toBe(expected));

describe('what is read', () => {
  const good = {
    steps: [0, 1],
    edges: [0, 1, 2],
    counts: [
      [1, 2],
      [3, 4],
    ],
  };

  it('is what was written; edges that are the same for all steps stand there once', () => {
    expect(read(good)).toEqual({ ...good, edges: [good.edges] });
    expect(read({ ...good, edges: [good.edges, good.edges], more: 'of others' })).toEqual(read(good));
    expect(own.edges.length).toBe(2);
  });

  it.each([
    [null, 'It must be a mapping of "steps", "edges" and "counts".'],
    [[], 'It must be a mapping of "steps", "edges" and "counts".'],
    [{}, '"steps" is missing.'],
    [{ ...good, steps: 3 }, 'steps is no list.'],
    [{ ...good, steps: [] }, 'steps has 0 entries; it needs at least 1.'],
    [{ ...good, steps: [0, 0.5] }, 'steps[1] is no whole number.'],
    [{ ...good, steps: [1, 1] }, 'steps[1] is not greater than the one before it.'],
    [{ ...good, edges: [0] }, 'edges has 1 entries; it needs at least 2.'],
    [{ ...good, edges: [0, 1, 1] }, 'edges[2] is not greater than the one before it.'],
    [{ ...good, edges: [0, 1, Infinity] }, 'edges[2] is no finite number.'],
    [{ ...good, edges: [-1e308, 0, 1e308] }, 'edges are too far apart.'],
    [{ ...good, edges: [[0, 1, 2]] }, 'edges has 1 lists for 2 steps: one for each step, or one list for all.'],
    [
      {
        ...good,
        edges: [
          [0, 1, 2],
          [0, '1'],
        ],
      },
      'edges[1][1] is no finite number.',
    ],
    [{ ...good, counts: [[1, 2]] }, 'counts has 1 lists for 2 steps: each step needs one.'],
    [{ ...good, counts: [[1, 2], [3]] }, 'counts[1] has 1 numbers for 2 bins: one less than there are edges.'],
    [
      {
        ...good,
        counts: [
          [1, 2],
          [3, -1],
        ],
      },
      'counts[1][1] is no whole number from 0 on.',
    ],
    [{ ...good, counts: [[1, 2], null] }, 'counts[1] is no list.'],
    [
      { ...good, steps: Array.from({ length: 10_001 }, (_, i) => i) },
      'steps has 10001 entries; at most 10000 are drawn.',
    ],
    [
      { ...good, steps: Array.from({ length: 1000 }, (_, i) => i), edges: Array.from({ length: 1001 }, (_, i) => i) },
      'There are 1000000 bins of all steps; at most 500000 are drawn.',
    ],
  ])('%j: %s', (value, fault) => expect(toHistograms(value)).toEqual({ fault }));
});

describe('what is drawn', () => {
  it('are parts for each unit of value, so that wide bins do not look full', () => {
    // 2 of 8 over a width of 1; 6 of 8 over a width of 3.
    expect(densities(uneven, 0)).toEqual([0.25, 0.25]);
    expect(densities(uneven, 1)).toEqual([0, 0]);
    expect(densities(own, 1)).toEqual([0.5, 0]);
    expect(densities(read({ steps: [0], edges: [0, 5e-324], counts: [[1]] }), 0)).toEqual([Number.MAX_VALUE]);
  });

  it('is found by its value', () => {
    expect([totalOf(uneven, 0), totalOf(uneven, 1), fullestBin(uneven, 0), fullestBin(uneven, 1)]).toEqual([
      8, 0, 1, -1,
    ]);
    expect([-0.1, 0, 0.9, 1, 4, 4.1].map((value) => binAt(uneven, 0, value))).toEqual([-1, 0, 0, 1, 1, -1]);
    expect(valueSpan(own)).toEqual([-2, 2]);
  });

  it('is a step beside the other, the greatest value on top', () => {
    // Greatest density: 3 of 4 within 1 … 2 of the first step; 1 of 4 within 0 … 1; all of the second within −2 … 0, half as dense a unit.
    const { cells } = shade(own, { width: 2, height: 4 });
    const third = 1 / 3;
    expect([...cells].map((cell) => Number(cell.toFixed(6)))).toEqual(
      [1, 0, third, 0, 0, 2 * third, 0, 2 * third].map((cell) => Number(cell.toFixed(6))),
    );
  });

  it('loses nothing where there are more steps or bins than pixels', () => {
    const steps = Array.from({ length: 100 }, (_, i) => i);
    const edges = Array.from({ length: 101 }, (_, i) => i);
    const counts = steps.map((step) => edges.slice(1).map((_, bin) => (step === 37 && bin === 61 ? 1 : 0)));
    const { cells } = shade(read({ steps, edges, counts }), { width: 10, height: 5 });
    // The step at 3.7 of 10 pixels, the bin from 1.9 to 1.95 of 5 pixels from the top.
    expect([...cells].flatMap((cell, i) => (cell === 0 ? [] : [[i % 10, Math.floor(i / 10), cell]]))).toEqual([
      [4, 2, 1],
    ]);
    expect(shade(uneven, { width: 0, height: 0 }).cells.length).toBe(0);
  });
});
