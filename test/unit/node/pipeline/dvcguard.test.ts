import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { TestProject } from './bench.ts';

let project: TestProject;
afterEach(() => project.remove());

const hasFlock = spawnSync('flock', ['--version']).status === 0;
const files = { 'dvc.yaml': 'stages: {s: {cmd: "cat in > out", deps: [in], outs: [out]}}', 'in': '1' };

/** Another process that holds the lock as DVC does. */
async function holdFlock(file: string): Promise<{ release: () => Promise<void> }> {
  const holder = spawn('flock', ['-x', file, 'sh', '-c', 'echo held; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return {
    async release() {
      holder.stdin.end();
      await once(holder, 'close');
    },
  };
}

it.each([
  ['text', '{"write": "x", "read": 5}'],
  ['no infos', '{"write": {"data": 5}, "read": {"data": {"pid": 1}, "x": [null]}}'],
  ['no JSON', '{'],
])('an rwlock of another shape (%s) holds nothing', async (_, text) => {
  project = await TestProject.create({ ...files, '.dvc/tmp/rwlock': text });
  expect(await project.outcomes()).toBe('s:succeeded');
});

it.skipIf(!hasFlock)("DVC's locks are respected: nothing runs while one of them is held", async () => {
  project = await TestProject.create({ ...files, '.dvc/tmp/x': '' });
  for (const name of ['lock', 'rwlock.lock']) {
    const held = await holdFlock(project.path('.dvc/tmp', name));
    await expect(project.run()).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining(`.dvc/tmp/${name} is held`) as string,
    });
    await held.release();
  }
  expect(await project.states()).toBe('s:never-run');
  expect(await project.outcomes()).toBe('s:succeeded');
});

it.skipIf(!hasFlock)("DVC's lock is ours while files are put in order, and free for a stage's commands", async () => {
  const tryLock = 'flock -n .dvc/tmp/lock true && echo free || echo held';
  project = await TestProject.create({
    'dvc.yaml': `stages: {a: {cmd: "(${tryLock}) > a", outs: [a]}, b: {cmd: "cat a > b", deps: [a], outs: [b]}}`,
  });
  const seen: string[] = [];
  project.onEvent = (event) => {
    const { status } = spawnSync('flock', ['-n', project.path('.dvc/tmp/lock'), 'true']);
    if (event.type === 'command' || event.type === 'stage-ended') seen.push(`${event.type} ${status}`);
  };
  await project.run();
  expect(await project.read('b')).toBe('free\n');
  expect(seen).toEqual(['command 0', 'stage-ended 1', 'command 0', 'stage-ended 1']);
  expect(spawnSync('flock', ['-n', project.path('.dvc/tmp/lock'), 'true']).status).toBe(0);
});
