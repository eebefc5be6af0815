import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { createPerson, createStopwatch, pictureFailures, type Person } from './window.ts';

// The whole pipeline from the palette, and what the side bar says before and after.
let person: Person;
let project: string;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  project = await person.makeProject('digits', 1);
  window = await person.open({ opened: { folder: project }, size: { width: 1280, height: 1440 } });
});

afterAll(() => person.leave());
pictureFailures(() => window);

const stages = ['ingest', 'validate', 'clean', 'label', 'split', 'features', 'train', 'evaluate'];

it('shows the stages of the project that was opened, none of which has run', async () => {
  await window.container('MLOps');
  const rows = window.rows('Pipeline');
  for (const stage of stages) await rows.filter({ hasText: stage }).first().waitFor();
  expect((await rows.allInnerTexts()).filter((text) => text.includes('fresh'))).toEqual([]);
  await window.picture('pipeline-1-never-run');
});

it('runs every stage and shows each as fresh, with its runs and models', async () => {
  const tell = createStopwatch();
  await window.command('MLOps: Run Pipeline');
  const rows = window.rows('Pipeline');
  await rows.filter({ hasText: /ingest.*fresh/s }).waitFor({ timeout: 60_000 });
  await window.picture('pipeline-2-running');
  await window.webview().locator('section.card .plot').first().waitFor({ timeout: 120_000 });
  tell('first live point on the chart');
  await window.picture('pipeline-3-chart');
  await rows.filter({ hasText: /evaluate.*fresh/s }).waitFor({ timeout: 180_000 });
  tell('the pipeline has run');
  for (const stage of stages)
    await rows
      .filter({ hasText: new RegExp(`${stage}.*fresh`, 's') })
      .first()
      .waitFor();
  await window.picture('pipeline-4-fresh');
  expect(await readFile(path.join(project, 'dvc.lock'), 'utf8')).toContain('train@cnnbased');
  await expect.poll(() => window.rows('Runs').count()).toBeGreaterThanOrEqual(2);
});
