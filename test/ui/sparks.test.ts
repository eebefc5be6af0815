import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { createPerson, pictureFailures, type Person } from './window.ts';

// What runs tell in a line: above the hyperparameters of a config, in the tooltip of a run, as the trials of a sweep.
const config = `# A dense network for digits
model:
  name: dense
  num_units: 64
  activation_function: relu
training:
  batch_size: 128
  num_epochs: 12
  loss_function: mae
  learning_rate: 0.001 # was 0.01
hyperparameter_tuning:
  num_units: [16, 64]
  learning_rate: [0.01, 0.001] # more takes too long
`;
const own = { 'mlops.config': 'configs/dense.yaml' };
const trials = [0.1, 0.03, 0.01, 0.003, 0.001, 0.0003].flatMap((rate) =>
  [16, 64].map((units) => ({ rate, units, activation: units === 16 && rate > 0.005 ? 'tanh' : 'relu' })),
);

let person: Person;
let project: string;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  project = path.join(person.home, 'digits');
  await mkdir(path.join(project, '.dvc'), { recursive: true });
  await mkdir(path.join(project, 'configs'));
  await writeFile(path.join(project, 'configs/dense.yaml'), config);
  await writeStore(path.join(project, 'models/mlruns'));
  window = await person.open({
    opened: { folder: project },
    size: { width: 1400, height: 1000 },
    settings: { 'files.autoSave': 'off', 'workbench.colorTheme': 'Default Dark Modern' },
  });
});

afterAll(() => person.leave());
pictureFailures(() => window);

/** As MLflow lays it out, with as few files as it takes: the trials of a sweep. */
async function writeStore(store: string): Promise<void> {
  const experiment = path.join(store, '0');
  await mkdir(experiment, { recursive: true });
  await writeFile(path.join(experiment, 'meta.yaml'), "experiment_id: '0'\nlifecycle_stage: active\nname: digits\n");
  await Promise.all(trials.map((_, index) => writeTrial(experiment, index)));
  await writeRun(experiment, sweepId, {
    name: 'sweep 5f31a2',
    params: {
      ...{ 'sweep.strategy': 'grid', 'sweep.trials': '12', 'sweep.objective': 'minimize val_loss' },
      'sweep.keys': 'training.learning_rate, model.num_units',
    },
    tags: { ...own, 'mlops.sweep': 's', 'mlops.best_run': idOf(7) },
    metrics: { val_loss: [0.2569, 0.2169, 0.2047, 0.1647, 0.1569, 0.1169, 0.1047, 0.0647] },
  });
}

const sweepId = 'b'.repeat(32);
const idOf = (index: number): string => index.toString(16).padStart(32, 'a');

async function writeTrial(experiment: string, index: number): Promise<void> {
  const { rate, units, activation } = trials[index]!;
  const distance = Math.abs(Math.log10(rate / 0.003));
  const floor = 0.05 + 0.1 * distance + (units === 16 ? 0.04 : 0);
  const losses = Array.from({ length: 12 }, (_, epoch) => floor + 0.8 * Math.exp(-(epoch + 1) / 3));
  await writeRun(experiment, idOf(index), {
    name: `calm-fox-${index}`,
    params: {
      ...{ 'training.learning_rate': String(rate), 'model.num_units': String(units), 'training.num_epochs': '12' },
      ...{ 'model.activation_function': activation, 'training.batch_size': '128' },
    },
    tags: { ...own, 'mlops.sweep': 's', 'mlops.trial': String(index), 'mlflow.parentRunId': sweepId },
    metrics: { val_loss: losses, training_loss: losses.map((loss) => 0.9 * loss) },
  });
}

interface WrittenRun {
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, readonly number[]>>;
}

