import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dist } from '../../scripts/places.ts';
import { readProgram } from '../../scripts/programs.ts';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import type { RegisteredModel } from '../../src/protocol/registry.ts';
import { createPerson, pictureFailures, type Person } from './window.ts';

// A person registers the model of a training in the window, promotes a version, takes that back, and looks into the model.
const PATIENCE_MS = 60_000;
let person: Person;
let project: string;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  project = await person.makeProject('digits', 1);
  await mlops('run', 'features');
  await mlops('train', 'configs/singleoutput.yaml', '--set', 'model.num_units=16');
  await mlops('models', 'register', '@last', '--name', 'digits', '--alias', 'champion');
  window = await person.open({ opened: { folder: project }, size: { width: 1280, height: 900 } });
  await window.container('MLOps');
});

afterAll(() => person.leave());
pictureFailures(() => window);

const mlops = (...args: string[]): Promise<string> =>
  readProgram(process.execPath, [path.join(dist, 'cli.js'), ...args], { cwd: project });

async function champion(): Promise<string | undefined> {
  const models = JSON.parse(await mlops('models', 'list', '--json')) as readonly RegisteredModel[];
  return models[0]?.aliases['champion'];
}

const row = (text: RegExp) => window.rows('Models').filter({ hasText: text }).first();
const toast = (text: RegExp) => window.notifications().filter({ hasText: text }).first();

it('registers the model of a run, and promotes it with an undo', async () => {
  await window.page.locator('.pane-header[aria-label^="Models"]').waitFor();
  await row(/digits/).waitFor({ timeout: PATIENCE_MS });
  await window.command('MLOps: Register Model…');
  await window.titled('Name of the registered model');
  await window.answer('digits');
  await toast(/digits has version 2 now/).waitFor({ timeout: PATIENCE_MS });
  await row(/2 versions/).waitFor({ timeout: PATIENCE_MS });
  await toast(/digits has version 2 now/)
    .getByText('Promote…')
    .click();
  await window.titled('Alias that moves to digits/2');
  await window.picture('registry-1-alias');
  await window.pick('champion');
  await toast(/champion of digits is version 2 now; it was version 1/).waitFor({ timeout: PATIENCE_MS });
  expect(await champion()).toBe('2');
  await row(/champion 2/).click();
  await row(/Version 2.*@champion/).waitFor({ timeout: PATIENCE_MS });
  await window.picture('registry-2-promoted');

  await toast(/champion of digits is version 2 now/)
    .getByText('Undo')
    .click();
  await row(/Version 1.*@champion/).waitFor({ timeout: PATIENCE_MS });
  expect(await champion()).toBe('1');
  await window.picture('registry-3-undone');
});

it('shows what is known of a version', async () => {
  await window.command('MLOps: Show Model');
  await window.pick('digits/1');
  const line = (text: string) => window.page.locator('.editor-instance .view-line', { hasText: text }).first();
  await line('digits, version 1').waitFor({ timeout: PATIENCE_MS });
  await line('Moves of aliases').waitFor();
  await window.picture('registry-4-card');
  expect(await readFile(path.join(project, 'models/mlruns/models/digits/aliases/champion'), 'utf8')).toBe('1');
});
