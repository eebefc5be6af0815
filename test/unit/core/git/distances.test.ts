import { expect, test } from 'vitest';
import fc from 'fast-check';
import { countDistances } from '../../../../src/core/git/distances.ts';

test('a merge, two roots, an unknown commit, a parent that a shallow clone lacks', () => {
  const history = ['m a b', 'a r', 'b r', 'r', 'o', 's gone'].join('\n');
  expect(
    countDistances(history, [
      ['m', 'a'],
      ['a', 'm'],
      ['a', 'b'],
      ['o', 'm'],
      ['s', 'r'],
      ['a', 'a'],
      ['nope', 'a'],
    ]),
  ).toEqual([
    { ahead: 2, behind: 0 },
    { ahead: 0, behind: 2 },
    { ahead: 1, behind: 1 },
    { ahead: 1, behind: 4 },
    { ahead: 1, behind: 1 },
    { ahead: 0, behind: 0 },
    undefined,
  ]);
});

test('as sets of ancestors say, whatever the graph', () => {
  const graphs = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 15 });
  fc.assert(
    fc.property(graphs, fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 }), (parents, chosen) => {
      const ofIndex = parents.map((list, index) =>
        [...new Set(list.map((n) => (index === 0 ? -1 : n % index)))].filter((n) => n >= 0),
      );
      const history = ofIndex
        .map((list, index) => [index, ...list].map((n) => `c${n}`).join(' '))
        .reverse()
        .join('\n');
      const reach = (at: number): Set<number> => new Set([at, ...(ofIndex[at] ?? []).flatMap((n) => [...reach(n)])]);
      const lacking = (from: Set<number>, other: Set<number>): number => [...from].filter((n) => !other.has(n)).length;
      // Several after each other: what one has marked must not be seen by the next.
      const pairs = chosen.map(([first, second]) => [first % parents.length, second % parents.length] as const);
      expect(
        countDistances(
          history,
          pairs.map(([a, b]) => [`c${a}`, `c${b}`]),
        ),
      ).toEqual(pairs.map(([a, b]) => ({ ahead: lacking(reach(a), reach(b)), behind: lacking(reach(b), reach(a)) })));
    }),
  );
});