async function writeRun(experiment: string, runId: string, run: WrittenRun): Promise<void> {
  const folder = path.join(experiment, runId);
  const start = Date.UTC(2026, 10, 20);
  const meta = {
    ...{ artifact_uri: `file://${folder}/artifacts`, end_time: start + 48_000, entry_point_name: '' },
    ...{ experiment_id: '0', lifecycle_stage: 'active', run_id: runId, run_name: run.name, run_uuid: runId },
    ...{ source_name: '', source_type: 4, source_version: '', start_time: start, status: 3, tags: [], user_id: 'ada' },
  };
  const texts = {
    ...Object.fromEntries(Object.entries(run.params).map(([name, text]) => [`params/${name}`, text])),
    ...Object.fromEntries(Object.entries(run.tags).map(([name, text]) => [`tags/${name}`, text])),
    ...Object.fromEntries(
      Object.entries(run.metrics).map(([name, values]) => [
        `metrics/${name}`,
        values.map((value, index) => `${start + 4000 * index} ${value} ${index + 1}\n`).join(''),
      ]),
    ),
    'meta.yaml': Object.entries(meta)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
      .join(''),
  };
  for (const part of ['metrics', 'params', 'tags']) await mkdir(path.join(folder, part), { recursive: true });
  await Promise.all(Object.entries(texts).map(([name, text]) => writeFile(path.join(folder, name), text)));
}

const lens = (text: string | RegExp) => window.page.locator('.codelens-decoration').filter({ hasText: text });
/**
 * What can be pressed in a lens. Of a file that was open before, and when another extension begins to offer lenses, VS Code draws the words
 * that it remembers, without commands, until it has asked again: words that are no link take no press.
 */
const link = (text: string, words: string) => lens(text).locator('a', { hasText: words });
const line = (text: string | RegExp) => window.page.locator('.view-line').filter({ hasText: text });

it('says above each hyperparameter of a config what its runs tell', async () => {
  await window.container('MLOps');
  await window.rows('Configs').filter({ hasText: 'dense' }).first().click();
  await lens('best 0.003 (val_loss').first().waitFor({ timeout: 60_000 });
  await lens('0.0003 ▆▃▁▃▆█ 0.1 in 12 runs, lower is better').first().waitFor();
  await lens('relu ▁ tanh').first().waitFor();
  // 4 trials of 12 epochs, each of 4 s.
  await lens('4 trials (grid) · about 3 min 12 s, by 9 runs').first().waitFor();
  expect(await lens(/batch|epochs/).count()).toBe(0);
  await window.picture('sparks-1-lenses');
});

it('puts values into the grid, with the comments left', async () => {
  await link('best 0.003', 'Add to Grid').click();
  const pick = window.page.locator('.quick-input-list .monaco-list-row', { hasText: '0.003' }).first();
  await pick.waitFor();
  await window.picture('sparks-2-grid');
  await pick.click();
  await window.page.keyboard.press('Enter');
  await line('learning_rate: [0.01, 0.001, 0.003] # more takes too long').first().waitFor();
  await lens('6 trials (grid)').first().waitFor();
  await window.picture('sparks-3-added');
});

const trial = (text: string | RegExp) => window.rows('Trials').filter({ hasText: text }).first();

it('shows the trials of the sweep, the best first, and how a run went in its tooltip', async () => {
  await trial('12 trials').waitFor();
  const labels = await window.rows('Trials').allTextContents();
  expect(labels.slice(1, 3)).toEqual([
    expect.stringContaining('#7 · 0.0647') as string,
    expect.stringContaining('#6 · 0.1047') as string,
  ]);
  await trial('#7').hover();
  const tooltip = window.page.locator('.workbench-hover').filter({ hasText: 'val_loss over 12 points' });
  const picture = tooltip.locator('img[src^="data:image/svg+xml"]');
  await picture.waitFor();
  const size = await picture.evaluate((image) => {
    const { naturalWidth, naturalHeight } = image as unknown as Record<'naturalWidth' | 'naturalHeight', number>;
    return [naturalWidth, naturalHeight];
  });
  expect(size).toEqual([220, 44]);
  expect(await picture.getAttribute('alt')).toMatch(/^[▁-█]{12}$/);
  await window.picture('sparks-4-trials');
});

it('a press on a trial opens its run', async () => {
  await trial('#9').click();
  await window.webview().getByText('calm-fox-9').first().waitFor();
  await window.picture('sparks-5-trial');
});
