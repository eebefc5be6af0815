import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readFlow } from '../../../../src/node/gitflow/gitflow.ts';
import { commit, end, git } from '../git/repository.ts';
import { useFlowGround } from './ground.ts';

const { ground, env, start, makeFlow } = useFlowGround();

test.skipIf(process.platform === 'win32')('the state of many branches is told by five processes of git', async () => {
  const folder = await makeFlow({ remote: true });
  for (const name of ['one', 'two', 'three']) {
    await git(folder, env(), 'checkout', '-q', 'develop');
    await start(folder, name);
    await commit(folder, env(), name, '1');
  }
  await git(folder, env(), 'push', '-q', 'origin', 'feature/one');
  await commit(folder, env(), 'd', '1');
  await git(folder, env(), 'branch', '-f', 'develop');
  await writeFile(path.join(folder, 'a'), 'changed');
  const tools = await ground().make('tools');
  const real = (await end(folder, env(), 'which', 'git')).output.trim();
  await writeFile(path.join(tools, 'git'), `#!/bin/sh\necho "$1" >> "${tools}/calls"\nexec "${real}" "$@"\n`);
  await chmod(path.join(tools, 'git'), 0o755);
  const counted = { ...env(), PATH: `${tools}${path.delimiter}${env()['PATH'] ?? ''}` };

  // The first look at a program of git asks for its version.
  await readFlow(folder, { env: counted });
  await writeFile(path.join(tools, 'calls'), '');
  const state = await readFlow(folder, { env: counted });
  expect((await readFile(path.join(tools, 'calls'), 'utf8')).trim().split('\n')).toHaveLength(5);
  expect(state).toMatchObject({ current: 'feature/three', changed: ['a'], unfinished: null });
  expect(state.topics.map(({ name, distance, remote, current }) => [name, distance, remote, current])).toEqual([
    ['one', { ahead: 1, behind: 2 }, { ahead: 0, behind: 0 }, false],
    ['three', { ahead: 0, behind: 0 }, null, true],
    ['two', { ahead: 1, behind: 2 }, null, false],
  ]);
});
