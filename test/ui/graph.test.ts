import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { createPerson, pictureFailures, type Person } from './window.ts';

// The graph of the pipeline beside its code, live while stages run, and a stage that is added by questions.
let person: Person;
let project: string;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  project = await person.makeProject('digits', 1);
  window = await person.open({ opened: { folder: project }, size: { width: 1440, height: 900 } });
});

afterAll(() => person.leave());
pictureFailures(() => window);

const box = (name: string) => window.webview().locator(`.box[data-name="${name}"]`);

it('draws the pipeline; a stage is run from it and turns fresh where it stands', async () => {
  await window.container('MLOps');
  await window.rows('Pipeline').filter({ hasText: 'ingest' }).first().waitFor();
  await window.command('MLOps: Show Pipeline Graph');
  await box('evaluate').waitFor({ timeout: 60_000 });
  await window.picture('graph-1-never-run');
  await box('ingest').locator('.front').focus();
  await window.webview().getByText('Run stage').click();
  await window.webview().locator('.box.fresh[data-name="ingest"]').waitFor({ timeout: 60_000 });
  await window.picture('graph-2-ingest-fresh');
});

it('shows a stage’s line beside the graph by a click', async () => {
  await box('features').click();
  await window.page.locator('.editor-instance .view-line', { hasText: 'features:' }).first().waitFor();
  await window.picture('graph-3-code');
});

it('adds a stage by questions, and the graph shows it', async () => {
  const before = await readFile(path.join(project, 'dvc.yaml'), 'utf8');
  await window.command('MLOps: Add Stage');
  await window.titled('Add Stage: Name');
  await window.answer('explore');
  await window.titled('Add Stage explore: Command');
  await window.picture('add-stage-1-command');
  await window.pick('src/visualization/exploration.ts');
  await window.titled('Add Stage explore: Dependencies');
  await window.picture('add-stage-2-dependencies');
  await window.accept();
  await window.titled('Add Stage explore: Parameters');
  await window.accept();
  await window.titled('Add Stage explore: Outputs');
  await window.page.keyboard.type('data/raw/figures');
  await window.page.locator('.quick-input-message', { hasText: 'overlap' }).waitFor();
  await window.picture('add-stage-3-refused');
  await window.answer('reports/exploration');
  for (const part of ['Metrics', 'Plots', 'Description']) {
    await window.titled(`Add Stage explore: ${part}`);
    await window.accept();
  }
  await window.titled('Add Stage explore: Lines to Be Written');
  await window.picture('add-stage-4-lines');
  await window.accept();
  await expect.poll(() => readFile(path.join(project, 'dvc.yaml'), 'utf8')).not.toBe(before);
  const after = await readFile(path.join(project, 'dvc.yaml'), 'utf8');
  const added = `  explore:
    cmd: mlops exec src/visualization/exploration.ts
    deps:
      - src/visualization/exploration.ts
    outs:
      - reports/exploration
`;
  expect(after).toBe(before + added);
  await box('explore').waitFor({ timeout: 30_000 });
  await window.page.locator('.statusbar-item', { hasText: 'Ln 97, Col 1' }).waitFor();
  await window.picture('add-stage-5-added');
});
