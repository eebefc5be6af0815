import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { listFiles } from '../../src/node/files/files.ts';
import { nodeFlags, results, root } from '../places.ts';
import { runProgram } from '../programs.ts';
import { chromiumMissing, ensureChromium } from '../vscode-host/browser.ts';
import { chooseEditor } from '../vscode-host/desktop.ts';
import { ensureCodeServer } from '../vscode-host/install.ts';
import { ensurePackage } from '../packaging/packaging.ts';
import { ensureInterop, ensurePythonTools, type InteropTools } from './interop.ts';
import { addTallies, countVitest, nothing, type Tally } from './tally.ts';

/** A kind of test, by what it needs: nothing, a browser, VS Code, the field's own tools. */
export interface Layer {
  readonly name: string;
  /** False for what `npm test` leaves out. */
  readonly always: boolean;
  readonly run: (filters: readonly string[]) => Promise<Tally>;
}

export const layers: readonly Layer[] = [
  { name: 'check', always: true, run: runChecks },
  { name: 'unit', always: true, run: (filters) => runVitest('unit', filters) },
  { name: 'view', always: true, run: (filters) => withBrowser('view', () => runVitest('view', filters)) },
  { name: 'host', always: true, run: runHost },
  { name: 'ui', always: true, run: (filters) => withBrowser('ui', () => runUi(filters)) },
  { name: 'interop', always: false, run: runInterop },
  { name: 'long', always: false, run: runLong },
];

/** Each check counts as one test. All of them run, so that one report has everything that is wrong. */
async function runChecks(): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const name of ['types', 'lint', 'format', 'unused']) {
    const code = await runProgram('npm', ['run', '--silent', `check:${name}`], { cwd: root });
    console.log(`${code === 0 ? '✓' : '✗'} check:${name}`);
    tallies.push(code === 0 ? { ...nothing, passed: 1 } : { ...nothing, failed: 1, failures: [`check:${name}`] });
  }
  return addTallies(tallies);
}

async function runVitest(project: string, filters: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Tally> {
  const report = path.join(results, `${project}.json`);
  await rm(report, { force: true });
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = [vitest, 'run', '--project', project, ...reporters, ...filters];
  const code = await runProgram(process.execPath, args, { cwd: root, env: { ...process.env, ...env } });
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) return { ...nothing, failed: code === 0 ? 0 : 1 };
  return countVitest(JSON.parse(text) as Parameters<typeof countVitest>[0], code);
}

async function runHost(): Promise<Tally> {
  const editor = await chooseEditor();
  if (editor.kind === 'code-server') {
    if ((await ensureChromium()) === undefined) return skip('host', chromiumMissing);
    await ensureCodeServer();
  }
  const file = path.join(results, 'host.json');
  await rm(file, { force: true });
  await mkdir(results, { recursive: true });
  const args = [path.join(root, 'node_modules/@vscode/test-cli/out/bin.mjs')];
  const env = { ...process.env, MLOPS_HOST_TALLY: file };
  const code = await runProgram(process.execPath, [...nodeFlags, ...args], { cwd: root, env });
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const tally = text === undefined ? nothing : (JSON.parse(text) as Tally); // written by mocha-tally.cjs
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

async function runUi(filters: readonly string[]): Promise<Tally> {
  await ensureCodeServer();
  const { vsix } = await ensurePackage();
  await rm(path.join(results, 'ui'), { recursive: true, force: true });
  return runVitest('ui', filters, { MLOPS_VSIX: vsix });
}

async function runInterop(filters: readonly string[]): Promise<Tally> {
  const tools = await ensureInterop();
  if ('missing' in tools) return skip('interop', tools.missing);
  return runVitest('interop', filters, tools.env);
}

async function runLong(filters: readonly string[]): Promise<Tally> {
  const tools = await findLongTools();
  if ('env' in tools) return runVitest('long', filters, tools.env);
  const file = 'test/long/publicprojects.test.ts';
  console.log(`\n!!! ${file} IS SKIPPED. ${tools.missing}\n`);
  const tally = await runVitest('long', ['--exclude', file, ...filters]);
  return addTallies([tally, { ...nothing, skipped: 1 }]);
}

/** What the tests on public projects need; the others of the layer need nothing. */
async function findLongTools(): Promise<InteropTools> {
  return (process.env['MLOPS_PUBLIC_PROJECTS'] ?? '') === ''
    ? { missing: 'Set MLOPS_PUBLIC_PROJECTS to a folder of Git repositories with DVC projects.' }
    : ensurePythonTools();
}

async function withBrowser(layer: string, run: () => Promise<Tally>): Promise<Tally> {
  const chromium = await ensureChromium();
  return chromium === undefined ? skip(layer, chromiumMissing) : run();
}

/** Says loudly that a layer can't run here, and counts each of its test files as skipped. */
async function skip(layer: string, why: string): Promise<Tally> {
  const files = (await listFiles(path.join(root, 'test', layer))).filter((name) => name.endsWith('.test.ts'));
  console.log(`\n!!! THE LAYER "${layer}" IS SKIPPED (${files.length} test files). ${why}\n`);
  return { ...nothing, skipped: files.length };
}
