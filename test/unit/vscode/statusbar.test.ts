import { beforeEach, expect, it, vi } from 'vitest';
import type { LiveProcess } from '../../../src/protocol/engine.ts';
import { forget, told } from './editor.ts';
import { createEngine, settle } from './engine.ts';

vi.mock('vscode', () => import('./editor.ts'));
const { RunningStatus } = await import('../../../src/vscode/statusbar.ts');

const project = '/w/digits';
const training: LiveProcess = {
  id: '7:1',
  pid: 7,
  command: 'train configs/cnn.yaml',
  since: 0,
  kind: 'training',
  stages: [],
  runId: 'r',
  model: 'cnn',
  log: null,
  steering: { paused: false, count: 0 },
};

beforeEach(forget);

it.each<[string, readonly LiveProcess[], string | undefined]>([
  ['nothing runs', [], undefined],
  ['a training', [training], '$(sync~spin) cnn · epoch 14/24'],
  [
    'a paused training',
    [{ ...training, steering: { paused: true, count: 1 } }],
    '$(debug-pause) cnn · paused · epoch 14/24',
  ],
  ['a training that can not be steered', [{ ...training, steering: null }], '$(sync~spin) cnn · epoch 14/24'],
  [
    'a sweep, whatever its trials do',
    [
      { ...training, kind: 'sweep', runId: 's', steering: null },
      { ...training, kind: 'trial' },
    ],
    '$(sync~spin) Sweep cnn · 1/6 trials',
  ],
])('the status bar says in words what goes on: %s', async (_, processes, text) => {
  const metrics = { val_loss: { points: 14, last: { value: 0.1, step: 14 }, min: null, max: null, best: null } };
  const run = { runId: 'r', params: { 'training.num_epochs': '24' }, tags: {}, metrics } as never;
  const sweep = {
    ...{ runId: 's', parentRunId: null, metrics: {}, tags: { 'mlops.sweep': '1' } },
    params: { 'sweep.objective': 'minimize val_loss', 'sweep.trials': '6' },
  } as never;
  const trial = {
    ...{ runId: 't', parentRunId: 's', status: 'FINISHED', metrics: {}, params: {}, tags: { 'mlops.trial': '0' } },
  } as never;
  const engine = createEngine({
    readStatus: () => ({ project, stages: [], data: [], problems: [] }),
    listRuns: () => ({ runs: [run, sweep, trial], unreadable: [] }),
    listProcesses: () => [],
  });
  const projects = { list: [], onDidChange: () => ({ dispose: () => undefined }) };
  const report = (error: unknown): never => {
    throw error;
  };
  const status = new RunningStatus(engine.thread, projects as never, report);
  engine.tell('processes', { project, processes });
  await settle();
  const [item] = told.items;
  expect(item?.isShown === true ? item.text : undefined).toBe(text);
  status.dispose();
});
