import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { openRegistryOf, promote } from '../../src/node/registry/registry.ts';
import { openChosenStore } from '../../src/node/tracking/tracking.ts';
import { createPerson, pictureFailures, type Person } from './window.ts';

// Gitflow from the Branches view: set up, a feature begun and finished, a conflict that is taken back, gates, and the release of a model.
let person: Person;
let project: string;
let window: Workbench;

const git = async (...args: readonly string[]): Promise<string> => {
  const env = { ...process.env, HOME: person.home, GIT_CONFIG_GLOBAL: path.join(person.home, '.gitconfig') };
  return (await promisify(execFile)('git', ['-C', project, ...args], { env })).stdout.trim();
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

const dialog = () => window.page.locator('.monaco-dialog-box');
const title = (text: string) => window.page.locator('.quick-input-title', { hasText: text }).first();
/** Of a row that is drawn anew in this moment the editor forgets which one it was: then it is asked for. */
const pressFinish = async (type: string, name: string): Promise<void> => {
  await row(name).hover();
  await row(name).getByRole('button', { name: 'Finish Branch' }).click();
  const asked = title('Branch to finish');
  await asked.or(title('Gates of')).or(dialog()).first().waitFor({ timeout: 30_000 });
  if (await asked.isVisible()) await window.pick(`${type}/${name}`);
};

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
  await pressFinish('feature', 'faster');
  await dialog().waitFor({ timeout: 30_000 });
  await window.picture('branches-2-plan');
  await dialog().getByRole('button', { name: 'Finish' }).click();
  await row('feature/faster is not finished').waitFor({ timeout: 30_000 });
  await window.picture('branches-3-conflict');
  await row('is not finished').hover();
  await row('is not finished').getByRole('button', { name: 'Abort What Has Stopped' }).click();
  await row('is not finished').waitFor({ state: 'detached', timeout: 30_000 });
  await row(/faster.*1 ahead, 1 behind of develop/s).waitFor();
});

it('shows the gates of a finish, and goes on with a reason that stands in the merge', async () => {
  await git('branch', '-q', '-D', 'feature/faster');
  await git('config', 'gitflow.branch.feature/gated.base', 'develop');
  await git('checkout', '-q', '-b', 'feature/gated', 'develop');
  await commit('upload.py', ['bucket = "digits"\nkey = "AKIA', 'IOSFODNN7EXAMPL2"\n'].join(''));
  await row(/gated.*1 ahead of develop/s).waitFor({ timeout: 30_000 });
  await pressFinish('feature', 'gated');
  await window.titled('Gates of feature gated');
  await window.picture('branches-4-gates');
  await window.pick('upload.py:2');
  const line = window.page.locator('.editor-instance .view-line.is-current, .editor-instance .view-line', {
    hasText: 'AKIA',
  });
  await line.first().waitFor();
  await pressFinish('feature', 'gated');
  await window.pick('Finish All the Same…');
  await window.titled('Finish although gates do not hold: Secrets');
  await window.picture('branches-5-reason');
  await window.answer('a key of the documentation');
  await dialog().getByRole('button', { name: 'Finish' }).click();
  await row('gated').waitFor({ state: 'detached', timeout: 30_000 });
  expect(await git('log', '-1', '--format=%(trailers:key=Gate-Override,valueonly)', 'develop')).toBe(
    'secrets: a key of the documentation',
  );
});

