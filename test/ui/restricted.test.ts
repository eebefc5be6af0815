import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { createPerson, pictureFailures, type Person } from './window.ts';

// A folder that nobody trusts yet: everything is shown, nothing of it runs.
let person: Person;
let project: string;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  project = await person.makeProject('digits', 1);
  window = await person.open({
    opened: { folder: project },
    trustEverything: false,
    size: { width: 1280, height: 1440 },
    settings: { 'security.workspace.trust.startupPrompt': 'never' },
  });
});

afterAll(() => person.leave());
pictureFailures(() => window);

it('shows stages and configs', async () => {
  await window.container('MLOps');
  await window.rows('Pipeline').filter({ hasText: 'evaluate' }).first().waitFor();
  await window.rows('Configs').filter({ hasText: 'cnnbased' }).first().waitFor();
  await window.page.getByText('Restricted Mode').first().waitFor();
  await window.picture('restricted-1-shown');
});

it('offers no command that would run something, and runs nothing', async () => {
  expect(await window.offers('MLOps: Refresh')).toBe(true);
  for (const title of ['MLOps: Run Pipeline', 'MLOps: Train', 'MLOps: Run Stage'])
    expect(await window.offers(title), title).toBe(false);
  await window.picture('restricted-2-palette');
  for (const file of ['dvc.lock', 'models/mlruns', 'data/raw/train_images.gz'])
    expect(existsSync(path.join(project, file)), file).toBe(false);
});
