import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
let runner: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-exec-'));
  await writeFile(path.join(folder, 'package.json'), '{"type": "module"}');
  const module = pathToFileURL(path.resolve(import.meta.dirname, '../../../../src/node/training/exec.ts')).href;
  runner = path.join(folder, 'runner.mjs');
  await writeFile(
    runner,
    `import { execute } from ${JSON.stringify(module)};
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => abort.abort(signal));
const [file, ...args] = process.argv.slice(2);
const installation = { node: process.execPath, bin: '/bin', samples: '/samples' };
process.exitCode = await execute({ file, args, cwd: process.cwd(), installation, env: process.env }, abort.signal);
`,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function check(
  source: string,
  ...args: string[]
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  await writeFile(path.join(folder, 'script.ts'), source);
  const argv = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', runner, 'script.ts', ...args];
  return spawnSync(process.execPath, argv, { cwd: folder, encoding: 'utf8', input: 'from stdin' });
}

test('TypeScript runs with its arguments, streams and environment', async () => {
  const { status, stdout } = await check(
    `import { readFileSync } from 'node:fs';
     const all: readonly unknown[] = [process.argv.slice(2), process.cwd(), process.env['MLOPS_SAMPLES'], readFileSync(0, 'utf8')];
     console.log(JSON.stringify(all));`,
    '--flag',
    'a b',
  );
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual([['--flag', 'a b'], folder, '/samples', 'from stdin']);
});

test('the exit code is that of the script, a death by signal as shells say it', async () => {
  expect((await check('process.exit(7)')).status).toBe(7);
  const thrown = await check('throw new Error("boom")');
  expect([thrown.status, thrown.stderr.includes('script.ts:1'), thrown.stderr.includes('boom')]).toEqual([
    1,
    true,
    true,
  ]);
  expect((await check('process.kill(process.pid, "SIGKILL")')).status).toBe(137);
});

test('a signal is handed on', async () => {
  await writeFile(
    path.join(folder, 'script.ts'),
    `process.on('SIGTERM', () => process.exit(9)); console.log('ready'); setInterval(() => undefined, 1000);`,
  );
  const child = spawn(process.execPath, ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', runner, 'script.ts'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect((await once(child, 'close')) as unknown[]).toEqual([9, null]);
});
