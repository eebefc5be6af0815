import { access } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../src/node/tracking/tracking.ts';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { createPerson, createStopwatch, pictureFailures, setEpochs, type Person } from './window.ts';

// The first minutes of a newcomer: an empty window, the palette alone, a live chart; a window that is reloaded meanwhile; a stop.
const FIRST_POINT_MS = 120_000;
/** The training is stopped, so it must not end before that. */
const EPOCHS = 10_000;
let person: Person;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  window = await person.open({ opened: { empty: true } });
});

afterAll(() => person.leave());
pictureFailures(() => window);

it('leads from an empty window to a live chart, by the palette alone', async () => {
  const tell = createStopwatch();
  await window.command('MLOps: New Project');
  await window.titled('New Project');
  await window.picture('new-project-1-template');
  await window.pick('MNIST');
  for (const title of [
    'Project name',
    'Repository name',
    'Author',
    'Description',
    'Licence',
    'Data bucket',
    'AWS profile',
  ]) {
    await window.titled(`New Project: ${title}`);
    if (title === 'Licence') await window.picture('new-project-2-licence');
    await window.accept();
  }
  await window.titled('New Project: Folder');
  await window.accept();
  await window.titled('New Project: Files to Be Written');
  await window.picture('new-project-3-files');
  await window.accept();
  tell('questions answered');

  await window.showsFolder('digits');
  await access(path.join(person.home, 'digits/dvc.yaml'));
  tell('project open');
  await window.rows('Pipeline').filter({ hasText: 'ingest' }).waitFor({ timeout: 60_000 });
  await window.picture('new-project-4-open');

  await setEpochs(path.join(person.home, 'digits'), 'cnnbased', EPOCHS);
  await window.command('MLOps: Train');
  await window.pick('cnnbased');
  tell('training asked for');
  await window.webview().locator('section.card .plot').first().waitFor({ timeout: FIRST_POINT_MS });
  tell('first live point on the chart (aim: under 60 s)');
  await window.picture('train-1-first-point');
});

it('finds the training again after the window was reloaded, and stops it', async () => {
  const before = await onlyRun();
  expect(before.status).toBe('RUNNING');
  await window.reload({ remembering: before.runId });
  await window.webview().locator('section.card .plot').first().waitFor({ timeout: FIRST_POINT_MS });
  await expect
    .poll(async () => pointsOf(await onlyRun()), { timeout: FIRST_POINT_MS })
    .toBeGreaterThan(pointsOf(before));
  await window.picture('train-2-after-reload');

  await window.command('MLOps: Stop');
  await expect.poll(async () => (await onlyRun()).status, { timeout: 30_000 }).toBe('KILLED');
  await window.webview().getByText('stopped').first().waitFor({ timeout: 30_000 });
  await window.picture('train-3-stopped');
});

async function onlyRun() {
  const store = openStore(`file://${path.join(person.home, 'digits/models/mlruns')}`);
  const { runs } = await store.listRuns();
  expect(runs).toHaveLength(1);
  return runs[0]!;
}

function pointsOf({ metrics }: Awaited<ReturnType<typeof onlyRun>>): number {
  return Object.values(metrics).reduce((sum, metric) => sum + (metric.points ?? 0), 0);
}
