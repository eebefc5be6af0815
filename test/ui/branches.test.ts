import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, it } from 'vitest';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { createPerson, pictureFailures, type Person } from './window.ts';

// Gitflow from the Branches view: set up, a feature begun and finished, a conflict that is taken back.
let person: Person;
let project: string;
let window: Workbench;

const git = async (...args: readonly string[]): Promise<void> => {
  const env = { ...process.env, HOME: person.home, GIT_CONFIG_GLOBAL: path.join(person.home, '.gitconfig') };
  await promisify(execFile)('git', ['-C', project, ...args], { env });
};
const commit = async (file: string, text: string): Promise<void> => {
  await writeFile(path.join(project, file), text);
  await git('add', file);
  await git('commit', '-q', '-m', `Changes ${file}`);
};

beforeAll(async () => {
  person = await createPerson();
  project = path.join(person.home, 'digits');
  await mkdir(path.join(project, '.dvc'), { recursive: true });
  await git('init', '-q', '-b', 'main');
  await commit('dvc.yaml', 'stages: {}\n');
  window = await person.open({
    opened: { folder: project },
    size: { width: 1200, height: 1000 },
    settings: { 'workbench.colorTheme': 'Default Dark Modern', 'git.enabled': false },
  });
});

afterAll(() => person.leave());
pictureFailures(() => window);

const row = (text: string | RegExp) => window.rows('Branches').filter({ hasText: text }).first();
const header = () => window.page.locator('.pane-header', { hasText: 'Branches' }).first();

it('offers to set Gitflow up, and shows the two branches that last', async () => {
  await window.container('MLOps');
  await header().click();
  await window.page.getByText('Initialise Gitflow').first().click();
  await row('main').waitFor({ timeout: 30_000 });
  await row(/develop.*development/s).waitFor();
});

it('begins a feature, which then stands in the view and in the status bar', async () => {
  await window.command('MLOps: Start Branch…');
  await window.pick('feature');
  await window.page.locator('.quick-input-widget input').first().fill('faster');
  await window.page.keyboard.press('Enter');
  await row(/faster.*checked out/s).waitFor({ timeout: 30_000 });
  await window.page.locator('.statusbar-item', { hasText: 'feature → develop' }).first().waitFor();
  await commit('a.txt', 'feature\n');
  await row(/faster.*1 ahead of develop/s).waitFor({ timeout: 30_000 });
  await window.picture('branches-1-feature');
});

it('shows the plan of a finish; one that stops at a conflict is taken back from its row', async () => {
  await git('checkout', '-q', 'develop');
  await commit('a.txt', 'develop\n');
  await row(/faster.*1 ahead, 1 behind of develop/s).waitFor({ timeout: 30_000 });
  await row('faster').hover();
  await row('faster').getByRole('button', { name: 'Finish Branch' }).click();
  const dialog = window.page.locator('.monaco-dialog-box');
  await dialog.waitFor();
  await window.picture('branches-2-plan');
  await dialog.getByRole('button', { name: 'Finish' }).click();
  await row('feature/faster is not finished').waitFor({ timeout: 30_000 });
  await window.picture('branches-3-conflict');
  await row('is not finished').hover();
  await row('is not finished').getByRole('button', { name: 'Abort What Has Stopped' }).click();
  await row('is not finished').waitFor({ state: 'detached', timeout: 30_000 });
  await row(/faster.*1 ahead, 1 behind of develop/s).waitFor();
});
