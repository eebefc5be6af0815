// `npm run bench`: how fast it is, each figure with its aim beside it. Works on a copy of demo/, which "npm run demo" makes.
import { cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { exists } from '../src/node/files/files.ts';
import { askMlops } from './mlops.ts';
import { ensurePackage } from './packaging/packaging.ts';
import { dist, results, root } from './places.ts';
import { readProgram } from './programs.ts';
import { formatTable } from './tables.ts';
import { ensurePythonTools } from './testing/interop.ts';
import { chromiumMissing, ensureChromium } from './vscode-host/browser.ts';
import { openWorkbench } from './vscode-host/workbench.ts';

const WINDOWS = 3;

/** A measured figure, or why there is none. */
type Figure = { readonly value: number; readonly text: string } | { readonly missing: string };

interface Measurement {
  readonly what: string;
  readonly aim: string;
  readonly holds: (value: number) => boolean;
  readonly measure: (project: string) => Promise<Figure>;
}

const measurements: readonly Measurement[] = [
  { what: 'activation', aim: '< 50 ms', holds: (value) => value < 50, measure: measureActivation },
  { what: 'extension bundle', aim: '< 500 KB', holds: (value) => value < 500, measure: measureBundle },
  { what: 'mlops --version', aim: '< 150 ms', holds: (value) => value < 150, measure: measureVersion },
  { what: 'dvc repro ÷ mlops run, nothing to do', aim: '≥ 5 ×', holds: (value) => value >= 5, measure: measureNoOp },
  {
    what: 'training, MLP',
    aim: '–',
    holds: () => true,
    measure: (project) => measureTraining(project, 'singleoutput'),
  },
  {
    what: 'training, CNN',
    aim: '≥ 700 examples/s',
    holds: (value) => value >= 700,
    measure: (project) => measureTraining(project, 'cnnbased'),
  },
];

async function main(): Promise<number> {
  const demo = path.join(root, 'demo');
  if (!(await exists(path.join(demo, 'dvc.lock')))) {
    console.error('The bench measures on the demo project. Run "npm run demo" first.');
    return 2;
  }
  await ensurePackage();
  const home = await mkdtemp(path.join(tmpdir(), 'mlops-bench-'));
  try {
    const project = path.join(home, 'demo');
    await cp(demo, project, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    const rows: string[][] = [];
    for (const { what, aim, holds, measure } of measurements) {
      const figure = await measure(project);
      const row = 'missing' in figure ? [figure.missing, aim, ''] : [figure.text, aim, holds(figure.value) ? '✓' : '✗'];
      console.log(`${what}: ${row.join('  ')}`);
      rows.push([what, ...row]);
    }
    console.log(`\n${formatTable(['what', 'measured', 'aim', ''], rows)}`);
    const [load = 0] = loadavg();
    console.log(`\nOn ${availableParallelism()} cores with a load of ${load.toFixed(1)}, this bench included.`);
    return 0;
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * What VS Code itself says about the installed package ("Developer: Show Running Extensions"), the project being open: loading
 * its code and activating it, in milliseconds. Median of several windows.
 */
async function measureActivation(project: string): Promise<Figure> {
  if ((await ensureChromium()) === undefined) return { missing: chromiumMissing };
  const { vsix } = await ensurePackage();
  const pictures = path.join(results, 'bench');
  const workbench = await openWorkbench({ opened: { folder: project }, vsix: [vsix], pictures });
  try {
    const times: number[] = [];
    while (times.length < WINDOWS) {
      if (times.length > 0) await workbench.reload();
      await workbench.command('Developer: Show Running Extensions');
      const row = workbench.page.locator('.runtime-extensions-editor .extension').filter({ hasText: 'MLOps Workflow' });
      const text = await row.locator('.activation-time', { hasText: /\d\s*ms/ }).innerText({ timeout: 30_000 });
      times.push(Number(/(\d+)\s*ms/.exec(text)?.[1] ?? Number.NaN));
    }
    const value = median(times);
    return { value, text: `${value} ms` };
  } finally {
    await workbench.close();
  }
}

async function measureBundle(): Promise<Figure> {
  const { size } = await stat(path.join(dist, 'extension.js'));
  const value = size / 1000;
  return { value, text: `${value.toFixed(0)} KB` };
}

async function measureVersion(): Promise<Figure> {
  const value = await medianTime(15, () => readProgram(process.execPath, [path.join(dist, 'cli.js'), '--version']));
  return { value, text: `${value.toFixed(0)} ms` };
}

async function measureNoOp(project: string): Promise<Figure> {
  const tools = await ensurePythonTools();
  if ('missing' in tools) return { missing: tools.missing };
  const env = { ...process.env, DVC_NO_ANALYTICS: '1' };
  const dvc = (): Promise<string> =>
    readProgram(tools.env['MLOPS_INTEROP_PYTHON'] ?? 'python3', ['-m', 'dvc', 'repro'], { cwd: project, env });
  const mlops = (): Promise<string> =>
    readProgram(process.execPath, [path.join(dist, 'cli.js'), 'run'], { cwd: project });
  // The first of each hashes the copied files anew; what it says also shows whether there is really nothing to do.
  await mlops();
  const said = await dvc();
  if (!said.includes('up to date')) return { missing: 'dvc repro had something to do' };
  const ours = await medianTime(5, mlops);
  const theirs = await medianTime(5, dvc);
  const value = theirs / ours;
  return { value, text: `${value.toFixed(1)} × (${theirs.toFixed(0)} ms ÷ ${ours.toFixed(0)} ms)` };
}

async function measureTraining(project: string, model: string): Promise<Figure> {
  const args = ['train', `configs/${model}.yaml`, '--set', 'training.num_epochs=4'];
  const { code, document } = await askMlops<{ examplesPerSecond?: number; backend?: string }>(args, project);
  const { examplesPerSecond: value, backend = '' } = document;
  if (code !== 0 || value === undefined) return { missing: `mlops train ended with exit code ${code}` };
  return { value, text: `${value.toFixed(0)} examples/s (${backend})` };
}

/** Median wall time in milliseconds. */
async function medianTime(times: number, run: () => Promise<unknown>): Promise<number> {
  const measured: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await run();
    measured.push(performance.now() - start);
  }
  return median(measured);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

process.exitCode = await main();
