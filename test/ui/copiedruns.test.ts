import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { createPerson, pictureFailures, type Person } from './window.ts';

// A person has copied a folder of MLflow's runs from another machine, and has nothing else: no project, no configuration.
const EXPERIMENT = '482019337564012877';
const STARTED = Date.UTC(2026, 0, 1);

let person: Person;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  const folder = path.join(person.home, 'copied');
  const experiment = path.join(folder, 'mlruns', EXPERIMENT);
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(experiment, name)), { recursive: true });
    await writeFile(path.join(experiment, name), text);
  };
  const place = `file:///home/other/mlruns/${EXPERIMENT}`;
  await write(
    'meta.yaml',
    `artifact_location: ${place}\nexperiment_id: '${EXPERIMENT}'\nlifecycle_stage: active\nname: churn\n`,
  );
  for (let run = 0; run < 30; run += 1) {
    const id = run.toString(16).padStart(32, 'c');
    await write(
      `${id}/meta.yaml`,
      `artifact_uri: ${place}/${id}/artifacts\nend_time: ${STARTED + run + 9}\nexperiment_id: '${EXPERIMENT}'\nlifecycle_stage: active\nrun_id: ${id}\nrun_name: copied-${run}\nrun_uuid: ${id}\nstart_time: ${STARTED + run}\nstatus: 3\nuser_id: other\n`,
    );
    await write(`${id}/metrics/val_loss`, `${STARTED} 0.5 1\n${STARTED + 1} 0.25 2\n`);
    await write(`${id}/params/lr`, '0.1');
    await write(`${id}/artifacts/note.txt`, 'x');
  }
  window = await person.open({ opened: { folder } });
});
afterAll(() => person.leave());
pictureFailures(() => window);

it('runs that were copied from elsewhere are shown, the folder having nothing else', async () => {
  const { event } = await window.activation('mlops-workflow.mlops-workflow');
  expect(event).toMatch(/^workspaceContains:.*\bmlruns\/\*\/meta\.yaml/);
  await window.container('MLOps');
  const rows = window.rows('Runs');
  await rows.filter({ hasText: 'copied-29' }).first().waitFor({ timeout: 60_000 });
  await window.picture('copied-runs');
  // The view is shown from the beginning now: what is left is the extension's own time.
  await window.reload({ remembering: 'workbench.view.extension.mlops' });
  await rows.filter({ hasText: 'copied-29' }).first().waitFor({ timeout: 60_000 });
  const shown = Date.now();
  const { time } = await window.activation('mlops-workflow.mlops-workflow');
  console.log(`Runs are shown ${shown - time} ms after the extension was activated.`);
});
