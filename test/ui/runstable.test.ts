import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { results } from '../../scripts/places.ts';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { createPerson, createStopwatch, pictureFailures, type Person } from './window.ts';

// A store of 10,000 runs in one table: sorted, filtered, grouped, starred, kept as a view. Then as charts, whose layout is kept and comes back
// with the window, and as a report.
const count = 10_000;
let person: Person;
let folder: string;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  folder = path.join(person.home, 'digits');
  await writeStore(path.join(folder, 'mlruns'));
  const settings = { 'workbench.colorTheme': 'Default Dark Modern' };
  window = await person.open({ opened: { folder }, size: { width: 1440, height: 900 }, settings });
});

afterAll(() => person.leave());
pictureFailures(() => window);

/** As MLflow lays it out, with as few files as it takes. */
async function writeStore(store: string): Promise<void> {
  const experiment = path.join(store, '0');
  await mkdir(experiment, { recursive: true });
  await writeFile(path.join(experiment, 'meta.yaml'), "experiment_id: '0'\nlifecycle_stage: active\nname: digits\n");
  const rates = ['0.1', '0.03', '0.01', '0.003', '0.001'];
  for (let first = 0; first < count; first += 500)
    await Promise.all(Array.from({ length: 500 }, (_, index) => writeRun(experiment, first + index, rates)));
}

async function writeRun(experiment: string, index: number, rates: readonly string[]): Promise<void> {
  const runId = index.toString(16).padStart(32, '0');
  const run = path.join(experiment, runId);
  const loss = 0.08 + 0.15 * (Math.sin(index * 12.9898) + 1);
  const start = Date.UTC(2026, 10, 20) - index * 60_000;
  const meta = {
    ...{ artifact_uri: `file://${run}/artifacts`, end_time: start + 41_000, entry_point_name: '', experiment_id: '0' },
    ...{ lifecycle_stage: 'active', run_id: runId, run_name: `calm-fox-${index}`, run_uuid: runId, source_name: '' },
    ...{
      source_type: 4,
      source_version: '',
      start_time: start,
      status: index % 6 === 3 ? 4 : 3,
      tags: [],
      user_id: 'ada',
    },
  };
  for (const part of ['metrics', 'params']) await mkdir(path.join(run, part), { recursive: true });
  await Promise.all([
    writeFile(
      path.join(run, 'meta.yaml'),
      Object.entries(meta)
        .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
        .join(''),
    ),
    writeFile(
      path.join(run, 'metrics/val_loss'),
      `${start} ${loss + 0.02} 1\n${start} ${loss} 2\n${start} ${loss + 0.01} 3\n`,
    ),
    writeFile(path.join(run, 'params/learning_rate'), rates[index % rates.length] ?? ''),
  ]);
}

const page = () => window.webview();
const row = (name: string) => page().locator('.body > .row', { hasText: name }).first();

it('shows 10,000 runs, sorted by a press on a head', async () => {
  const tell = createStopwatch();
  await window.container('MLOps');
  await window.rows('Runs').filter({ hasText: 'calm-fox' }).first().waitFor({ timeout: 60_000 });
  await window.command('MLOps: Show Runs Table');
  await page()
    .getByText(/10.000 runs/)
    .waitFor({ timeout: 60_000 });
  tell('all runs in the table');
  await window.picture('runstable-1-all');
  await page().locator('.head [data-column="metrics.val_loss"]').click();
  await expect.poll(() => page().locator('.body .cell.metric').first().textContent()).toMatch(/^0\.0800/);
  await window.picture('runstable-2-sorted');
});

it('filters them, and says what is wrong at its place', async () => {
  await page().locator('input.filter').fill('min(val_loss) < 0.1 and learning_rate = 0.03 and');
  await page()
    .getByText(/^Column 49 of the filter/)
    .waitFor();
  await window.picture('runstable-3-mistake');
  await page().locator('input.filter').fill('min(val_loss) < 0.1 and learning_rate = 0.03');
  await page()
    .getByText(/^\d+ of 10.000 runs/)
    .waitFor();
  await window.picture('runstable-4-filtered');
});

it('stars a run: it is a tag in the store, and the table shows it', async () => {
  const first = page().locator('.body > .row').first();
  const name = (await first.locator('.name').textContent()) ?? '';
  await first.hover();
  await first.locator('[data-part=star]').click();
  await row(name).locator('.star.on').waitFor({ timeout: 60_000 });
  await row(name).click({ button: 'right' });
  await window.page.locator('.monaco-menu .action-label', { hasText: 'Copy Runs as CSV' }).waitFor();
  await window.picture('runstable-5-menu');
  await window.page.keyboard.press('Escape');
});

