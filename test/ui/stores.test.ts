import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, it } from 'vitest';
import { openStore } from '../../src/node/tracking/tracking.ts';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { simple, toEventFile } from '../unit/node/tensorboard/eventwriter.ts';
import { createPerson, pictureFailures, type Person } from './window.ts';

// A person who has trained here and elsewhere: TensorBoard's logs of another folder, added by a command, stand beside the project's own runs.
let person: Person;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  const project = path.join(person.home, 'digits');
  await mkdir(path.join(project, '.dvc'), { recursive: true });
  await writeFile(path.join(project, 'dvc.yaml'), 'stages: {}\n');
  const store = openStore(pathToFileURL(path.join(project, 'models', 'mlruns')).href);
  const start = {
    experiment: 'digits',
    name: 'bold-lark',
    user: 'ada',
    startTime: 1795291200000,
    params: {},
    tags: {},
  };
  const writer = await store.createRun(start);
  await writer.logMetrics(
    [1, 2, 3].map((step) => ({ name: 'val_loss', value: 1 / step, step, timestamp: start.startTime })),
  );
  await writer.finish('FINISHED', start.startTime + 60_000);
  for (const [name, loss] of [
    ['cnn/train', 0.25],
    ['cnn/validation', 0.5],
  ] as const) {
    const folder = path.join(person.home, 'logs', name);
    await mkdir(folder, { recursive: true });
    const events = [1, 2, 3].map((step) => ({
      time: 1795291000 + step,
      step,
      values: [simple('epoch_loss', loss / step)],
    }));
    await writeFile(path.join(folder, 'events.out.tfevents.1795291000.host'), toEventFile(events));
  }
  window = await person.open({ opened: { folder: project }, size: { width: 1200, height: 800 } });
  await window.container('MLOps');
});

afterAll(() => person.leave());
pictureFailures(() => window);

const run = (text: RegExp) => window.rows('Runs').filter({ hasText: text }).first();

it('shows the runs of a store that is added by a command, marked with their store, and no longer when it is removed', async () => {
  await run(/bold-lark.*val_loss/s).waitFor();
  await window.command('MLOps: Add Tracking Store…');
  await window.pick('Path or address…');
  const input = window.page.locator('.quick-input-widget:visible input.input');
  await input.fill('../logs');
  await input.press('Enter');
  await run(/cnn\/train.*epoch_loss.*logs/s).waitFor({ timeout: 60_000 });
  await run(/cnn\/validation.*epoch_loss.*logs/s).waitFor();
  await run(/bold-lark.*val_loss/s).waitFor();
  await window.picture('stores-1-added');
  await window.command('MLOps: Remove Tracking Store…');
  await window.pick('logs');
  await run(/cnn/).waitFor({ state: 'detached', timeout: 60_000 });
  await run(/bold-lark/).waitFor();
});
