// `npm run pictures [-- NAME…]`: takes the pictures of README.md anew, from the packaged extension in a real VS Code on a copy of demo/
// (which "npm run demo" makes). About six minutes for all; each has a copy of its own, so one can be taken alone.
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

/** Which of them are taken, by the words behind the command. */
const takes: Readonly<Record<string, (project: string) => Promise<void>>> = {
  training: pictureTraining,
  pipeline: picturePipeline,
  runs: pictureRuns,
  branches: pictureBranches,
};

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !Object.hasOwn(takes, name));
  if (unknown !== undefined) {
    console.error(`There is no picture "${unknown}": say ${Object.keys(takes).join(', ')}, or nothing for all.`);
    return 2;
  }
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
    for (const [name, take] of Object.entries(takes)) {
      if (names.length > 0 && !names.includes(name)) continue;
      const project = path.join(home, name, 'digits');
      await cp(demo, project, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      await take(project);
    }
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
  await changeFilters(project);
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
    dropout_rate: '[0.2, 0.4]',
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
    // Without the other model, and without trainings that only show that they start.
    await page.locator('input.filter').fill('model = cnnbased and num_epochs >= 4');
    await window.page.keyboard.press('Enter');
    await page.locator('.stage[data-part=parallel]').waitFor({ timeout: 60_000 });
    await window.page.waitForTimeout(SETTLE_MS);
    await window.picture('parameters');
  });
}

/** Branches of a project that is being worked on, and what stands between one of them and its finish. */
async function pictureBranches(project: string): Promise<void> {
  const git = (...args: readonly string[]): Promise<string> => readProgram('git', args, { cwd: project });
  const mlops = (...args: readonly string[]): Promise<string> =>
    readProgram(process.execPath, [path.join(root, 'dist/cli.js'), ...args], { cwd: project });
  const commit = async (file: string, text: string, message: string): Promise<void> => {
    await writeFile(path.join(project, file), text);
    await git('add', '--all');
    await git('commit', '--quiet', '--message', message);
  };
  await git('config', 'user.name', 'Ada');
  await git('config', 'user.email', 'ada@localhost');
  await commit('docs/data.md', '# Data\n', 'Describe the data');
  await mlops('flow', 'init');
  for (const name of ['augmentation', 'smaller-network', 'upload']) {
    await mlops('flow', 'feature', 'start', name);
    if (name !== 'upload') await commit(`docs/${name}.md`, `# ${name}\n`, `Plan ${name}`);
    if (name !== 'upload') await git('checkout', '--quiet', 'develop');
  }
  // An example of a key, in two pieces: what looks for keys must not find one here.
  await commit('src/upload.py', ['bucket = "digits"\nkey = "AKIA', 'IOSFODNN7EXAMPL2"\n'].join(''), 'Upload the model');
  await withWorkbench(project, { width: 1280, height: 800 }, async (window) => {
    const row = window.rows('Branches').filter({ hasText: 'upload' }).first();
    // Room for the view: the others are closed.
    for (const name of ['Branches', 'Configs', 'Models'])
      await window.page.locator('.pane-header', { hasText: name }).first().click();
    await row.waitFor({ timeout: 60_000 });
    await row.hover();
    await row.getByRole('button', { name: 'Finish Branch' }).click();
    await window.titled('Gates of feature upload');
    await window.page.waitForTimeout(SETTLE_MS);
    await window.picture('branches');
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

process.exitCode = await main(process.argv.slice(2));
