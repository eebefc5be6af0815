import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { insertEntry, type Entry } from '../../../../src/core/yamledit/yamledit.ts';

const entry: Entry = {
  key: 'new',
  value: { cmd: 'run', deps: ['a'] },
  block: ({ indent, dashes }) => {
    const pad = ' '.repeat(indent);
    return `${pad}new:\n${pad}  cmd: run\n${pad}  deps:\n${pad}  ${' '.repeat(dashes)}- a\n`;
  },
};
const insert = (text: string) => insertEntry(text, 'dvc.yaml', 'stages', entry);

/** The text around what was put in is the old text, and it reads as the old value with the entry. */
function check(text: string): { inserted: string; result: string } {
  const { value, problems } = insert(text);
  expect(problems).toEqual([]);
  if (value === undefined) throw new Error('Nothing was inserted.');
  const { text: result, inserted, line } = value;
  const at = result.indexOf(inserted);
  expect(result.slice(0, at) + result.slice(at + inserted.length)).toBe(text);
  const old = (parse(text) ?? {}) as Record<string, object | null>;
  expect(parse(result)).toEqual({ ...old, stages: { ...(old['stages'] ?? {}), new: entry.value } });
  expect(result.split(/\r?\n/)[line - 1]).toContain('new');
  return { inserted, result };
}

const block = '  new:\n    cmd: run\n    deps:\n    - a\n';
const dashed = '  new:\n    cmd: run\n    deps:\n      - a\n';

