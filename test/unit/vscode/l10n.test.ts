import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { listDescriptions } from '../../../src/core/pipeline/pipeline.ts';
import { questions } from '../../../src/core/scaffold/scaffold.ts';
import { listSources } from './sources.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const bundle = path.join(root, 'l10n', 'bundle.l10n.json');
/** A sentence as `l10n.t('…')` or a `t('…')` handed down have it. */
const CALL = /\bt\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g;

const sources = [
  ...(await listSources(root, ['src/vscode', 'src/core/trees', 'src/core/editing'])),
  { file: 'src/extension.ts', text: await readFile(path.join(root, 'src/extension.ts'), 'utf8') },
];
const sentences = sources.flatMap(({ text }) =>
  [...text.matchAll(CALL)].map(([, single, double]) => (single ?? double ?? '').replaceAll(/\\(.)/g, '$1')),
);
// Texts of questions are core's own, and looked up when they are asked.
const asked = questions
  .filter((question) => question.asked)
  .flatMap(({ label, hint, choices = [] }) => [label, hint, ...choices.map(([, words]) => words)]);
// Descriptions stand in the schema's table, and are looked up when a key is explained.
const described = listDescriptions();
const expected = Object.fromEntries(
  [...new Set([...sentences, ...asked, ...described])].sort().map((text) => [text, text]),
);

it('l10n/bundle.l10n.json holds every sentence of the editor, and nothing else (UPDATE_L10N=1 writes it)', async () => {
  const formatted = `${JSON.stringify(expected, null, 2)}\n`;
  if (process.env['UPDATE_L10N'] === '1') await writeFile(bundle, formatted);
  expect(await readFile(bundle, 'utf8')).toBe(formatted);
});

it('no sentence is put together from pieces, which nobody could translate', () => {
  for (const { file, text } of sources) expect([file, /\bl10n\.t\(\s*`/.test(text)]).toEqual([file, false]);
});

it('everything that the editor shows goes through l10n', () => {
  const shown = /\b(?:showInformationMessage|showWarningMessage|showErrorMessage|createTerminal\(\{ name:)\(\s*['"]/;
  for (const { file, text } of sources) expect([file, shown.test(text)]).toEqual([file, false]);
});
