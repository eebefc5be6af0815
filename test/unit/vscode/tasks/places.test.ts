import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPlaces } from '../../../../src/vscode/tasks/places.ts';

const manifest = JSON.parse(await readFile(path.resolve(import.meta.dirname, '../../../../package.json'), 'utf8')) as {
  contributes: { problemMatchers: readonly { pattern: { regexp: string } }[] };
};
const matcher = new RegExp(manifest.contributes.problemMatchers[0]?.pattern.regexp ?? '');

describe('places in the output of a project that lies in "my digits"', () => {
  const check = (line: string, expected: string): void =>
    it(JSON.stringify(line), () => {
      const output = `before\r\n${line}\r\nbehind`;
      const wanted = `before\r\n${expected}\r\nbehind`;
      for (let cut = 0; cut <= output.length; cut += 1) {
        const places = createPlaces('my digits');
        const given = places.push(output.slice(0, cut)) + places.push(output.slice(cut)) + places.end();
        expect(given).toBe(wanted);
      }
      const none = createPlaces('');
      expect(none.push(output) + none.end()).toBe(output);
    });
  check('dvc.yaml:6:7: error: No.', 'my digits/dvc.yaml:6:7: error: No.');
  check('  src/a b.ts:1:2: warning: x', '  my digits/src/a b.ts:1:2: warning: x');
  check('\u001b[31m dvc.yaml:6:7: error: No.\u001b[0m', '\u001b[31m my digits/dvc.yaml:6:7: error: No.\u001b[0m');
  check('../other.yaml:6:7: error: No.', 'my digits/../other.yaml:6:7: error: No.');
  for (const other of [
    '/etc/dvc.yaml:6:7: error: No.',
    'C:\\p\\dvc.yaml:6:7: error: No.',
    'epoch 3: loss 0.1: fine',
    'dvc.yaml:6:7: note: no problem',
    '.....',
    '',
  ])
    check(other, other);

  it('is where the problem matcher finds the file', () => {
    const places = createPlaces('my digits');
    const [line = ''] = places.push('  dvc.yaml:6:7: error: No.\r\n').split('\r\n');
    expect(matcher.exec(line)?.[1]?.trim()).toBe('my digits/dvc.yaml');
  });

  it('does not wait for the end of a line that names no place any more', () => {
    const places = createPlaces('my digits');
    expect(places.push('#'.repeat(100))).toBe('');
    expect(places.push('#'.repeat(4000))).toBe('#'.repeat(4100));
  });
});
