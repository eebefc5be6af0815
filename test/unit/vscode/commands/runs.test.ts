import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import type { SteeringAnswer } from '../../../../src/protocol/steering.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { answers, forget, told } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { createRunsCommands } = await import('../../../../src/vscode/commands/runs.ts');

const project = '/w/digits';
const run = (runId: string, more: Partial<RunSummary> = {}): RunSummary => ({
  runId,
  name: runId,
  experiment: 'x',
  status: 'RUNNING',
  startTime: 1,
  endTime: null,
  parentRunId: null,
  params: {},
  tags: {},
  metrics: {},
  lost: false,
  artifacts: null,
  ...more,
});
const runs = [
  run('live'),
  run('still', { tags: { 'mlops.paused': 'at epoch 1, batch 2' } }),
  run('lost', { lost: true }),
  run('over', { status: 'FINISHED' }),
];

function create(answer: SteeringAnswer['state'] = 'done') {
  const engine = createEngine({
    listRuns: () => ({ runs, unreadable: [] }),
    steerRun: () => ({ state: answer, step: 1, epoch: 0, text: '' }),
    listModels: () =>
      ['cnnbased', 'singleoutput'].map((name) => ({ name, folder: `models/${name}`, modified: 1, runId: null })),
    exportModel: () => ({ path: '/elsewhere/one' }),
  });
  const own = { root: project, name: 'digits', branch: null };
  const store = { root: '/w/store', name: 'store', branch: null, hasOnlyRuns: true };
  const projects = { whenKnown: () => Promise.resolve([own]), whenAllKnown: () => Promise.resolve([own, store]) };
  const shown: string[] = [];
  const showRun = (root: string, runId: string): void => void shown.push(`${root} ${runId}`);
  const parts = { engine: engine.thread, projects, showRun, showPrediction: () => undefined };
  const commands = createRunsCommands(parts as unknown as Parameters<typeof createRunsCommands>[0]);
  const steered = () => engine.asked.filter(({ name }) => name === 'steerRun').map(({ payload }) => payload);
  const exported = () => engine.asked.filter(({ name }) => name === 'exportModel').map(({ payload }) => payload);
  return { commands, steered, shown, exported };
}

beforeEach(() => {
  forget();
  answers.workspaceFolder = '/w';
});

describe('a live run is steered', () => {
  const pause = { type: 'pause' };
  const resume = { type: 'resume' };
  const best = { type: 'stop', when: 'best' };
  const target: Target = { kind: 'run', project, runId: 'other' };
  const cases = [
    ['mlops.pauseRun', target, 'other', pause],
    ['mlops.resumeRun', target, 'other', resume],
    ['mlops.stopRunAtBest', target, 'other', best],
    // From the palette: the only one that it can be done to, or the one that was picked.
    ['mlops.pauseRun', undefined, 'live', pause],
    ['mlops.resumeRun', undefined, 'still', resume],
    ['mlops.stopRunAtBest', undefined, 'still', best],
  ] as const;
  it.each(cases)('%s on %o', async (command, given, runId, steering) => {
    const { commands, steered } = create();
    await commands[command](given);
    expect(steered()).toEqual([{ project, runId, steering }]);
  });

  it('asks only about runs that are live', async () => {
    await create().commands['mlops.stopRunAtBest']();
    expect(told.picks.map((choices) => choices.map(({ label }) => label))).toEqual([['live', 'still']]);
  });
});

it('the chart of a run can be shown of a folder that is no project', async () => {
  const { commands, shown } = create();
  answers.picked = ['store', 'over'];
  await commands['mlops.showRunChart']();
  expect(shown).toEqual(['/w/store over']);
});

describe('a model is exported', () => {
  it.each<[target: Target | undefined, model: string]>([
    [{ kind: 'model', project, model: 'cnnbased' }, 'cnnbased'],
    [undefined, 'singleoutput'],
  ])('%o, to a folder that is asked for', async (target, model) => {
    answers.saved = '/elsewhere/one';
    const { commands, exported } = create();
    await commands['mlops.exportModel'](target);
    expect(told.proposed).toEqual([`${project}/exports/${model}`]);
    expect(exported()).toEqual([{ project, model, format: 'savedmodel', out: '/elsewhere/one' }]);
    expect(told.messages).toEqual([expect.stringContaining('/elsewhere/one')]);
  });

  it('not without a folder', async () => {
    const { commands, exported } = create();
    await commands['mlops.exportModel']({ kind: 'model', project, model: 'cnnbased' });
    expect(exported()).toEqual([]);
  });
});