it('releases a model with its tag and its alias, and takes all of it back', async () => {
  const choice = { project: { root: project }, env: { ...process.env, MLFLOW_TRACKING_URI: undefined }, cwd: project };
  const store = await openChosenStore(choice);
  await store.ensure();
  const { registry } = await openRegistryOf(choice);
  const champion = async () => (await registry.readModel('digits')).aliases['champion'];
  for (const startTime of [1, 2]) {
    const writer = await store.createRun({ experiment: 'digits', user: 'u', startTime, params: {}, tags: {} });
    await writer.finish('FINISHED', startTime + 1);
    const source = `file://${project}/models/cnn`;
    await registry.createVersion({
      ...{ name: 'digits', source, runId: writer.runId, artifactPath: 'model', description: null, tags: {} },
    });
    await mkdir(path.join(project, 'models/cnn'), { recursive: true });
    await writeFile(path.join(project, 'models/cnn/MLmodel'), `run_id: ${writer.runId}\n`);
  }
  await promote(choice, { model: 'digits/1' });
  await window.command('MLOps: Start Branch…');
  await window.pick('release');
  await window.titled('Start release');
  await window.picture('branches-6-version');
  await window.page.keyboard.press('Enter');
  await row(/0\.1\.0.*checked out/s).waitFor({ timeout: 30_000 });
  await commit('notes.txt', 'release\n');
  await row(/0\.1\.0.*1 ahead of develop/s).waitFor({ timeout: 30_000 });
  await pressFinish('release', '0.1.0');
  await dialog().getByText('Move champion of digits to version 2').waitFor({ timeout: 30_000 });
  await window.picture('branches-7-release');
  await dialog().getByRole('button', { name: 'Finish' }).click();
  await window
    .notifications()
    .filter({ hasText: 'champion of digits is version 2 now' })
    .first()
    .waitFor({ timeout: 30_000 });
  await window.picture('branches-8-released');
  expect(await git('for-each-ref', '--format=%(contents:trailers:key=Model)', 'refs/tags/0.1.0')).toBe(
    'Model: digits 2',
  );
  expect(await git('show', 'main:CHANGELOG.md')).toContain('## [0.1.0] - ');
  expect(await champion()).toBe('2');
  await window.command('MLOps: Undo Last Action on Branches…');
  await dialog().getByRole('button', { name: 'Take Back' }).click();
  await row(/0\.1\.0.*checked out/s).waitFor({ timeout: 30_000 });
  await window.picture('branches-9-undone');
  expect(await champion()).toBe('1');
  expect(await git('tag')).toBe('');
});

it('goes on after a conflict that is resolved', async () => {
  await git('checkout', '-q', '-b', 'feature/again', 'develop');
  await commit('a.txt', 'again\n');
  await git('checkout', '-q', 'develop');
  await commit('a.txt', 'ours\n');
  await row(/again.*1 ahead, 1 behind of develop/s).waitFor({ timeout: 30_000 });
  await pressFinish('feature', 'again');
  await dialog().getByRole('button', { name: 'Finish' }).click();
  await row('feature/again is not finished').waitFor({ timeout: 30_000 });
  // What has no marks of a conflict any more is resolved, also before git was told.
  await writeFile(path.join(project, 'a.txt'), 'both\n');
  await window
    .notifications()
    .filter({ hasText: 'Merge feature/again into develop: there are conflicts in 1 file' })
    .getByRole('button', { name: 'Continue' })
    .click();
  await row('is not finished').waitFor({ state: 'detached', timeout: 30_000 });
  await window.picture('branches-10-continued');
});

it('shows two hundred branches, and one that waits for its pull request, in lines of one height', async () => {
  for (let index = 0; index < 200; index += 1)
    await git('update-ref', `refs/heads/feature/${names[index % names.length]}-${index}`, 'refs/heads/develop');
  await git('checkout', '-q', '-b', 'feature/waiting', 'develop');
  await commit('w.txt', 'waits\n');
  const waiting = { type: 'feature', name: 'waiting', branch: 'feature/waiting', into: 'develop', title: 'Waiting' };
  const request = { ...waiting, url: 'https://git.example.org/digits/1', commit: null, options: {} };
  await mkdir(path.join(project, '.git/mlops'), { recursive: true });
  await writeFile(
    path.join(project, '.git/mlops/pullrequests.json'),
    JSON.stringify({ version: 1, pullRequests: [request] }),
  );
  await window.command('MLOps: Refresh');
  await row(/Features.*201/s).waitFor({ timeout: 30_000 });
  for (const name of ['Pipeline', 'Configs', 'Runs', 'Models'])
    await window.page.locator('.pane-header', { hasText: name }).first().click();
  await window.picture('branches-11-many');
  await window.command('MLOps: Show Menu of Branches');
  await window.page.locator('.quick-input-list', { hasText: 'Complete Finish' }).waitFor();
  await window.picture('branches-12-menu');
  await window.page.keyboard.press('Escape');
});

const names = [
  'a',
  'augmentation',
  'a-name-that-is-much-longer-than-the-column-in-which-it-has-to-stand-beside-others',
];
