import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../src/node/tracking/tracking.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { dist } from '../../scripts/places.ts';
import { readProgram } from '../../scripts/programs.ts';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { createPerson, createStopwatch, pictureFailures, type Person } from './window.ts';

// A person trains: watches the curves, pauses, changes the learning rate, goes on, stops at the best and resumes; then searches for good
// hyperparameters; then makes a mistake in the code. Nothing here waits for a time: trainings last until they are stopped.
const MODEL = 'singleoutput';
/** More than a machine trains while these tests go on, however fast it is. */
const EPOCHS = 100_000;
/** As many trials as cannot end either. */
const TRIALS = 360;
const space = `hyperparameter_tuning:
  num_layers: [1, 2, 3]
  num_units: [8, 12, 16, 24, 32, 40, 48, 56, 64, 72]
  activation_function: [relu, sigmoid, tanh]
  batch_size: [128, 256, 512, 1024]
  num_epochs: [2]
`;
const PATIENCE_MS = 120_000;

let person: Person;
let project: string;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  project = await person.makeProject('digits', EPOCHS);
  await edit(`configs/${MODEL}.yaml`, (text) =>
    text
      .replace('num_units: 224', 'num_units: 32')
      .replace('num_layers: 5', 'num_layers: 2')
      .replace(/hyperparameter_tuning:[^]*/, space),
  );
  await readProgram(process.execPath, [path.join(dist, 'cli.js'), 'run', 'features'], { cwd: project });
  window = await person.open({ opened: { folder: project }, size: { width: 1440, height: 1000 } });
  await window.container('MLOps');
});

afterAll(() => person.leave());
pictureFailures(() => window);

const button = (text: string) => window.webview().locator('vscode-button', { hasText: text }).first();
const about = () => window.webview().locator('header .about');

/**
 * A command that asks for a config. The palette gives the focus back to the page of a chart when it closes, and where that comes late
 * it closes the question as well: then it is asked again.
 */
async function ofModel(command: string): Promise<void> {
  const row = window.page.locator('.quick-input-widget:visible .monaco-list-row').filter({ hasText: `${MODEL}.yaml` });
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    await window.command(command);
    const isPicked = await row
      .first()
      .click({ timeout: 10_000 })
      .then(
        () => true,
        () => false,
      );
    if (isPicked) return;
    await window.page.keyboard.press('Escape');
  }
  throw new Error(`"${command}" does not keep asking for a config.`);
}

const ATTEMPTS = 4;

/** Waits until the page's head says so. */
async function says(pattern: RegExp): Promise<string> {
  await expect.poll(() => about().textContent(), { timeout: PATIENCE_MS }).toMatch(pattern);
  return (await about().textContent()) ?? '';
}

/** Epochs completed, as the page says. */
async function readEpoch(): Promise<number> {
  return Number(/epoch ([\d\u202f]+)/.exec((await about().textContent()) ?? '')?.[1]?.replaceAll('\u202f', '') ?? 0);
}

it('trains, and lets the curves be watched and the training be steered', async () => {
  const tell = createStopwatch();
  await ofModel('MLOps: Train');
  await says(/running · epoch [1-9]/);
  await window.webview().locator('section.card .plot').first().waitFor();
  tell('an epoch on the chart');
  await window.picture('training-1-live');

  await button('Pause').click();
  await says(/^paused/);
  const pausedAt = await readEpoch();
  await window.picture('training-2-paused');

  await window.webview().getByRole('textbox', { name: 'Learning rate' }).fill('0.0005');
  await window.page.keyboard.press('Enter');
  await expect.poll(readEvents, { timeout: PATIENCE_MS }).toMatch(/0\.0005/);
  expect(await readEpoch()).toBe(pausedAt);
  // One thing is asked at a time, and the log of events has the answer before the page does.
  await expect.poll(() => button('Resume').getAttribute('disabled')).toBeNull();
  await button('Resume').click();
  await says(/^running/);
  await expect.poll(readEpoch, { timeout: PATIENCE_MS }).toBeGreaterThan(pausedAt + 1);
  tell('paused, changed, gone on');
  await window.picture('training-3-learning-rate');

  await button('Stop at best').click();
  await says(/^stopped/);
  const [run] = await listRuns();
  expect(run?.status).toBe('KILLED');
  expect(await readEvents()).toMatch(/paused[^]*0\.0005[^]*resumed[^]*with the weights of epoch/);
  await window
    .rows('Runs')
    .filter({ hasText: /stopped/ })
    .first()
    .waitFor();
  await window.picture('training-4-stopped-at-best');
  tell('stopped at best');
});

it('resumes a training that was stopped', async () => {
  const tell = createStopwatch();
  const before = await readEpoch();
  await window.command('MLOps: Resume Training');
  await says(/^running/);
  await expect.poll(readEpoch, { timeout: PATIENCE_MS }).toBeGreaterThan(before);
  tell('gone on');
  await window.picture('training-5-resumed');
});

