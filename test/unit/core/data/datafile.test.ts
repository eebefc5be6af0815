import { describe, expect, it } from 'vitest';
import { formatDataFile, parseDataFile, planCheckout, updateDataFile } from '../../../../src/core/data/data.ts';
import type { CheckoutFacts } from '../../../../src/core/data/data.ts';

const md5 = 'b1946ac92492d2347c6235b4d2611184';
const read = (text: string, file = 'sub/x.dvc') => parseDataFile(text, file);

describe('a .dvc file', () => {
  it('names its data by the folder that it stands in, and by wdir', () => {
    const { value } = read(`wdir: ..\nfrozen: true\nouts:\n- md5: ${md5}\n  size: 6\n  hash: md5\n  path: ./data/x\n`);
    expect(value).toMatchObject({ name: 'sub/x.dvc', frozen: true, unsupported: [] });
    expect(value?.outs).toMatchObject([{ file: 'data/x', cache: true, recorded: { md5, legacy: false, size: 6 } }]);
  });

  const unsupported: [string, string, string][] = [
    ['an import', 'deps:\n- path: a\n  repo: {url: x}\nouts:\n- path: a\n', 'an import'],
    ['a remote path', 'outs:\n- path: s3://bucket/a\n', 'the remote path s3://bucket/a'],
    ['files in a cloud', 'outs:\n- path: a\n  files: []\n  cloud: {}\n', 'cloud, files of a'],
  ];
  it.each(unsupported)('%s is left to DVC', (_, text, what) => {
    expect(read(text)).toMatchObject({ value: { unsupported: [what] }, problems: [] });
  });

  const refused: [string, string, string][] = [
    ['a command', 'cmd: x\nouts:\n- path: a\n', '1:1 Unknown key "cmd".'],
    ['an unknown key of an output', 'outs:\n- path: a\n  sice: 1\n', '3:3 Unknown key "sice".'],
    ['an output without a path', `outs:\n- md5: ${md5}\n`, '2:3 "path" is missing.'],
    ['a size that is text', 'outs:\n- path: a\n  size: "1"\n', '3:9 This must be a whole number.'],
    ['a checksum of two letters', 'outs:\n- path: a\n  md5: ab\n', '3:8 This must be a checksum.'],
    ['outputs that are no list', 'outs: {}\n', '1:7 This must be a list.'],
    ['no mapping at all', '- a\n', '1:1 This must be a mapping.'],
    ['no YAML', '{', '1:2 '],
  ];
  it.each(refused)('%s is refused with its place', (_, text, expected) => {
    const { value, problems } = read(text);
    expect(value).toBeUndefined();
    expect(problems.map(({ line, column, message }) => `${line}:${column} ${message}`)[0]).toContain(expected);
  });

  it('is written in the order of DVC', () => {
    const data = { md5: `${md5}.dir`, size: 14, nfiles: 3, isexec: false };
    expect(formatDataFile('data', data)).toBe(
      `outs:\n- md5: ${md5}.dir\n  size: 14\n  nfiles: 3\n  hash: md5\n  path: data\n`,
    );
    expect(formatDataFile('r.sh', { md5, size: 1, nfiles: undefined, isexec: true })).toBe(
      `outs:\n- md5: ${md5}\n  size: 1\n  isexec: true\n  hash: md5\n  path: r.sh\n`,
    );
  });

  it('keeps comments, notes and the order of keys when its hashes change', () => {
    const text = `# top comment\ndesc: my words\nouts:\n- md5: ${md5} # the hash\n  size: 2\n  nfiles: 1\n  path: g.txt\nmeta: {a: 1}\n`;
    const next = '920df382ab316eca2d5e57fc5581f577';
    const updated = updateDataFile(read(text).value!, [{ md5: next, size: 3, nfiles: undefined, isexec: false }]);
    expect(updated).toBe(
      `# top comment\ndesc: my words\nouts:\n- md5: ${next} # the hash\n  size: 3\n  path: g.txt\n  hash: md5\nmeta: {a: 1}\n`,
    );
  });

  it('quotes a hash that looks like a number', () => {
    const odd = '1234567890123456789012345678e123';
    const { value } = read(`outs:\n- path: a\n`);
    expect(updateDataFile(value!, [{ md5: odd, size: 1, nfiles: undefined, isexec: false }])).toContain(
      `md5: '${odd}'`,
    );
  });
});

describe('a checkout', () => {
  const base: CheckoutFacts = { path: 'a', recorded: md5, present: 'other', missing: [], unsaved: [] };
  const cases: [string, Partial<CheckoutFacts>, string, string][] = [
    ['leaves what is right', { present: md5 }, 'keep', 'keep'],
    ['replaces what the cache has a copy of', {}, 'restore', 'restore'],
    ['brings back what is gone', { present: undefined }, 'restore', 'restore'],
    ['asks before it replaces the only copy', { unsaved: ['a/x'] }, 'refuse', 'restore'],
    ['can not bring what the cache lacks', { missing: [md5] }, 'refuse', 'refuse'],
    ['knows nothing of what nobody recorded', { recorded: undefined }, 'refuse', 'refuse'],
  ];
  it.each(cases)('%s', (_, facts, expected, forced) => {
    const actions = [false, true].map((force) => planCheckout([{ ...base, ...facts }], { force })[0]?.action);
    expect(actions).toEqual([expected, forced]);
  });
});
