import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBlockYaml } from '../../../../src/core/pipeline/blockyaml.ts';
import { emitMapping } from '../../../../src/core/pipeline/emit.ts';
import { formatLock, parseLock, type LockedStage } from '../../../../src/core/pipeline/lockfile.ts';
import { integer, toPyMap, toPyValue, type PyMap, type PyValue } from '../../../../src/core/pipeline/values.ts';
import { parseYaml } from '../../../../src/core/yaml/yaml.ts';

const LIMITS = { maxLength: 1 << 24, maxDepth: 64 };

/** What the real parser makes of a text; undefined for one that it refuses. */
function readFully(text: string): PyValue | undefined {
  const { value: yaml } = parseYaml(text, 'x.lock', LIMITS);
  try {
    return yaml === undefined ? undefined : toPyValue(yaml.document.contents, yaml.document);
  } catch {
    // A value that is not read at all: as refused.
    return undefined;
  }
}

const word = fc.constantFrom(
  'python',
  'train.py',
  '--lr',
  '0.1',
  'a:',
  ': b',
  '#c',
  "it's",
  '"q"',
  '\\',
  'é',
  '😀',
  '-',
  '?',
  '|',
  '&&',
  '1e5',
  '012',
  'null',
  'true',
  '2024-01-01',
  '~',
  '{x}',
  '[y]',
  '${z}',
  '\n',
  '\t',
  '  ',
  '\u00a0',
  '\u2028',
  '<<',
  '=',
  '%',
  '@',
  '`',
  '...',
  '---',
);
/** Without NUL, which no lock can hold. */
const text = fc
  .oneof(
    fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ maxLength: 20 }),
  )
  .map((written) => written.replaceAll('\0', '0'));
const number = fc.oneof(
  fc.integer().map((value): PyValue => integer(value)),
  fc.double({ noNaN: true }).map((value): PyValue => ({ kind: 'float', value })),
);
const { value } = fc.letrec<{ value: PyValue; map: PyMap }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    number,
    fc.constantFrom<PyValue>(null, true, false),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('map'),
  ),
  map: fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }).map((entries) => toPyMap(new Map(entries))),
}));
const document = fc
  .array(fc.tuple(text, value), { minLength: 1, maxLength: 5 })
  .map((entries) => toPyMap(new Map(entries)));

describe('the quick reader', () => {
  it('agrees with the real one on what we write', () => {
    let quick = 0;
    const runs = 3000;
    fc.assert(
      fc.property(document, (map) => {
        const written = emitMapping(map, 0);
        const read = readBlockYaml(written);
        if (read === undefined) return;
        quick += 1;
        expect(read).toEqual(readFully(written));
      }),
      { numRuns: runs },
    );
    // Texts with odd characters are left to the real one, which is no fault; of locks nearly none may be.
    expect(quick).toBeGreaterThan(runs / 4);
  });

  it('never reads what the real one refuses or reads otherwise, whatever is done to the text', () => {
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      remove: fc.nat({ max: 3 }),
      insert: fc.constantFrom(
        '',
        ' ',
        '  ',
        '\n',
        ':',
        ': ',
        '- ',
        "'",
        '"',
        '#',
        ' #',
        '\\',
        '[',
        '{',
        '&a ',
        '*a',
        '|',
        '? ',
        'x',
        '0',
        '\n\n',
        '!t ',
      ),
    });
    fc.assert(
      fc.property(document, fc.array(change, { minLength: 1, maxLength: 4 }), (map, changes) => {
        const changed = changes.reduce(
          (before, { at, remove, insert }) => {
            const from = Math.floor(at * before.length);
            return before.slice(0, from) + insert + before.slice(from + remove);
          },
          emitMapping(map, 0),
        );
        const read = readBlockYaml(changed);
        if (read !== undefined) expect(read).toEqual(readFully(changed));
      }),
      { numRuns: 5000 },
    );
  });

  const sure: [string, string, boolean][] = [
    ['a lock', "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    deps:\n    - path: p\n      size: 1\n", true],
    ['lists within lists', 'a:\n- - 1\n', false],
    ['a list indented more than its key', 'a:\n  - x\n  - y\n', true],
    ['a folded command', 'a:\n  cmd: one two\n    three\n', true],
    ['a comment', 'a: 1 # one\n', false],
    ['a key twice', 'a: 1\na: 2\n', false],
    ['a flow list', 'a: [1]\n', false],
    ['a block of text', 'a: |\n  x\n', false],
    ['a tab', 'a:\t1\n', false],
    ['an empty line within', 'a: 1\n\nb: 2\n', false],
    ['a key that is a number', '1: a\n', false],
    ['the character NUL', 'a: "\\0"\n', false],
    ['a prefix without a number', 'a: 0b_\n', true],
    ['escapes', 'a: "x\\ty\\\n  \\ z\\u00e9"\n', true],
  ];
  it.each(sure)('%s', (_, written, isSure) => {
    const read = readBlockYaml(written);
    expect(read !== undefined).toBe(isSure);
    if (isSure) expect(read).toEqual(readFully(written));
  });
});

describe('a lock', () => {
  const path = fc.record({
    path: text.filter((written) => written !== ''),
    md5: fc.constantFrom('b1946ac92492d2347c6235b4d2611184', '1234567890123456789012345678e123', undefined),
    legacy: fc.boolean(),
    size: fc.option(fc.nat(), { nil: undefined }),
    nfiles: fc.option(fc.nat(), { nil: undefined }),
    isexec: fc.boolean(),
    foreign: fc.constant([]),
  });
  const stage: fc.Arbitrary<LockedStage> = fc.record({
    cmd: fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
    deps: fc.array(path, { maxLength: 3 }),
    params: fc
      .array(
        fc.tuple(
          text,
          fc.array(fc.tuple(text, value), { maxLength: 3 }).map((items) => new Map(items)),
        ),
        { maxLength: 2 },
      )
      .map((items) => new Map(items)),
    outs: fc.array(path, { maxLength: 3 }),
  });
  const names = ['a', 'b@1', 'c-d', 'e_f'];
  const format = (lock: string, name: string, entry: LockedStage): string =>
    formatLock(parseLock(lock, 'dvc.lock').value!, name, entry);

  it('is read, and written into, with the same result by either reader', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), stage), { minLength: 1, maxLength: 6 }), (entries) => {
        // A comment at the end is what only the real reader takes.
        const comment = '# x\n';
        let [quick, full] = ['', ''];
        for (const [name, entry] of entries) {
          quick = format(quick, name, entry);
          full = format(full.replace(comment, '') + (full === '' ? '' : comment), name, entry).replace(comment, '');
          expect(quick).toBe(full);
        }
        expect(parseLock(quick, 'dvc.lock').value?.stages).toEqual(
          parseLock(quick + comment, 'dvc.lock').value?.stages,
        );
      }),
      { numRuns: 100 },
    );
  });
});
