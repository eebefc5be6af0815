import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  compareCodePoints,
  compareNaturally,
  toBranchName,
  escapeControls,
  findNearest,
} from '../../../src/core/names/names.ts';

test('the nearest names come first, strangers not at all', () => {
  expect(findNearest('trian', ['train', 'status', 'run'])).toEqual(['train']);
  expect(findNearest('train', ['train@cnnbased', 'evaluate'])).toEqual(['train@cnnbased']);
});

test('code-point order is that of UTF-32, as Python sorts', () => {
  const slow = (a: string, b: string): number => {
    const [left, right] = [Array.from(a, (c) => c.codePointAt(0)!), Array.from(b, (c) => c.codePointAt(0)!)];
    for (let i = 0; i < Math.min(left.length, right.length); i += 1)
      if (left[i] !== right[i]) return Math.sign(left[i]! - right[i]!);
    return Math.sign(left.length - right.length);
  };
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      (a, b) => Math.sign(compareCodePoints(a, b)) === slow(a, b),
    ),
  );
  expect(compareCodePoints('\u{1F600}', '\uFFFD')).toBeGreaterThan(0);
  expect(compareCodePoints('\u{1F600}', '\u{1F601}')).toBeLessThan(0);
});

test('control and direction characters are shown, never performed', () => {
  expect(escapeControls('a\u001b]52;c;x\u0007b\u202Ec\td')).toBe('a\\u001b]52;c;x\\u0007b\\u202ec\td');
});

test('numbers in names count by their value', () => {
  const names = ['a-10', 'a-2', 'b', 'a-1', 'A-2', 'a'];
  expect([...names].sort(compareNaturally)).toEqual(['a', 'a-1', 'a-2', 'A-2', 'a-10', 'b']);
});

test.each([
  ['configs/cnn based.yaml', 'cnn-based'],
  ['Study: learning rate', 'Study-learning-rate'],
  ['..', ''],
])('a branch for %j', (told, name) => expect(toBranchName(told)).toBe(name));
