import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dist } from '../../scripts/places.ts';
import { readProgram } from '../../scripts/programs.ts';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { createPerson, createStopwatch, pictureFailures, type Person } from './window.ts';

// A person sets breakpoints in the code of two stages, one a script and one inside of a training, and debugs them.
let person: Person;
let project: string;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  project = await person.makeProject('digits', 1);
  await readProgram(process.execPath, [path.join(dist, 'cli.js'), 'run', 'train@singleoutput'], { cwd: project });
  window = await person.open({ opened: { folder: project }, size: { width: 1440, height: 1200 } });
});

afterAll(() => person.leave());
pictureFailures(() => window);

const locate = (selector: string) => window.page.locator(selector);
/** The line that the debugger stands at, marked in its editor. */
const stoppedLine = () => locate('.editor-instance .debug-top-stack-frame-line').first();
const toolbar = () => locate('.debug-toolbar');
const rowOf = (stage: string) => window.rows('Pipeline').filter({ hasText: stage }).first();

/** Opens a file at the first line that begins so, and sets a breakpoint there. */
async function breakAt(file: string, start: string): Promise<number> {
  const lines = (await readFile(path.join(project, file), 'utf8')).split('\n');
  const line = lines.findIndex((text) => text.startsWith(start)) + 1;
  expect(line).toBeGreaterThan(0);
  await window.page.keyboard.press('Control+P');
  await locate('.quick-input-widget:visible input.input').fill(`${file}:${line}`);
  await window.pick(path.basename(file));
  await locate('.tab.active')
    .filter({ hasText: path.basename(file) })
    .waitFor();
  // In a window that has just opened the command does nothing yet: debuggers are still being found.
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    await window.command('Debug: Toggle Breakpoint');
    if (await isShown('.codicon-debug-breakpoint, .codicon-debug-breakpoint-unverified')) return line;
  }
  throw new Error(`No breakpoint can be set in ${file}.`);
}

const ATTEMPTS = 6;

async function isShown(selector: string): Promise<boolean> {
  return locate(selector)
    .first()
    .waitFor({ timeout: 5000 })
    .then(
      () => true,
      () => false,
    );
}

async function debug(stage: string): Promise<void> {
  await window.command('MLOps: Debug Stage');
  await window.titled('Stage to debug');
  await window.pick(stage);
  await stoppedLine().waitFor({ timeout: 60_000 });
}

it('stops in the script of a stage, and the stage is fresh when it has gone on to its end', async () => {
  const tell = createStopwatch();
  await window.container('MLOps');
  const line = await breakAt('src/data/validation.ts', 'mkdirSync(');
  await debug('validate');
  tell('stopped at the breakpoint');
  await locate('.line-numbers.active-line-number')
    .filter({ hasText: String(line) })
    .waitFor();
  await window.picture('debugging-1-script');
  // The editor has shown its own view of the session.
  await window.container('MLOps');
  await rowOf('validate').filter({ hasText: 'running' }).waitFor();
  await window.page.keyboard.press('F5');
  await toolbar().waitFor({ state: 'hidden' });
  await rowOf('validate').filter({ hasText: 'fresh' }).waitFor();
});

it('stops inside a training, and leaves everything as it was when it is stopped there', async () => {
  const tell = createStopwatch();
  const lock = await readFile(path.join(project, 'dvc.lock'), 'utf8');
  await breakAt('src/models/singleoutput/model.ts', '  const model = ');
  await debug('train@singleoutput');
  tell('stopped at the breakpoint');
  await window.picture('debugging-2-training');
  await window.page.keyboard.press('Shift+F5');
  await toolbar().waitFor({ state: 'hidden' });
  await window.container('MLOps');
  await rowOf('train@singleoutput').filter({ hasText: 'fresh' }).waitFor();
  expect(await readFile(path.join(project, 'dvc.lock'), 'utf8')).toBe(lock);
  expect(await readFile(path.join(project, 'models/singleoutput/model.json'), 'utf8')).toContain('weightsManifest');
  await window.picture('debugging-3-stopped');
});
