import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readProgram } from '../../scripts/programs.ts';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { openStore } from '../../src/node/tracking/tracking.ts';
import { makePng } from '../unit/worker/pngs.ts';
import { createPerson, pictureFailures, type Person } from './window.ts';

// A person who has trained twice, from two commits, looks at what the two runs have not in common: numbers on a page, code, config and artifacts in the
// editor's own diffs.
const PATIENCE_MS = 60_000;
let person: Person;
let project: string;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  project = path.join(person.home, 'digits');
  await mkdir(path.join(project, 'settings'), { recursive: true });
  await mkdir(path.join(project, 'src'));
  await writeFile(path.join(project, 'dvc.yaml'), 'stages: {}\n');
  await writeFile(path.join(project, '.gitignore'), 'models/\n');
  await git('init', '--quiet');
  await train('bold-lark', { rate: '0.01', units: '64', losses: [0.9, 0.42, 0.45], grey: 60 });
  await train('calm-otter', { rate: '0.003', units: '128', losses: [0.8, 0.35, 0.31], grey: 200 });
  window = await person.open({ opened: { folder: project }, size: { width: 1440, height: 900 } });
  await window.container('MLOps');
});

afterAll(() => person.leave());
pictureFailures(() => window);

async function git(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, HOME: person.home, GIT_CONFIG_GLOBAL: path.join(person.home, '.gitconfig') };
  return (await readProgram('git', [...args], { cwd: project, env })).trim();
}

interface Training {
  readonly rate: string;
  readonly units: string;
  readonly losses: readonly number[];
  /** Of its picture. */
  readonly grey: number;
}

let trained = 0;

/** A commit, and a run of it. */
async function train(name: string, { rate, units, losses, grey }: Training): Promise<void> {
  await writeFile(path.join(project, 'settings/cnn.yaml'), `training:\n  learning_rate: ${rate}\n`);
  await writeFile(path.join(project, 'src/model.ts'), `export const units = ${units};\nexport const layers = 2;\n`);
  await git('add', '--all');
  await git('commit', '--quiet', '--message', name);
  trained += 1;
  const startTime = Date.UTC(2026, 10, 20, 9 + trained);
  const store = openStore(pathToFileURL(path.join(project, 'models/mlruns')).href);
  const run = await store.createRun({
    ...{ experiment: 'cnn', name, user: 'ada', startTime, params: { learning_rate: rate, units, seed: '7' } },
    tags: { 'mlflow.source.git.commit': await git('rev-parse', 'HEAD'), 'mlops.config': 'settings/cnn.yaml' },
  });
  const points = losses.flatMap((loss, index) => [
    { name: 'val_loss', value: loss, step: index + 1, timestamp: startTime },
    { name: 'val_accuracy', value: 1 - loss / 2, step: index + 1, timestamp: startTime },
    { name: 'epochs', value: index, step: index + 1, timestamp: startTime },
  ]);
  await run.logMetrics(points);
  await writeFile(path.join(run.artifacts, 'report.txt'), `model ${name}\nunits ${units}\nclasses 10\n`);
  const lines = Array.from({ length: 64 }, () => new Array<number>(64).fill(grey));
  await writeFile(path.join(run.artifacts, 'sample.png'), makePng({ width: 64, height: 64, lines }));
  await run.finish('FINISHED', startTime + 60_000);
}

const run = (text: string) => window.rows('Runs').filter({ hasText: text }).first();
const page = () => window.webview();
const diff = (title: RegExp) => window.page.locator('.tabs-container .tab.active', { hasText: title });
const line = (side: 'original' | 'modified', text: string) =>
  window.page.locator(`.editor.${side} .view-line`, { hasText: text }).first();

/** Each side of a diff of pictures is a page of the editor's own. */
const picture = (side: number) =>
  window.page
    .locator('iframe.webview.ready[src*="media-preview"]')
    .nth(side)
    .contentFrame()
    .frameLocator('iframe#active-frame')
    .locator('img');

async function back(): Promise<void> {
  await window.page.locator('.tabs-container .tab', { hasText: /^Compare: / }).click();
  await page().locator('table.comparison').waitFor({ timeout: PATIENCE_MS });
}

it('shows what two selected runs have not in common', async () => {
  await run('bold-lark').waitFor({ timeout: PATIENCE_MS });
  await run('bold-lark').click();
  await run('calm-otter').click({ modifiers: ['Control'] });
  await run('calm-otter').click({ button: 'right' });
  const menu = window.page.locator('.monaco-menu .action-label');
  await menu.filter({ hasText: 'Compare Runs…' }).waitFor();
  expect(await menu.filter({ hasText: 'Rename Run' }).count()).toBe(0);
  await window.picture('compare-1-menu');
  await menu.filter({ hasText: 'Compare Runs…' }).click();
  const table = page().locator('table.comparison');
  await table.waitFor({ timeout: PATIENCE_MS });
  await window.picture('compare-2-page');
  expect(await table.locator('thead .name').allTextContents()).toEqual(['bold-lark', 'calm-otter']);
  const rows = await table.locator('tbody tr').allTextContents();
  expect(rows.find((row) => row.startsWith('val_loss'))).toMatch(/0\.4200.*0\.3100.*−0\.1100 better/);
  expect(rows.find((row) => row.startsWith('learning_rate'))).toBe('learning_rate0.010.003');
  expect(rows.filter((row) => row.startsWith('seed') || row.startsWith('epochs'))).toEqual([]);
});

it('opens code, config and artifacts in the editor’s own diffs', async () => {
  await page().getByText('Code', { exact: true }).click();
  await line('original', 'units = 64').waitFor({ timeout: PATIENCE_MS });
  await line('modified', 'units = 128').waitFor();
  await line('modified', 'learning_rate: 0.003').waitFor();
  await window.picture('compare-3-code');
  await back();
  await page().getByText('Config', { exact: true }).click();
  await diff(/settings\/cnn\.yaml \(bold-lark ↔ calm-otter\)/).waitFor({ timeout: PATIENCE_MS });
  await line('original', 'learning_rate: 0.01').waitFor();
  await line('modified', 'learning_rate: 0.003').waitFor();
  await window.picture('compare-4-config');
  await back();
  await page().locator('tr', { hasText: 'report.txt' }).getByText('Compare').click();
  await line('modified', 'units 128').waitFor({ timeout: PATIENCE_MS });
  await window.picture('compare-5-artifact');
  await back();
  await page().locator('tr', { hasText: 'sample.png' }).getByText('Compare').click();
  await diff(/sample\.png/).waitFor({ timeout: PATIENCE_MS });
  for (const side of [0, 1]) await picture(side).waitFor({ timeout: PATIENCE_MS });
  await window.picture('compare-6-pictures');
});
