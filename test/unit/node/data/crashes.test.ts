import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyData } from '../../../../src/node/data/verify.ts';
import { parseDataFile } from '../../../../src/core/data/data.ts';
import { TestProject, bundleCommands, startCommand } from '../pipeline/bench.ts';

let folder: string;
let cli: string;
let project: TestProject;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-data-cli-'));
  cli = await bundleCommands(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => project.remove());

function can(...command: string[]): boolean {
  try {
    execFileSync(command[0] ?? '', command.slice(1), { stdio: 'ignore' });
    return true;
  } catch {
    // The program, or the right to use it, is missing here: the test is skipped, and counted as such.
    return false;
  }
}

/** A question mark: not every machine has each of them. */
const CALLS = ['rename', 'link', 'unlink', 'rmdir', 'mkdir', 'fsync', 'unlinkat'].map((call) => `?${call}`);
const MOST_CALLS = 100;

/**
 * Runs a command again and again, ended by SIGKILL at its first, second, third … call of each kind that changes the disk, until it
 * makes no more of them. Returns how many times it was killed.
 */
async function sweep(
  args: string[],
  prepare: () => Promise<void>,
  check: (killed: boolean) => Promise<void>,
): Promise<number> {
  let kills = 0;
  for (const call of CALLS) {
    for (let n = 1; n < MOST_CALLS; n += 1) {
      await prepare();
      const killed = await isKilledAt(call, n, args);
      await check(killed);
      if (!killed) break;
      kills += 1;
    }
  }
  return kills;
}

async function isKilledAt(call: string, n: number, args: string[]): Promise<boolean> {
  const inject = `inject=${call}:signal=SIGKILL:when=${n}`;
  const options = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
  const traced = [...options, process.execPath, cli, ...args];
  // Calls are counted thread by thread; with few threads nearly all of them are one after the other.
  const env = { ...project.env, UV_THREADPOOL_SIZE: '1' };
  const child = spawn('strace', traced, { cwd: project.root, env, stdio: 'ignore' });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return code !== 0 || signal !== null;
}

const verify = async () => {
  const tools = { cwd: project.root, env: project.env, signal: new AbortController().signal };
  return verifyData({ root: project.root }, [], tools);
};

describe.skipIf(!can('strace', '-V'))('kill -9 at every change of the disk', () => {
  const content = { 'data/a': 'a\n', 'data/b': 'b\n', 'data/big': 'x'.repeat(400_000) };
  const checkData = async (): Promise<void> => {
    for (const [name, text] of Object.entries(content)) expect(await project.read(name)).toBe(text);
  };

  it('of data add leaves the data, a whole .dvc file or none, and no wrong object', async () => {
    project = await TestProject.create(content);
    const prepare = async (): Promise<void> => {
      for (const name of ['.dvc/cache', '.mlops', 'data.dvc'])
        await rm(project.path(name), { recursive: true, force: true });
    };
    const kills = await sweep(['data', 'add', 'data'], prepare, async () => {
      await checkData();
      const text = await project.read('data.dvc').catch(() => undefined);
      const { corrupt, missing } = await verify();
      expect([corrupt, missing]).toEqual([[], []]);
      if (text !== undefined) expect(parseDataFile(text, 'data.dvc').problems).toEqual([]);
    });
    expect(kills).toBeGreaterThan(15);
    // Whatever was left lying does not stand in the way.
    expect((await startCommand(cli, ['data', 'add', 'data'], project).ended).code).toBe(0);
  }, 300_000);

  it('of data checkout leaves every file old or new, and the next one ends the work', async () => {
    project = await TestProject.create(content);
    expect((await startCommand(cli, ['data', 'add', 'data'], project).ended).code).toBe(0);
    const prepare = async (): Promise<void> => {
      await project.write('data/a', 'b\n');
      await rm(project.path('data/big'), { force: true });
    };
    const kills = await sweep(['data', 'checkout'], prepare, async (killed) => {
      if (!killed) await checkData();
      expect(['a\n', 'b\n']).toContain(await project.read('data/a'));
      const big = await stat(project.path('data/big')).catch(() => undefined);
      expect([undefined, content['data/big'].length]).toContain(big?.size);
      expect((await verify()).corrupt).toEqual([]);
    });
    expect(kills).toBeGreaterThan(8);
  }, 300_000);
});

describe.skipIf(!can('unshare', '-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'))('a full disk', () => {
  it('while data is cached leaves the data and the .dvc file, says so, and goes on where there is space', async () => {
    project = await TestProject.create({ data: 'x'.repeat(300_000) });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', project.path('.dvc')]);
    try {
      const full = await startCommand(cli, ['data', 'add', 'data'], project).ended;
      expect([full.code, full.stderr]).toEqual([1, expect.stringContaining('the disk is full') as string]);
      await expect(project.read('data.dvc')).rejects.toThrow();
      expect((await project.read('data')).length).toBe(300_000);
      expect(await verify()).toEqual({ objects: 0, corrupt: [], missing: [] });
      execFileSync('mount', ['-o', 'remount,size=4m', project.path('.dvc')]);
      expect((await startCommand(cli, ['data', 'add', 'data'], project).ended).code).toBe(0);
      expect((await verify()).objects).toBe(1);
    } finally {
      execFileSync('umount', [project.path('.dvc')]);
    }
  });
});