describe('an entry goes into a mapping', () => {
  it.each([
    ['an empty file', '', 'stages:\n|'.replace('|', block), ''],
    ['comments alone', '# mine\n', `# mine\nstages:\n${block}`, ''],
    ['no end of line', 'vars: [a]', `vars: [a]\nstages:\n${block}`, ''],
    ['an empty section', 'stages:\nvars: [a]\n', `stages:\n${block}vars: [a]\n`, ''],
    ['an empty section with a comment', 'stages: # mine\n', `stages: # mine\n${block}`, ''],
    ['the usual', 'stages:\n  a:\n    cmd: x\n', `stages:\n  a:\n    cmd: x\n${block}`, ''],
    [
      'a comment behind the value',
      'stages:\n  a:\n    cmd: x # why\n',
      `stages:\n  a:\n    cmd: x # why\n${block}`,
      '',
    ],
    ['no end of line in the section', 'stages:\n  a:\n    cmd: x', `stages:\n  a:\n    cmd: x\n${block}`, ''],
    [
      'dashes that stand in',
      'stages:\n  a:\n    cmd: x\n    deps:\n      - b\n',
      `stages:\n  a:\n    cmd: x\n    deps:\n      - b\n${dashed}`,
      '',
    ],
    [
      'another key behind, with its comment and an empty line',
      'stages:\n  a:\n    cmd: x\n    # of a\n  # old: stage\n\n# of vars\nvars: [a]\n',
      `stages:\n  a:\n    cmd: x\n    # of a\n  # old: stage\n${block}\n# of vars\nvars: [a]\n`,
      '',
    ],
    [
      'entries with empty lines between',
      'stages:\n  a:\n    cmd: x\n\n  b:\n    cmd: y\n',
      `stages:\n  a:\n    cmd: x\n\n  b:\n    cmd: y\n\n${block}`,
      '',
    ],
    [
      'a text in lines at the end',
      'stages:\n  a:\n    cmd: |\n      x\n      y\n\nvars: [a]\n',
      `stages:\n  a:\n    cmd: |\n      x\n      y\n${block}\nvars: [a]\n`,
      '',
    ],
    [
      'a text whose empty lines count',
      'stages:\n  a:\n    cmd: |+\n      x\n\n\nvars: [a]\n',
      `stages:\n  a:\n    cmd: |+\n      x\n\n\n${block}vars: [a]\n`,
      '',
    ],
    [
      'anchors and aliases',
      'vars: [a: &x {b: 1}]\nstages: &all\n  a: &a\n    cmd: x\n  b: *a\n',
      `vars: [a: &x {b: 1}]\nstages: &all\n  a: &a\n    cmd: x\n  b: *a\n${block}`,
      '',
    ],
    ['flow', 'stages: {a: {cmd: x}} # c\n', 'stages: {a: {cmd: x}, "new":{"cmd":"run","deps":["a"]}} # c\n', ''],
    ['empty flow', 'stages: {}\n', 'stages: {"new":{"cmd":"run","deps":["a"]}}\n', ''],
    ['all of it flow', '{vars: [a]}', '{vars: [a], "stages":{"new":{"cmd":"run","deps":["a"]}}}', ''],
    [
      'a document’s marks',
      '---\nstages:\n  a:\n    cmd: x\n...\n',
      `---\nstages:\n  a:\n    cmd: x\n${block}...\n`,
      '',
    ],
    [
      'four columns',
      'stages:\n    a:\n        cmd: x\n',
      `stages:\n    a:\n        cmd: x\n${block.replaceAll(/^/gm, '  ').trimEnd()}\n`,
      '',
    ],
    [
      'lines of Windows',
      'stages:\r\n  a:\r\n    cmd: x\r\n',
      `stages:\r\n  a:\r\n    cmd: x\r\n${block.replaceAll('\n', '\r\n')}`,
      '',
    ],
    ['a byte order mark', '\uFEFFstages:\n  a:\n    cmd: x\n', `\uFEFFstages:\n  a:\n    cmd: x\n${block}`, ''],
  ])('%s', (_name, text, expected) => {
    expect(check(text).result).toBe(expected);
  });

  it.each([
    ['a list', '- a\n', '"stages"'],
    ['a section that is a list', 'stages: [a]\n', '"stages"'],
    ['a section that is said to be nothing', 'stages: null\n', '"stages"'],
    ['a section that is an alias', 'vars: &v {a: 1}\nstages: *v\n', '"stages"'],
    ['the same name', 'stages:\n  new:\n    cmd: x\n', '"stages"'],
    ['a broken file', 'stages:\n  a: [\n', 'dvc.yaml'],
  ])('and not into %s', (_name, text, part) => {
    const { value, problems } = insert(text);
    expect(value).toBeUndefined();
    expect(`${problems[0]?.file} ${problems[0]?.message}`).toContain(part);
  });

  it('whatever the rest is like: comments, empty lines, ends, order', () => {
    const comment = fc.constantFrom('', '# c', '  # c', '    # c', '');
    const value = fc.constantFrom(
      'x',
      '"y # z"',
      '|\n      a\n      b',
      '|+\n      a\n',
      '>-\n      f\n\n      g',
      '[1, {a: b}]',
      '&n 3',
      '',
    );
    const stage = fc
      .tuple(fc.constantFrom('cmd', 'desc', 'meta'), value, comment)
      .map(([key, text, note]) => `    ${key}: ${text}\n${note === '' ? '' : `${note}\n`}`);
    const stages = fc.array(fc.tuple(stage, fc.boolean()), { maxLength: 4 });
    const other = fc.constantFrom('', '# top\n', 'vars: [a]\n', 'params:\n- p.yaml\n\n', '\n');
    fc.assert(
      fc.property(other, stages, other, fc.boolean(), (before, list, after, endsInLine) => {
        const body = list.map(([lines, isApart], index) => `  s${index}:\n${lines}${isApart ? '\n' : ''}`).join('');
        const text = `${before}stages:\n${body}${before.startsWith('vars') ? '' : after}`;
        fc.pre(!before.startsWith('params') || !after.startsWith('params'));
        check(endsInLine || !text.endsWith('\n') || body.includes('|+') ? text : text.slice(0, -1));
      }),
      { numRuns: 400 },
    );
  });
});
