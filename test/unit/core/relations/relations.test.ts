import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../../src/core/random/random.ts';
import { boxesOf } from '../../../../src/core/relations/boxes.ts';
import {
  brushRuns,
  moveAxis,
  orderAxes,
  ranksOf,
  spearman,
  toDimension,
  type Variable,
} from '../../../../src/core/relations/dimensions.ts';
import { paramImportance } from '../../../../src/core/relations/importance.ts';

const round = (values: Iterable<number>): number[] => [...values].map((value) => Number(value.toFixed(6)));

describe('toDimension', () => {
  it.each<[string, Variable['values'], string, number[], string[]]>([
    ['numbers', [0, 5, 10], 'linear', [0, 0.5, 1], ['0', '5', '10']],
    ['texts of numbers', ['16', '32', null], 'linear', [0, 1, NaN], ['16', '32']],
    ['numbers over orders of magnitude', ['0.0001', '0.001', '0.01'], 'log', [0, 0.5, 1], ['0.0001', '0.001', '0.01']],
    ['numbers with zero', [0, 1, 1000], 'linear', [0, 0.001, 1], ['0', '500', '1000']],
    ['infinities and NaN', [1, Infinity, NaN, 3, 'nan'], 'linear', [0, NaN, NaN, 1, NaN], ['1', '3']],
    ['one value', ['128', '128'], 'linear', [0.5, 0.5], ['128']],
    ['categories', ['relu', null, 'elu', 'tanh', 'relu'], 'category', [0.5, NaN, 0, 1, 0.5], ['elu', 'relu', 'tanh']],
    ['one category', ['adam', 'adam'], 'category', [0.5, 0.5], ['adam']],
    ['numbers and words', ['1', 'auto'], 'category', [0, 1], ['1', 'auto']],
    ['names of nothing', ['__proto__', 'constructor'], 'category', [0, 1], ['__proto__', 'constructor']],
    ['no value at all', [null, null], 'linear', [NaN, NaN], []],
  ])('%s', (_, values, kind, places, labels) => {
    const dimension = toDimension({ name: 'x', values });
    expect([dimension.kind, round(dimension.places)]).toEqual([kind, places]);
    if (labels.length > 0) expect(dimension.ticks.map(({ label }) => label)).toEqual(labels);
  });

  it('is linear or log as it is told', () => {
    expect(toDimension({ name: 'x', values: [1, 10, 100] }, { scale: 'linear' }).kind).toBe('linear');
    expect(round(toDimension({ name: 'x', values: [1, 2, 4] }, { scale: 'log' }).places)).toEqual([0, 0.5, 1]);
    expect(toDimension({ name: 'x', values: [0, 2] }, { scale: 'log' }).kind).toBe('linear');
  });
});

describe('axes', () => {
  const dimensions = [
    toDimension({ name: 'noise', values: [3, 1, 4, 1, 5, 9] }),
    toDimension({ name: 'loss', values: [1, 2, 3, 4, 5, 6] }),
    toDimension({ name: 'rate', values: [6, 5, 4, 3, 2, 1] }),
    toDimension({ name: 'constant', values: [1, 1, 1, 1, 1, null] }),
  ];
  it.each([
    [[], [1, 1, 1, 1, 1, 1]],
    [[{ dimension: 1, low: 0.2, high: 0.6 }], [0, 1, 1, 1, 0, 0]],
    [
      [
        { dimension: 1, low: 0.2, high: 0.6 },
        { dimension: 0, low: 0, high: 0 },
      ],
      [0, 1, 0, 1, 0, 0],
    ],
    [
      [
        { dimension: 1, low: 0, high: 0.1 },
        { dimension: 1, low: 0.9, high: 1 },
      ],
      [1, 0, 0, 0, 0, 1],
    ],
    [[{ dimension: 3, low: 0, high: 1 }], [1, 1, 1, 1, 1, 0]],
    [[{ dimension: 9, low: 0, high: 1 }], [0, 0, 0, 0, 0, 0]],
  ])('brushed by %j', (brushes, expected) => expect([...brushRuns(dimensions, brushes, 6)]).toEqual(expected));

  it('are ordered by what they have to do with the target, which is last', () => {
    expect(orderAxes(dimensions, 1)).toEqual([3, 0, 2, 1]);
  });

  it.each([
    [0, 2, ['b', 'c', 'a', 'd']],
    [3, 0, ['d', 'a', 'b', 'c']],
    [1, 1, ['a', 'b', 'c', 'd']],
    [0, 99, ['b', 'c', 'd', 'a']],
    [9, 0, ['a', 'b', 'c', 'd']],
  ])('moved from %i to %i', (from, to, expected) => expect(moveAxis(['a', 'b', 'c', 'd'], from, to)).toEqual(expected));
});

describe('spearman', () => {
  it.each([
    [[1, 2, 3], [10, 20, 15], 0.5],
    [[1, 2, 2, 3], [1, 2, 3, 4], 0.948683298],
    [[1, NaN, 3, 4], [1, 9, 3, 2], 0.5],
    [[1, 1], [1, 2], NaN],
  ])('%j %j', (a, b, expected) => {
    const value = spearman(Float64Array.from(a), Float64Array.from(b));
    if (Number.isNaN(expected)) expect(value).toBeNaN();
    else expect(value).toBeCloseTo(expected, 8);
  });

  it('ranks as counting what is less and equal does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 30 }), (values) => {
        const expected = values.map(
          (value) =>
            values.filter((other) => other < value).length + (values.filter((other) => other === value).length - 1) / 2,
        );
        expect([...ranksOf(Float64Array.from(values))]).toEqual(expected);
      }),
    );
  });
});

