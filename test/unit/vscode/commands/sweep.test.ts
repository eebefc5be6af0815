import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import { badInput } from '../../../../src/protocol/errors.ts';
import type { StageStatus } from '../../../../src/protocol/pipeline.ts';
import type { SweepChoice, SweepOutline } from '../../../../src/protocol/sweep.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { Document, answers, forget, told, workspace } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { createSweepCommands } = await import('../../../../src/vscode/commands/sweep.ts');
const { createResumingCommands } = await import('../../../../src/vscode/commands/resuming.ts');

const project = '/w/digits';
const config: Target = { kind: 'config', project, file: 'configs/a.yaml', model: 'a' };

/** As the engine would plan: 24 combinations, or as many as are wanted. */
function outline({ strategy = 'grid', trials = 24, jobs = 1 }: SweepChoice): SweepOutline {
  return {
    ...{ config: 'configs/a.yaml', strategy, trials, jobs, objective: 'minimize val_loss' },
    ...{ strategies: ['grid', 'random'], epochs: '1 → 3', secondsLeft: trials === 24 ? 720 : null, pacedBy: 5 },
    first: ['units=2', 'units=3'],
  };
}

const stage = (name: string, state: StageStatus['state'], needs: readonly string[] = []): StageStatus => ({
  ...{ name, state, needs, file: 'dvc.yaml', line: 1, reasons: [], lastSeconds: null },
});

function create(stages: readonly StageStatus[] = [], refuse = false) {
  const run = (runId: string, more: Partial<RunSummary>): RunSummary => ({
    ...{ runId, name: runId, experiment: 'x', status: 'KILLED', startTime: 1, endTime: 2, parentRunId: null },
    ...{ params: {}, tags: {}, metrics: {}, lost: false, artifacts: null },
    ...more,
  });
  const sweep = { tags: { 'mlops.sweep': 's' }, params: { 'sweep.objective': 'minimize x' } };
  const runs = [run('stopped', {}), run('bare', {}), run('sweep', sweep), run('done sweep', sweep)];
  const engine = createEngine({
    readStatus: () => ({ project, stages, data: [], problems: [] }),
    listRuns: () => ({ runs, unreadable: [], resumable: ['stopped', 'sweep'] }),
    planSweep: ({ choice }) => outline(choice),
    planResumption: ({ runId }) => {
      if (refuse) throw badInput('The run can go on by its own config only.');
      return ['train', 'configs/a.yaml', '--resume', runId];
    },
  });
  const projects = { whenKnown: () => Promise.resolve([{ root: project, name: 'digits', branch: null }]) };
  const parts = { engine: engine.thread, projects, showRun: () => undefined, report: () => undefined } as never;
  return { ...createSweepCommands(parts), ...createResumingCommands(parts) };
}

beforeEach(() => {
  forget();
  answers.workspaceFolder = '/w';
});

const started = () => told.tasks.map(({ definition }) => definition);

describe('a sweep', () => {
  it('is told before it begins', async () => {
    answers.picked = ['Start'];
    await create()['mlops.sweep'](config);
    expect(told.picks[0]).toMatchObject([
      {
        label: '$(play) Start',
        description: 'grid · 24 trials · about 12 min, by 5 runs',
        detail: 'minimize val_loss · epochs 1 → 3',
      },
      { label: '$(list-selection) Strategy', description: 'grid' },
      { label: '$(symbol-numeric) Trials', description: '24' },
      { label: '$(layers) Trials at a time', description: '1' },
      { label: 'Trials' },
      { label: 'units=2' },
      { label: 'units=3' },
      { label: 'and 22 more' },
    ]);
    expect(started()).toEqual([{ type: 'mlops', project: 'digits', arguments: ['sweep', 'configs/a.yaml'] }]);
  });

  const check = (name: string, picked: string[], typed: string | undefined, args: readonly string[] | null): void =>
    it(name, async () => {
      Object.assign(answers, { picked, typed });
      await create()['mlops.sweep'](config);
      expect(started()).toMatchObject(args === null ? [] : [{ arguments: ['sweep', 'configs/a.yaml', ...args] }]);
    });
  check('takes another strategy', ['Strategy', 'random', 'Start'], undefined, ['--strategy', 'random']);
  check('takes another number of trials', ['Trials', 'Start'], '9', ['--trials', '9']);
  check('takes more trials at a time', ['Trials at a time', 'Start'], '2', ['--jobs', '2']);
  check('does not take what is no number', ['Trials', 'Start'], 'many', []);
  check('does not take none', ['Trials', 'Start'], '0', []);
  check('is told again when one of its trials was picked', ['units=2', 'Start'], undefined, []);
  check('is told again when a question was left', ['Strategy', 'escape', 'Start'], undefined, []);
  check('does not begin when the user gives up', ['Strategy', 'random', 'escape'], undefined, null);

  it('is told with what has changed', async () => {
    Object.assign(answers, { picked: ['Trials', 'escape'], typed: '1' });
    await create()['mlops.sweep'](config);
    expect(told.picks[1]?.[0]).toMatchObject({ description: 'grid · 1 trial · how long is known after the first' });
  });

  it('offers to bring up to date what its trials will read', async () => {
    const stages = [
      stage('clean', 'fresh'),
      stage('features', 'stale'),
      stage('train@a', 'blocked', ['clean', 'features']),
    ];
    answers.picked = ['Run features first'];
    await create(stages)['mlops.sweep'](config);
    expect(started()).toEqual([{ type: 'mlops', project: 'digits', stage: 'features' }]);
  });

  it('is not planned by what stands in the editor only', async () => {
    const document = new Document(`${project}/configs/a.yaml`, '');
    document.type('x');
    workspace.textDocuments = [document];
    await expect(create()['mlops.sweep'](config)).rejects.toThrow('Save it first');
  });
});

describe('what can go on', () => {
  it.each([
    ['mlops.resumeTraining', 'stopped'],
    ['mlops.resumeSweep', 'sweep'],
  ] as const)('%s asks about nothing else', async (command, runId) => {
    await create()[command]();
    expect(started()).toMatchObject([{ arguments: ['train', 'configs/a.yaml', '--resume', runId] }]);
    expect(told.picks).toEqual([]);
  });

  it('goes on where it was clicked', async () => {
    await create()['mlops.resumeTraining']({ kind: 'run', project, runId: 'clicked' });
    expect(started()).toMatchObject([{ arguments: ['train', 'configs/a.yaml', '--resume', 'clicked'] }]);
  });

  it('opens no terminal for what would be refused', async () => {
    const target: Target = { kind: 'run', project, runId: 'clicked' };
    await expect(create([], true)['mlops.resumeTraining'](target)).rejects.toThrow('by its own config only');
    expect(started()).toEqual([]);
  });
});
