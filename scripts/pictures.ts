// `npm run pictures`: takes the pictures of README.md anew, from the packaged extension in a real VS Code on a copy of demo/
// (which "npm run demo" makes). About six minutes.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exists } from '../src/node/files/files.ts';
import { epochOf, type RunList } from '../src/protocol/tracking.ts';
import { ensurePackage } from './packaging/packaging.ts';
import { root } from './places.ts';
import { readProgram } from './programs.ts';
import { chromiumMissing, ensureChromium } from './vscode-host/browser.ts';
import { openWorkbench, type Workbench } from './vscode-host/workbench.ts';

/** What slides in or is laid out anew has come to rest. */
const SETTLE_MS = 1500;
const pictures = path.join(root, 'docs/images');
const settings = { 'workbench.colorTheme': 'Default Dark Modern', 'window.commandCenter': false };

async function main(): Promise<number> {
  const demo = path.join(root, 'demo');
  if (!(await exists(path.join(demo, 'dvc.lock')))) {
    console.error('The pictures show the demo project. Run "npm run demo" first.');
    return 2;
  }
  if ((await ensureChromium()) === undefined) {
    console.error(chromiumMissing);
    return 1;
  }
  const home = await mkdtemp(path.join(tmpdir(), 'mlops-pictures-'));
  try {
    const project = path.join(home, 'digits');
    await cp(demo, project, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    await pictureTraining(project);
    await picturePipeline(project);
    await pictureRuns(project);
    return 0;
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A CNN half-way through its epochs, then the chart of the run that the demo has finished. */
async function pictureTraining(project: string): Promise<void> {
  await changeFilters(project);
  await withWorkbench(project, { width: 1440, height: 900 }, async (window) => {
    await window.command('MLOps: Train');
    await window.pick('cnnbased');
    await window
      .webview()
      .getByText(/epoch [6-9]\/12/)
      .waitFor({ timeout: 240_000 });
    await window.picture('train');
    await window.command('MLOps: Stop');
    await window.webview().getByText('stopped').first().waitFor({ timeout: 60_000 });
  });
  await withWorkbench(project, { width: 1280, height: 800 }, async (window) => {
    await window.command('MLOps: Show Run Chart');
    await window.pick(await newestFinished(project));
    await window.webview().getByText('succeeded').first().waitFor({ timeout: 60_000 });
    await window.webview().getByText('Details').click();
    await window.page.waitForTimeout(SETTLE_MS);
    await window.picture('run');
  });
}

/** The graph of a pipeline of which a part is stale. */
async function picturePipeline(project: string): Promise<void> {
  await withWorkbench(project, { width: 1280, height: 800 }, async (window) => {
    await window.command('MLOps: Show Pipeline Graph');
    await window.webview().locator('text', { hasText: 'evaluate' }).first().waitFor({ timeout: 60_000 });
    await window.page.waitForTimeout(SETTLE_MS);
    await window.picture('pipeline');
  });
}

/** Trials of a search, as lines and along their parameters. */
async function pictureRuns(project: string): Promise<void> {
  const config = 'configs/cnnbased.yaml';
  const text = await readProgram('git', ['show', `HEAD:${config}`], { cwd: project });
  const [head = ''] = text.split('hyperparameter_tuning:');
  const grid = {
    filters: '[[16, 32]]',
    learning_rate: '[0.01, 0.003, 0.001, 0.0003]',
    dropout_rate: '[0.25, 0.5]',
    num_epochs: '[4]',
  };
  const lines = Object.entries(grid).map(([key, values]) => `  ${key}: ${values}\n`);
  await writeFile(path.join(project, config), `${head}hyperparameter_tuning:\n${lines.join('')}`);
  await readProgram(process.execPath, [path.join(root, 'dist/cli.js'), 'sweep', config], { cwd: project });
  await withWorkbench(project, { width: 1440, height: 900 }, async (window) => {
    await window.command('MLOps: Show Charts of Runs');
    const page = window.webview();
    await page.locator('.card').first().waitFor({ timeout: 60_000 });
    await window.page.waitForTimeout(SETTLE_MS);
    await window.picture('charts');
    await page.getByRole('tab', { name: 'Parameters' }).click();
    await page.locator('.stage[data-part=parallel]').waitFor({ timeout: 60_000 });
    await window.page.waitForTimeout(SETTLE_MS);
    await window.picture('parameters');
  });
}

/** A network of the user's own, so that its stage is stale. */
async function changeFilters(project: string): Promise<void> {
  const file = path.join(project, 'configs/cnnbased.yaml');
  const text = await readProgram('git', ['show', 'HEAD:configs/cnnbased.yaml'], { cwd: project });
  await writeFile(file, text.replace('kernel_size: 3\n', 'kernel_size: 5\n'));
}

/** Name of the newest whole training: one of a single epoch has no curves to show. */
async function newestFinished(project: string): Promise<string> {
  const text = await readProgram(process.execPath, [path.join(root, 'dist/cli.js'), 'runs', 'list', '--json'], {
    cwd: project,
  });
  const { runs } = JSON.parse(text) as Pick<RunList, 'runs'>;
  const whole = runs.filter(({ experiment, status }) => experiment === 'cnnBased' && status === 'FINISHED');
  return whole.find((run) => epochOf(run).epoch > 1)?.name ?? '';
}

async function withWorkbench(
  project: string,
  size: { width: number; height: number },
  use: (window: Workbench) => Promise<void>,
): Promise<void> {
  const { vsix } = await ensurePackage();
  const window = await openWorkbench({ opened: { folder: project }, vsix: [vsix], pictures, size, settings });
  try {
    await window.container('MLOps');
    await use(window);
  } finally {
    await window.close();
  }
}

process.exitCode = await main();
