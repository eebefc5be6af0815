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
    fc.property(graphs, fc.nat(), fc.nat(), (parents, first, second) => {
      const ofIndex = parents.map((list, index) =>
        [...new Set(list.map((n) => (index === 0 ? -1 : n % index)))].filter((n) => n >= 0),
      );
      const history = ofIndex
        .map((list, index) => [index, ...list].map((n) => `c${n}`).join(' '))
        .reverse()
        .join('\n');
      const reach = (at: number): Set<number> => new Set([at, ...(ofIndex[at] ?? []).flatMap((n) => [...reach(n)])]);
      const [a, b] = [first % parents.length, second % parents.length];
      const [ofA, ofB] = [reach(a), reach(b)];
      const lacking = (from: Set<number>, other: Set<number>): number => [...from].filter((n) => !other.has(n)).length;
      expect(countDistances(history, [[`c${a}`, `c${b}`]])).toEqual([
        { ahead: lacking(ofA, ofB), behind: lacking(ofB, ofA) },
      ]);
    }),
  );
});
