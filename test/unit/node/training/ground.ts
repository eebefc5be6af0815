import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Installation } from '../../../../src/node/installation/installation.ts';
import { openChosenStore, type RunStore } from '../../../../src/node/tracking/tracking.ts';
import { createRandom } from '../../../../src/worker/seeds.ts';
import { buildWorker } from '../../worker/workerProcess.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/training');

/** A project in a folder of its own for each test, and the real worker to train it: built once for the file. */
export interface Ground {
  readonly root: string;
  readonly installation: Installation;
  /** Of a person who has set nothing. */
  readonly env: NodeJS.ProcessEnv;
  write(file: string, text: string): Promise<void>;
  openStore(): Promise<RunStore>;
  /** A training or a sweep in a process of its own, of which a test may kill what it likes. */
  start(script: 'train' | 'sweep', args?: readonly string[]): ChildProcessByStdio<null, Readable, null>;
}

/** Prepares the tests of a file; the ground is there while a test runs. */
export function useGround(name: string): { readonly current: Ground } {
  let bundle: Awaited<ReturnType<typeof buildWorker>>;
  let current: Ground | undefined;
  beforeAll(async () => {
    bundle = await buildWorker();
  }, 60_000);
  afterAll(() => bundle.remove());
  beforeEach(async () => {
    const root = await mkdtemp(path.join(os.tmpdir(), `mlops-${name}-`));
    current = createGround(root, bundle.file);
    await current.write('dvc.yaml', 'stages: {}\n');
    await current.write('package.json', '{ "type": "module" }\n');
  });
  // A worker whose run was killed may write for a while yet.
  afterEach(() => rm(current?.root ?? '', { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  return {
    get current() {
      if (current === undefined) throw new Error('No test is running.');
      return current;
    },
  };
}

function createGround(root: string, worker: string): Ground {
  const env = { ...process.env, MLFLOW_TRACKING_URI: '', DVC_STAGE: '' };
  return {
    root,
    env,
    installation: {
      ...{ node: process.execPath, version: '0', cli: '', worker },
      ...{ bin: fixtures, samples: fixtures, templates: fixtures },
    },
    async write(file, text) {
      await mkdir(path.dirname(path.join(root, file)), { recursive: true });
      await writeFile(path.join(root, file), text);
    },
    openStore: () => openChosenStore({ project: { root }, env: {}, cwd: root }),
    start: (script, args = []) =>
      spawn(
        process.execPath,
        ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', path.join(fixtures, `${script}.mjs`), root, ...args],
        { env: { ...env, TELL_EPOCHS: '1', WORKER: worker }, stdio: ['ignore', 'pipe', 'inherit'] },
      ),
  };
}

/** The training workers of a run's process, and nothing else that it has started; waits for the first. Linux only. */
export async function findWorkers(child: ChildProcessByStdio<null, Readable, null>): Promise<readonly number[]> {
  const read = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
  while (child.exitCode === null && child.signalCode === null) {
    const children = await read(`/proc/${child.pid}/task/${child.pid}/children`);
    const workers: number[] = [];
    for (const pid of children.split(' ').filter(Boolean))
      if ((await read(`/proc/${pid}/cmdline`)).includes('worker.js')) workers.push(Number(pid));
    if (workers.length > 0) return workers;
    await sleep(5);
  }
  return [];
}

/** Ends a process as nothing else can; one that has ended by itself is left alone. Resolves when it is gone. */
export async function killHard(
  child: ChildProcessByStdio<null, Readable, null>,
  pids: readonly number[] = [child.pid ?? 0],
): Promise<void> {
  const closed = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined;
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It had ended by itself.
    }
  await closed;
}

/** Moments at random, another each time; MLOPS_TEST_SEED repeats those of a run that has printed it. */
export function randomMoments(what: string): () => number {
  const seed = Number(process.env['MLOPS_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${what}: MLOPS_TEST_SEED=${seed} kills at the same moments`);
  return createRandom(seed);
}
