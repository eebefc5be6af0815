import { describe, expect, test } from 'vitest';
import { shownTextBytes, toArtifactView } from '../../../../src/core/artifacts/artifacts.ts';

const view = (name: string, content: string | Uint8Array, isWhole = true) =>
  toArtifactView(name, { bytes: typeof content === 'string' ? new TextEncoder().encode(content) : content, isWhole });
const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2);

test.each([
  ['notes.txt', 'größe', { kind: 'text', text: 'größe', isCut: false }],
  ['page.html', '<script>x</script>', { kind: 'text', text: '<script>x</script>', isCut: false }],
  ['a.svg', '<svg onload="x"/>', { kind: 'text', text: '<svg onload="x"/>', isCut: false }],
  ['a.json', '{"a":[1]}', { kind: 'text', text: '{\n  "a": [\n    1\n  ]\n}', isCut: false }],
  ['id.json', '{"a":12345678901234567890}', { kind: 'text', text: '{"a":12345678901234567890}', isCut: false }],
  ['broken.json', '{"a"', { kind: 'text', text: '{"a"', isCut: false }],
  ['empty.csv', '', { kind: 'text', text: '', isCut: false }],
  ['one.csv', 'a\n1\n', { kind: 'text', text: 'a\n1\n', isCut: false }],
  ['model.bin', Uint8Array.of(1, 0, 2), { kind: 'none', why: 'binary' }],
  ['latin.txt', Uint8Array.of(0x67, 0xf6, 0x67), { kind: 'none', why: 'binary' }],
  ['called.txt', png, { kind: 'image', bytes: png, mediaType: 'image/png' }],
] as const)('%s', (name, content, expected) => expect(view(name, content)).toEqual(expected));

test('a picture that is not there as a whole is none', () => {
  expect(view('a.png', png, false)).toEqual({ kind: 'none', why: 'large' });
});

test('of a long text the beginning is shown, no character in halves', () => {
  const cut = view('a.txt', 'ä'.repeat(shownTextBytes));
  expect(cut).toMatchObject({ kind: 'text', isCut: true });
  const odd = view('a.txt', `x${'ä'.repeat(shownTextBytes)}`);
  expect(odd).toMatchObject({ kind: 'text', isCut: true, text: `x${'ä'.repeat(shownTextBytes / 2 - 1)}` });
});

describe('tables', () => {
  test.each([
    ['a.csv', 'a,b\n1,2\n', [['1', '2']]],
    ['a.tsv', 'a\tb\r\n1\t2\r\n', [['1', '2']]],
    ['a.CSV', '\uFEFFa,b\n"x, ""y""\nz",2\n', [['x, "y"\nz', '2']]],
    ['a.csv', 'a,b\n1,2', [['1', '2']]],
    ['a.csv', 'a,b\n1\n\n', [['1'], ['']]],
  ])('%s %j', (name, text, rows) => {
    expect(view(name, text)).toEqual({ kind: 'table', columns: ['a', 'b'], rows, isCut: false });
  });

  test('of a long one the first rows, of a cut one no half line', () => {
    const long = view('a.csv', `a,b\n${'1,2\n'.repeat(10_000)}`);
    expect(long).toMatchObject({ kind: 'table', isCut: true });
    expect(long.kind === 'table' ? long.rows.length : 0).toBe(500);
    expect(view('a.csv', 'a,b\n1,2\n3', false)).toEqual({
      ...{ kind: 'table', columns: ['a', 'b'], rows: [['1', '2']], isCut: true },
    });
  });

  test('what is no such table is text', () => {
    expect(view('a.csv', '"a,b\n1,2').kind).toBe('text');
    expect(view('a.csv', 'a,"b"c\n1,2').kind).toBe('text');
  });
});