it('draws the training on the page of runs while it goes on, with the selection of the table', async () => {
  const tell = createStopwatch();
  const page = window.webview();
  const card = page.locator('.charts .card[data-key="loss"]');
  const isSelected = (row: string) => page.locator(row).first().getAttribute('aria-selected', { timeout: PATIENCE_MS });
  await window.command('MLOps: Show Runs Table');
  await page.getByRole('tab', { name: 'Table' }).click();
  await page.locator('.body > .row').first().click();
  await page.getByRole('tab', { name: 'Charts' }).click();
  await card.locator('.uplot canvas').first().waitFor();
  await expect.poll(() => isSelected('.runlist [role=option]')).toBe('true');
  const reading = () => card.locator('.reading').textContent();
  await expect.poll(reading, { timeout: PATIENCE_MS }).toMatch(/\d/);
  const before = await reading();
  await expect.poll(reading, { timeout: PATIENCE_MS }).not.toBe(before);
  tell('drawn while it grows');
  await window.picture('training-6-charts');
  await window.command('View: Close Editor');
});

it('stops the training that goes on', async () => {
  const tell = createStopwatch();
  await says(/^running/);
  await window.command('MLOps: Stop');
  await says(/^stopped/);
  const runs = await listRuns();
  expect(runs.map(({ status }) => status)).toEqual(['KILLED']);
  tell('stopped');
});

it('sweeps, shows its trials, is stopped and resumed', async () => {
  const tell = createStopwatch();
  await ofModel('MLOps: Sweep Hyperparameters…');
  await window.titled(`Sweep ${MODEL}`);
  await window.picture('sweep-1-before');
  await window.pick('Start');
  const rows = window.webview().locator('.trials tbody tr');
  await says(new RegExp(`running · ([2-9]|\\d{2,})/${TRIALS} trials · best`));
  expect(await rows.count()).toBeGreaterThanOrEqual(2);
  tell('two trials have ended');
  await window.picture('sweep-2-live');

  await button('Stop').click();
  const stopped = await says(new RegExp(`^stopped · \\d+/${TRIALS} trials`));
  await window
    .rows('Runs')
    .filter({ hasText: new RegExp(`stopped · \\d+/${TRIALS} trials`) })
    .first()
    .waitFor();
  await window.picture('sweep-3-stopped');
  tell('stopped');
  const done = Number(/(\d+)\//.exec(stopped)?.[1]);

  await window.command('MLOps: Resume Sweep');
  await says(new RegExp(`^running · (?!${done}/)\\d+/${TRIALS} trials`));
  tell('gone on');
  await button('Stop').click();
  await says(/^stopped/);

  await rows.filter({ hasText: 'succeeded' }).first().click();
  await says(/^succeeded · epoch 2\/2/);
  await window.picture('sweep-4-trial');
  await button('All trials').click();
  await rows.first().waitFor();
  const runs = await listRuns();
  const sweep = runs.find(({ parentRunId, tags }) => parentRunId === null && tags['mlops.sweep'] !== undefined);
  expect(sweep?.status).toBe('KILLED');
  const finished = runs.filter(({ parentRunId, status }) => parentRunId === sweep?.runId && status === 'FINISHED');
  const trials = finished.map(({ tags }) => tags['mlops.trial']);
  expect(trials.length).toBeGreaterThan(done);
  expect(new Set(trials).size).toBe(trials.length);
});

it('shows a mistake in the code of the model at its line', async () => {
  const tell = createStopwatch();
  const file = `src/models/${MODEL}/model.ts`;
  let line = 0;
  await edit(file, (text) => {
    const lines = text.split('\n');
    line = lines.findIndex((each) => each.startsWith('  const model = ')) + 1;
    lines[line - 1] = `  throw new Error('This layer is not there.');`;
    return lines.join('\n');
  });
  await ofModel('MLOps: Train');
  await window.rows('Runs').filter({ hasText: 'This layer is not there.' }).first().waitFor({ timeout: PATIENCE_MS });
  await window.command('Problems: Focus on Problems View');
  const problem = window.page
    .locator('.markers-panel .monaco-list-row')
    .filter({ hasText: 'This layer is not there.' });
  await problem.first().waitFor({ timeout: PATIENCE_MS });
  tell('in the Problems panel');
  await problem.first().dblclick();
  await window.page.locator('.tab.active').filter({ hasText: 'model.ts' }).waitFor();
  await window.page
    .locator('.line-numbers.active-line-number')
    .filter({ hasText: String(line) })
    .waitFor();
  await window.picture('training-7-mistake');
});

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const target = path.join(project, file);
  const text = await readFile(target, 'utf8');
  expect(change(text)).not.toBe(text);
  await writeFile(target, change(text));
}

/** Newest first. */
async function listRuns(): Promise<readonly RunSummary[]> {
  return (await openStore(`file://${path.join(project, 'models/mlruns')}`).listRuns()).runs;
}

/** Events of the training, as text. */
async function readEvents(): Promise<string> {
  const [run] = await listRuns();
  const artifacts = run?.artifacts ?? null;
  return artifacts === null ? '' : readFile(path.join(artifacts, 'mlops/events.jsonl'), 'utf8');
}