describe('paramImportance', () => {
  const random = createRandom(11);
  const uniform = (count: number): number[] => Array.from({ length: count }, () => random());
  const runs = 150;
  const [strong, weak, noise, second] = [uniform(runs), uniform(runs), uniform(runs), uniform(runs)] as [
    number[],
    number[],
    number[],
    number[],
  ];
  const activation = strong.map((_, i) => ['relu', 'tanh', 'elu'][i % 3]!);
  const params = (...named: [string, (string | number | null)[]][]): Variable[] =>
    named.map(([name, values]) => ({ name, values }));
  const at = (names: Variable[], objective: (number | null)[]) => {
    const found = paramImportance(names, objective, 7);
    return { ...found, share: Object.fromEntries(found?.params.map(({ name, share }) => [name, share]) ?? []) };
  };

  it('finds what the objective is made of, and that the rest is nothing', () => {
    const {
      share,
      params: found,
      explained,
    } = at(
      params(['noise', noise], ['strong', strong], ['weak', weak]),
      strong.map((x, i) => 4 * x + weak[i]!),
    );
    expect(found?.map(({ name }) => name)).toEqual(['strong', 'weak', 'noise']);
    expect(share['strong']).toBeGreaterThan(0.8);
    expect(share['noise']).toBeLessThan(0.02);
    expect(explained).toBeGreaterThan(0.8);
    expect(found?.[0]?.correlation).toBeGreaterThan(0.9);
  });

  it('sees an optimum in the middle and an interaction, which no correlation shows', () => {
    const middle = at(
      params(['noise', noise], ['rate', strong]),
      strong.map((x) => (x - 0.5) ** 2),
    );
    expect(middle.share['rate']).toBeGreaterThan(0.95);
    expect(Math.abs(middle.params?.[0]?.correlation ?? 1)).toBeLessThan(0.3);
    const xor = at(
      params(['a', strong], ['b', second], ['noise', noise]),
      strong.map((x, i) => Number(x > 0.5 !== second[i]! > 0.5)),
    );
    expect(xor.share['a']! + xor.share['b']!).toBeGreaterThan(0.9);
    expect(Math.min(xor.share['a']!, xor.share['b']!)).toBeGreaterThan(0.25);
  });

  it('takes categories and params that only some runs have', () => {
    const effect = { relu: 0, tanh: 5, elu: 1 } as const;
    const chosen = at(
      params(['noise', noise], ['activation', activation]),
      activation.map((name, i) => effect[name as keyof typeof effect] + 0.1 * noise[i]!),
    );
    expect(chosen.share['activation']).toBeGreaterThan(0.9);
    expect(chosen.params?.[0]?.correlation).toBeNaN();
    const some = strong.map((x) => (x > 0.5 ? '0.1' : null));
    expect(
      at(
        params(['noise', noise], ['momentum', some]),
        strong.map((x) => Number(x > 0.5)),
      ).share['momentum'],
    ).toBeGreaterThan(0.95);
  });

  it('is not led astray by one exploded loss', () => {
    const objective = strong.map((x, i) => (i === 3 ? 1e12 : x));
    expect(at(params(['noise', noise], ['strong', strong]), objective).share['strong']).toBeGreaterThan(0.9);
  });

  it('says of noise that it explains nothing', () => {
    expect(at(params(['a', strong], ['b', weak]), noise).explained).toBeLessThan(0.15);
  });

  it('gives the same answer for the same seed', () => {
    const objective = strong.map((x) => x * x);
    const named = params(['strong', strong], ['weak', weak]);
    expect(paramImportance(named, objective, 3)).toEqual(paramImportance(named, objective, 3));
  });

  it.each<[string, Variable[], (number | null)[]]>([
    ['few runs', params(['x', [1, 2, 3]]), [1, 2, 3]],
    ['no objective', params(['x', strong]), strong.map(() => null)],
    ['one objective', params(['x', strong]), strong.map(() => 1)],
    ['params that do not vary', params(['x', strong.map(() => 'adam')]), strong],
  ])('has no answer for %s', (_, named, objective) => expect(paramImportance(named, objective, 1)).toBeUndefined());
});

describe('boxesOf', () => {
  const box = (...values: (number | null)[]) => boxesOf(values.map((value) => ({ group: 'g', value })))[0];

  it.each([
    [[1, 2, 3, 4, 10], { count: 5, mean: 4, lower: 2, median: 3, upper: 4, whiskers: [1, 4], outliers: [10] }],
    [[7], { count: 1, mean: 7, lower: 7, median: 7, upper: 7, whiskers: [7, 7], outliers: [] }],
    [[4, 1, 3, 2], { lower: 1.75, median: 2.5, upper: 3.25, whiskers: [1, 4], outliers: [] }],
    [[-20, 1, 2, 3, NaN, null, Infinity, 30], { count: 5, median: 2, outliers: [-20, 30] }],
  ])('%j', (values, expected) => expect(box(...values)).toMatchObject(expected));

  it('keeps the order of groups and leaves out empty ones', () => {
    const boxes = boxesOf([
      { group: 'b', value: 1 },
      { group: 'none', value: null },
      { group: 'a', value: 2 },
      { group: 'b', value: 3 },
    ]);
    expect(boxes.map(({ group, mean }) => [group, mean])).toEqual([
      ['b', 2],
      ['a', 2],
    ]);
  });
});
