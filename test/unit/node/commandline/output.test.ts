import { expect, test } from 'vitest';
import { createOutput } from '../../../../src/node/commandline/output.ts';

const table = {
  columns: ['STAGE', 'OUTCOME'],
  rows: [
    ['features', 'succeeded'],
    ['a', 'skipped'],
  ],
};

/** A table as one reader gets it. */
function format(reader: { isTTY: boolean; isFollowed: boolean; color: boolean }): string {
  const stream = { isTTY: reader.isTTY, columns: 80, write: () => true };
  return createOutput({ stdout: stream, stderr: stream }, { json: false, quiet: false, ...reader }).table(table);
}

const aligned = 'STAGE     OUTCOME\nfeatures  succeeded\na         skipped';
test.each([
  ['a pipe', { isTTY: false, isFollowed: false, color: true }, 'features\tsucceeded\na\tskipped'],
  ['a terminal without colours', { isTTY: true, isFollowed: false, color: false }, aligned],
  ['a terminal', { isTTY: true, isFollowed: false, color: true }, aligned.replace(/^.*$/m, '\u001b[1m$&\u001b[22m')],
  [
    'a log that an editor shows: columns, but nothing that only a terminal reads',
    { isTTY: false, isFollowed: true, color: true },
    aligned,
  ],
])('a table for %s', (_, reader, expected) => {
  expect(format(reader)).toBe(expected);
});