it('groups them with mean and deviation, and keeps it as a view', async () => {
  await page().locator('input.filter').fill('');
  await page().locator('vscode-dropdown').first().click();
  await page().locator('vscode-option', { hasText: 'learning_rate' }).click();
  await page().locator('.body > .row.group').first().waitFor();
  await expect.poll(() => page().locator('.body .cell.metric').first().textContent()).toMatch(/^0\.\d+ ± 0\.\d+$/);
  await window.picture('runstable-6-grouped');
  await page().getByText('Save as…').click();
  await window.titled('Save View As');
  await window.answer('by rate');
  await page().getByText('Delete view').waitFor();
  await window.picture('runstable-7-view');
});

/** Few enough that each has a line of its own. */
const narrow = 'min(val_loss) < 0.0801 and learning_rate = 0.03';
const setting = (name: string) => page().locator(`.charts vscode-dropdown[aria-label="${name}"]`);
const card = () => page().locator('.charts .card').first();

async function choose(name: string, option: string): Promise<void> {
  await setting(name).click();
  await setting(name).locator('vscode-option', { hasText: option }).click();
}

/** What a dropdown shows as chosen. */
const chosen = (name: string) => setting(name).locator('vscode-option[aria-selected=true]').textContent();

it('draws them as charts, and keeps their layout in the file of a view', async () => {
  const tell = createStopwatch();
  await window.command('MLOps: Show Charts of Runs');
  await card().locator('.uplot canvas').first().waitFor();
  tell('charts of all runs');
  await window.picture('runstable-8-charts');
  await page().locator('input.filter').fill(narrow);
  await page()
    .getByText(/^\d\d of 10.000 runs/)
    .waitFor();
  await choose('What lies on the x axis', 'epoch');
  await choose('Smoothing of all lines', 'off');
  await card().getByRole('button', { name: 'Menu of' }).click();
  await card().getByRole('menuitemradio', { name: 'Logarithmic', exact: true }).click();
  await page().getByText('Save as…').click();
  await window.titled('Save View As');
  await window.answer('by epoch');
  await expect
    .poll(() => readFile(path.join(folder, '.mlops/views/by epoch.yaml'), 'utf8').catch(() => ''))
    .toMatch(/charts:[^]*x: epoch[^]*smoothing: none/);
  expect(await readFile(path.join(folder, '.mlops/views/by epoch.yaml'), 'utf8')).toMatch(/scale: log/);
  await page().getByText('Delete view').waitFor();
  await window.picture('runstable-9-layout');
});

it('comes back with that tab and that layout after a reload of the window', async () => {
  const tell = createStopwatch();
  // The page keeps this last.
  await page().getByRole('button', { name: 'More settings of the charts' }).click();
  await window.reload({ remembering: '"showsMore":true' });
  await card().locator('.uplot canvas').first().waitFor({ timeout: 60_000 });
  tell('the same charts');
  expect(await page().getByRole('tab', { name: 'Charts' }).getAttribute('aria-selected')).toBe('true');
  expect(await page().locator('input.filter').inputValue()).toBe(narrow);
  await expect.poll(() => chosen('What lies on the x axis')).toBe('epoch');
  await expect.poll(() => chosen('Smoothing of all lines')).toBe('off');
  expect(
    await page().locator('header vscode-dropdown[aria-label="View"] vscode-option[aria-selected=true]').textContent(),
  ).toBe('by epoch');
  await window.picture('runstable-10-reloaded');
});

it('writes what is looked at as a report that opens without VS Code', async () => {
  const tell = createStopwatch();
  const file = path.join(folder, 'report.html');
  const name = (await page().locator('.runlist [role=option] .name').first().textContent()) ?? '';
  expect(name).toMatch(/^calm-fox-\d+$/);
  await window.command('MLOps: Export Report…');
  await window.titled('Export');
  // What it proposes would overwrite what is typed before.
  const place = window.page.locator('.quick-input-widget:visible input.input');
  await expect.poll(() => place.inputValue()).toMatch(/Runs of digits\.html$/);
  await place.fill(file);
  await window.page.locator('.quick-input-widget:visible').getByRole('button', { name: 'OK' }).click();
  await expect
    .poll(() => readFile(file, 'utf8').catch(() => ''), { timeout: 60_000 })
    .toMatch(/^<!DOCTYPE html>[^]*<svg[^]*<\/html>\s*$/i);
  tell('written');
  await window.notifications().filter({ hasText: 'report.html' }).first().waitFor();
  await window.picture('runstable-11-exported');
  const report = await window.page.context().newPage();
  const complaints: string[] = [];
  report.on('console', (message) => complaints.push(message.text()));
  await report.goto(pathToFileURL(file).href);
  await report.getByText(name, { exact: true }).first().waitFor();
  const chart = report.locator('.charts figure > svg').first();
  await chart.waitFor();
  expect((await chart.boundingBox())?.width).toBeGreaterThan(300);
  expect(await chart.locator('path, polyline').count()).toBeGreaterThan(0);
  expect(complaints).toEqual([]);
  await report.screenshot({ path: path.join(results, 'ui', 'runstable-12-report.png') });
  await report.close();
});
