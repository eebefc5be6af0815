import { expect, test } from 'vitest';
import { createFinder } from '../../../../src/core/charts/charts.ts';

const names = ['val_loss', 'training_loss', 'val_accuracy', 'grad/norm', '(a'];

test.each<[string, readonly string[]]>([
  ['', names],
  [' | ', names],
  ['LOSS', ['val_loss', 'training_loss']],
  ['loss val', ['val_loss']],
  ['norm|accuracy', ['val_accuracy', 'grad/norm']],
  ['^val_', ['val_loss', 'val_accuracy']],
  ['loss$', ['val_loss', 'training_loss']],
  ['^val*s$', ['val_loss']],
  ['t.*in*ss', ['training_loss']],
  ['^training_loss$', ['training_loss']],
  ['^loss$', []],
  ['ss*ss', []],
  ['(a', ['(a']],
  ['(a+)+$', []],
])('%j finds its names', (text, found) => {
  const isFound = createFinder(text);
  expect(names.filter((name) => isFound([name]))).toEqual(found);
});

test('words of one chart may not be in names of two, and no text takes long', () => {
  expect(createFinder('loss accuracy')(['val_loss', 'val_accuracy'])).toBe(false);
  expect(createFinder('loss|nothing')(['val_accuracy', 'val_loss'])).toBe(true);
  expect(createFinder(`${'a*'.repeat(100)}b`)(['a'.repeat(10_000)])).toBe(false);
});
