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

describe('JSON that is drawn', () => {
  const table = (columns: readonly string[], ...rows: readonly (readonly string[])[]) => ({
    ...{ kind: 'table', columns, rows, isCut: false },
  });
  const counted = {
    steps: [0, 5],
    edges: [-1, 0, 1],
    counts: [
      [3, 5],
      [1, 7],
    ],
  };

  test.each([
    // What `mlflow.log_table` leaves.
    ['eval.json', '{"columns":["b","a"],"data":[[1,"x"],[0.5,null]]}', table(['b', 'a'], ['1', 'x'], ['0.5', ''])],
    ['list.json', '[{"a":true,"b":[1,2]},{"b":{},"a":NaN}]', table(['a', 'b'], ['true', '[1,2]'], ['NaN', '{}'])],
    ['ids.json', '[{"id":12345678901234567890}]', table(['id'], ['12345678901234567890'])],
    ['odd.JSON', '[{"__proto__":"<b>"}]', table(['__proto__'], ['<b>'])],
    [
      'histograms/layer/w.json',
      JSON.stringify(counted),
      { kind: 'histograms', histograms: { ...counted, edges: [counted.edges] } },
    ],
    [
      'histograms/w.json',
      '{"steps":[0],\n"edges":[0,1],"counts":}',
      {
        kind: 'broken',
        text: 'histograms/w.json:2:24: error: This is not JSON: a value must stand here.',
      },
    ],
    ['histograms/w.json', '{"steps":[0],"edges":[0,1]}', { kind: 'broken', text: '"counts" is missing.' }],
  ])('%s %s', (name, text, drawn) => {
    const seen = view(name, text);
    expect(seen).toMatchObject({ kind: 'drawn', drawn, source: { isCut: false } });
  });

  test.each([
    ['config.json', '{"a":[{"b":1}]}'],
    ['rows.json', '[{"a":1},{"b":1}]'],
    ['numbers.json', '[1,2]'],
    ['short.json', '{"columns":["a","b"],"data":[[1]]}'],
    ['none.json', '{"columns":[],"data":[]}'],
    ['deep.json', `[{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`],
    ['other/histograms/w.json', JSON.stringify(counted)],
  ])('%s is text', (name, text) => expect(view(name, text).kind).toBe('text'));

  test('of many rows the first, and of a long text the beginning; what is not whole is text', () => {
    const long = JSON.stringify(Array.from({ length: 60_000 }, (_, i) => ({ number: i })));
    const seen = view('long.json', long);
    expect(seen).toMatchObject({ kind: 'drawn', drawn: { isCut: true }, source: { isCut: true } });
    expect(seen.kind === 'drawn' && seen.drawn.kind === 'table' ? seen.drawn.rows.length : 0).toBe(500);
    expect(view('long.json', long, false)).toMatchObject({ kind: 'text', isCut: true });
  });
});
