import { expect, test } from 'vitest';
import { createOutput } from '../../../../src/node/commandline/output.ts';

const table = {
  columns: ['STAGE', 'OUTCOME'],
  rows: [
    ['features', 'succeeded'],
    ['a', 'skipped'],
  ],
};
const pipe = { isTTY: false, isFollowed: false, color: true };

/** A table as one reader gets it. */
function format(reader: { isTTY: boolean; isFollowed: boolean; color: boolean }, shown = table): string {
  const stream = { isTTY: reader.isTTY, columns: 80, write: () => true };
  return createOutput({ stdout: stream, stderr: stream }, { json: false, quiet: false, ...reader }).table(shown);
}

const aligned = 'STAGE     OUTCOME\nfeatures  succeeded\na         skipped';
test.each([
  ['a pipe', pipe, 'features\tsucceeded\na\tskipped'],
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

test('a row stays a line and a cell a column, whatever stands in it', () => {
  const rows = [['a\tb', 'echo x\necho y\u001b[2J']];
  expect(format(pipe, { ...table, rows })).toBe('a\\tb\techo x\\necho y\\u001b[2J');
});

test('what people read keeps its colours, every other control character is only shown', () => {
  let seen = '';
  const stream = { isTTY: false, columns: 80, write: (text: string) => ((seen += text), true) };
  const output = createOutput({ stdout: stream, stderr: stream }, { json: false, quiet: false, ...pipe });
  output.note('\u001b[31mred\u001b[0m\u001b]52;c;x\u0007');
  output.result(null, () => 'a\u009b2Jb\nc');
  expect(seen).toBe('\u001b[31mred\u001b[0m\\u001b]52;c;x\\u0007\na\\u009b2Jb\nc\n');
});
