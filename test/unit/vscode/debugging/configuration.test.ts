import path from 'node:path';
import { expect, it } from 'vitest';
import { chooseRuntime, toNodeConfiguration } from '../../../../src/vscode/debugging/configuration.ts';

const dist = path.join(path.sep, 'extension', 'dist');
const session = {
  name: 'Stage train@a b',
  project: '/work/p',
  stage: 'train@a b',
  runtime: { node: '/editor/code', major: 24 },
  dist,
  env: { PATH: '/first:/usr/bin' },
};

it('the stage is run by the engine, and stopped by SIGTERM to it alone', () => {
  const configuration = toNodeConfiguration(session);
  expect(configuration).toMatchObject({
    type: 'node',
    request: 'launch',
    cwd: '/work/p',
    runtimeArgs: ['run', 'train@a b', '--single', '--force', '--keep-outputs'],
    env: { MLOPS_NODE: '/editor/code', PATH: '/first:/usr/bin' },
    nodeVersionHint: 24,
    killBehavior: 'polite',
    autoAttachChildProcesses: true,
  });
  expect(path.dirname(String(configuration['runtimeExecutable']))).toBe(path.join(dist, 'bin'));
  expect(configuration['program']).toBeUndefined();
});

const versions = { ...process.versions, node: '24.21.0' };
it.each([
  ['linux', { ...versions, electron: '39.0.0' }, '/editor/code'],
  ['win32', { ...versions, electron: '39.0.0' }, '/editor/code'],
  ['darwin', { ...versions, electron: '39.0.0' }, 'node'],
  ['darwin', versions, '/editor/code'],
] as const)('on %s the runtime is one that the debugger can attach to', (platform, own, node) => {
  expect(chooseRuntime({ platform, execPath: '/editor/code', versions: own })).toEqual({ node, major: 24 });
});
