import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paintHairs, type HairLine, type Rgba } from '../../../../src/core/charts/hairlines.ts';

const black: Rgba = [0, 0, 0, 255];

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Lines through points in pixels, y from the top; undefined joins, null ends. */
type Points = readonly (readonly [x: number, y: number | null])[];

function paint(size: Size, points: Points, colours: readonly Rgba[] = [black], width = 1): Uint8ClampedArray {
  const x = Float64Array.from(points, ([place]) => place);
  const parts = Float64Array.from(points, ([, y]) => (y === null ? Infinity : 1 - y / size.height));
  return paintAll(
    size,
    x,
    colours.map((colour) => ({ parts, colour, width })),
  );
}

function paintAll({ width, height }: Size, x: Float64Array, lines: readonly HairLine[]): Uint8ClampedArray {
  // Not empty before: what was on it must go.
  const data = new Uint8ClampedArray(4 * width * height).fill(7);
  paintHairs({ x, lines }, { data, width, height });
  return data;
}

/** How opaque each pixel is, in percent, row by row. */
function shades(size: Size, points: Points, width = 1): readonly string[] {
  const data = paint(size, points, [black], width);
  return Array.from({ length: size.height }, (_, row) =>
    Array.from({ length: size.width }, (__, column) =>
      String(Math.round((data[4 * (row * size.width + column) + 3] ?? 0) / 2.55)),
    ).join(' '),
  );
}

describe('paintHairs', () => {
  const cases: readonly (readonly [name: string, points: Points, rows: readonly string[]])[] = [
    [
      'a level line is one pixel high',
      [
        [0, 1.5],
        [4, 1.5],
      ],
      ['0 0 0 0', '100 100 100 100', '0 0 0 0'],
    ],
    [
      'between two rows it is half as strong in each',
      [
        [0, 1],
        [4, 1],
      ],
      ['50 50 50 50', '50 50 50 50', '0 0 0 0'],
    ],
    [
      'an upright line fills its column from end to end',
      [
        [1.5, 0],
        [1.5, 3],
      ],
      ['0 100 0 0', '0 100 0 0', '0 100 0 0'],
    ],
    [
      'up and down within a column is one stretch',
      [
        [1.2, 3],
        [1.5, 1],
        [1.8, 3],
      ],
      ['0 4 0 0', '0 100 0 0', '0 100 0 0'],
    ],
    [
      'a gap stays empty',
      [
        [0, 0.5],
        [1, 0.5],
        [1.5, null],
        [3, 0.5],
        [4, 0.5],
      ],
      ['100 0 0 100', '0 0 0 0', '0 0 0 0'],
    ],
    [
      'what lies outside is cut off',
      [
        [-5, 1.5],
        [9, 1.5],
      ],
      ['0 0 0 0', '100 100 100 100', '0 0 0 0'],
    ],
  ];
  it.each(cases)('%s', (_name, points, rows) => {
    expect(shades({ width: 4, height: 3 }, points)).toEqual(rows);
  });

  const widths: readonly (readonly [name: string, width: number, points: Points, rows: readonly string[]])[] = [
    [
      'a level line is as high as it is wide',
      2.5,
      [
        [0, 2.5],
        [5, 2.5],
      ],
      ['0 0 0 0 0', '75 75 75 75 75', '100 100 100 100 100', '75 75 75 75 75', '0 0 0 0 0'],
    ],
    [
      'an upright line covers columns beside its own, the outermost in part',
      2.5,
      [
        [2.5, 1],
        [2.5, 4],
      ],
      ['0 0 0 0 0', '0 75 100 75 0', '0 75 100 75 0', '0 75 100 75 0', '0 0 0 0 0'],
    ],
    [
      'an upright line three columns wide covers all of them',
      3,
      [
        [2.5, 0],
        [2.5, 5],
      ],
      Array.from({ length: 5 }, () => '0 100 100 100 0'),
    ],
    [
      'of one that lies outside what reaches into the picture is seen',
      5,
      [
        [-0.5, 0],
        [-0.5, 5],
      ],
      Array.from({ length: 5 }, () => '100 100 0 0 0'),
    ],
  ];
  it.each(widths)('of more than a pixel: %s', (_name, width, points, rows) => {
    expect(shades({ width: 5, height: 5 }, points, width)).toEqual(rows);
  });

  it('paints a wide line the same wherever it is cut into tiles', () => {
    const size = { width: 60, height: 1500 };
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(
        values,
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 1, max: 8, noNaN: true }),
        (own, by, width) => {
          const parts = Float64Array.from(own);
          const [here, there] = [20, 20 + by].map((from) => {
            const x = Float64Array.from(own, (_, i) => from + i + 0.25);
            return new Uint32Array(paintAll(size, x, [{ parts, colour: black, width }]).buffer);
          });
          const columns = Array.from({ length: 40 }, (_, column) => column + 10);
          for (const column of columns)
            for (let row = 0; row < size.height; row += 7)
              if (here?.[row * 60 + column] !== there?.[row * 60 + column + by])
                expect.fail(`Column ${column} of row ${row} is another one ${by} columns on.`);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('goes the whole way of a slanting line', () => {
    expect(
      shades({ width: 3, height: 3 }, [
        [0, 0],
        [3, 3],
      ]).map((row) => row.split(' ').map((shade) => Number(shade) > 50)),
    ).toEqual([
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ]);
  });

  it('blends a line over the others as a canvas does', () => {
    const size = { width: 1, height: 1 };
    const points: Points = [
      [0, 0.5],
      [1, 0.5],
    ];
    // Half red over half blue.
    const [red, green, blue, alpha] = paint(size, points, [
      [0, 0, 255, 128],
      [255, 0, 0, 128],
    ]);
    expect(alpha).toBeCloseTo(192, -0.7);
    expect(green).toBe(0);
    expect(red).toBeCloseTo(170, -0.7);
    expect(blue).toBeCloseTo(85, -0.7);
  });

  it('shows the uppermost of many lines', () => {
    const [x, parts] = [Float64Array.of(0, 4), Float64Array.of(0.5, 0.5)];
    const lines = Array.from({ length: 30 }, (_, index): HairLine => ({ parts, colour: [8 * index, 0, 0, 255] }));
    const data = paintAll({ width: 4, height: 1 }, x, lines);
    expect([...data.slice(0, 4)]).toEqual([232, 0, 0, 255]);
  });

  it('loses no extreme, wherever it lies and however the picture is cut into tiles', () => {
    const size = { width: 40, height: 1500 };
    const value = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 1499 }).map((row) => (row + 0.5) / 1500) },
      { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity) },
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 80, maxLength: 80 }), (values) => {
        const x = Float64Array.from(values, (_, i) => i / 2 + 0.25);
        const data = paintAll(size, x, [{ parts: Float64Array.from(values), colour: black }]);
        values.forEach((part, i) => {
          const neighbours = [
            values.slice(0, i).findLast((other) => !Number.isNaN(other)),
            values.slice(i + 1).find((other) => !Number.isNaN(other)),
          ];
          // A point between gaps has no line to lie on.
          if (!Number.isFinite(part) || !neighbours.some((other) => Number.isFinite(other))) return;
          const row = Math.floor((1 - part) * size.height);
          const near = [row - 1, row, row + 1].map((at) => data[4 * (at * size.width + Math.floor(i / 2)) + 3] ?? 0);
          expect(Math.max(...near)).toBeGreaterThan(100);
        });
      }),
      { numRuns: 20 },
    );
  });
});
