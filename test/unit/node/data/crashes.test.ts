import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyData } from '../../../../src/node/data/verify.ts';
import { parseDataFile } from '../../../../src/core/data/data.ts';
import { TestProject, bundleCommands, startCommand } from '../pipeline/bench.ts';
import { can, sweep } from '../pipeline/sweep.ts';

let folder: string;
let cli: string;
let project: TestProject;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-data-cli-'));
  cli = await bundleCommands(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => project.remove());

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
    const kills = await sweep({ cli, project, args: ['data', 'add', 'data'], prepare }, async () => {
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
    const kills = await sweep({ cli, project, args: ['data', 'checkout'], prepare }, async (killed) => {
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
