import { describe, expect, it } from 'vitest';
import { clipWorst, toBlocks } from '../../../../src/core/sparks/blocks.ts';

describe('a line of block characters', () => {
  const check = (name: string, values: readonly (number | null)[], line: string): void =>
    it(name, () => expect(toBlocks(values)).toBe(line));
  check('from the least to the greatest', [0, 1, 2, 3, 4, 5, 6, 7], '▁▂▃▄▅▆▇█');
  check('an eighth of the way each', [0, 0.124, 0.126, 0.874, 0.876, 1], '▁▁▂▇██');
  check('negative numbers', [-8, -4, 0], '▁▅█');
  check('where nothing is', [1, null, 2], '▁·█');
  check('what is no number', [1, NaN, Infinity, 2], '▁··█');
  check('all the same', [3, 3, 3], '▄▄▄');
  check('one', [3], '▄');
  check('none', [], '');
  check('as far apart as numbers can be', [-Number.MAX_VALUE, 0, Number.MAX_VALUE], '▁▅█');
});

describe('one exploded run does not flatten the others', () => {
  const check = (
    name: string,
    direction: 'minimize' | 'maximize',
    values: readonly (number | null)[],
    expected: readonly (number | null)[],
  ): void => it(name, () => expect(clipWorst(values, direction)).toEqual(expected));
  // The middle of 1, 2, 3, 1000 is 2: what lies beyond 1 + 3 × (2 − 1) is drawn there.
  check('a loss', 'minimize', [3, 1000, 1, 2], [3, 4, 1, 2]);
  check('an accuracy', 'maximize', [0.9, 0.8, -50, 0.7], [0.9, 0.8, expect.closeTo(0.6) as number, 0.7]);
  check('gaps stay', 'minimize', [1, null, 2, 900], [1, null, 2, 4]);
  check('more than half are the best', 'minimize', [1, 1, 1, 9], [1, 1, 1, 9]);
  check('none', 'minimize', [], []);
});
