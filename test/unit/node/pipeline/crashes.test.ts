import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseLock } from '../../../../src/core/pipeline/pipeline.ts';
import { verifyData } from '../../../../src/node/data/verify.ts';
import { TestProject, bundleCommands } from './bench.ts';
import { can, sweep } from './sweep.ts';

let folder: string;
let cli: string;
let project: TestProject;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-crash-cli-'));
  cli = await bundleCommands(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => project.remove());

// Built-in commands of the shell, nearly: what is killed at a change of the disk is the engine.
const pipeline = `stages:
  first:
    cmd: read -r line < in.txt; echo "$line" > first.txt
    deps: [in.txt]
    outs: [first.txt]
  second:
    cmd: read -r line < first.txt; mkdir data; echo "$line again" > data/second.txt
    deps: [first.txt]
    outs: [data]
`;

describe.skipIf(!can('strace', '-V'))('kill -9 at every change of the disk', () => {
  it.each([[[]], [['--keep-outputs']], [['--jobs', '2']]] as const)(
    'of a run %j leaves lock and cache whole, and the next run ends the work',
    async (options) => {
      project = await TestProject.create({ 'dvc.yaml': pipeline, 'in.txt': 'one\n', 'data/.keep': '' });
      expect((await project.run()).outcome).toBe('succeeded');
      await project.write('in.txt', 'two\n');
      const start = `${project.root}-start`;
      await cp(project.root, start, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
      try {
        const prepare = async (): Promise<void> => {
          await rm(project.root, { recursive: true, force: true });
          await cp(start, project.root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
        };
        const kills = await sweep({ cli, project, args: ['run', ...options], prepare }, checkLeft);
        expect(kills).toBeGreaterThan(20);
      } finally {
        await rm(start, { recursive: true, force: true });
      }
    },
    600_000,
  );
});

describe.skipIf(!can('unshare', '-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'))('a full disk', () => {
  it('while an output is cached fails the stage with a sentence, leaves the lock, and a run with space ends the work', async () => {
    const stage = 'stages: {make: {cmd: head -c 300000 /dev/zero > big, outs: [big]}}\n';
    project = await TestProject.create({ 'dvc.yaml': stage });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', project.path('.dvc')]);
    try {
      const document = await project.run();
      expect([document.outcome, document.stages[0]?.reason]).toEqual([
        'failed',
        expect.stringContaining('the disk is full') as string,
      ]);
      await expect(project.read('dvc.lock')).rejects.toThrow();
      expect(await project.states()).toBe('make:failed');
      execFileSync('mount', ['-o', 'remount,size=4m', project.path('.dvc')]);
      expect((await project.run()).outcome).toBe('succeeded');
      expect(await project.states()).toBe('make:fresh');
      const tools = { cwd: project.root, env: project.env, signal: new AbortController().signal };
      expect(await verifyData({ root: project.root }, [], tools)).toEqual({ objects: 1, corrupt: [], missing: [] });
    } finally {
      execFileSync('umount', [project.path('.dvc')]);
    }
  });
});

/** What both the old and the new outputs need is there; then a run does what is left. */
async function checkLeft(): Promise<void> {
  expect(await project.read('in.txt')).toBe('two\n');
  const lock = parseLock(await project.read('dvc.lock'), 'dvc.lock');
  expect([lock.problems, [...(lock.value?.stages.keys() ?? [])].sort()]).toEqual([[], ['first', 'second']]);
  const tools = { cwd: project.root, env: project.env, signal: new AbortController().signal };
  const { corrupt, missing } = await verifyData({ root: project.root }, [], tools);
  expect([corrupt, missing]).toEqual([[], []]);
  expect((await project.run()).outcome).toBe('succeeded');
  expect([await project.read('first.txt'), await project.read('data/second.txt')]).toEqual(['two\n', 'two again\n']);
  expect(await project.states()).toBe('first:fresh second:fresh');
}
