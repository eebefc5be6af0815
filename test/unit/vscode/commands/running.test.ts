import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import type { ConfigOutline, LiveProcess } from '../../../../src/protocol/engine.ts';
import type { StageState, StageStatus } from '../../../../src/protocol/pipeline.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { answers, forget, told } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { createRunningCommands } = await import('../../../../src/vscode/commands/running.ts');

const project = '/w/digits';
const outline = (file: string, model: string): ConfigOutline => ({ file, model, sections: [], problems: [] });
const stage = (name: string, state: StageState): StageStatus => ({
  name,
  file: 'dvc.yaml',
  line: 1,
  state,
  reasons: [],
  needs: [],
  lastSeconds: null,
});
const elsewhere: LiveProcess = {
  id: '7:1',
  pid: 7,
  command: 'run clean',
  since: 0,
  kind: 'pipeline',
  stages: ['clean'],
  runId: null,
  model: null,
  log: null,
};

interface Facts {
  readonly configs?: readonly ConfigOutline[];
  readonly stages?: readonly StageStatus[];
  readonly live?: readonly LiveProcess[];
  readonly log?: string | null;
}

function create({ configs = [], stages = [], live = [], log = null }: Facts) {
  const runs = [{ runId: 'r', name: 'elk', startTime: 1, experiment: 'x' }] as unknown as readonly RunSummary[];
  const engine = createEngine({
    listConfigs: () => configs,
    readStatus: () => ({ project, stages, data: [], problems: [] }),
    listProcesses: () => [...live],
    listRuns: () => ({ runs, unreadable: [] }),
    findRunLog: () => log,
  });
  const projects = { whenKnown: () => Promise.resolve([{ root: project, name: 'digits', branch: null }]) };
  const parts = { engine: engine.thread, projects, showRun: () => undefined, report: () => undefined };
  const commands = createRunningCommands(parts as unknown as Parameters<typeof createRunningCommands>[0]);
  return { engine, commands };
}

beforeEach(() => {
  forget();
  answers.workspaceFolder = '/w';
});

describe('Train starts', () => {
  const check = (name: string, facts: Facts, target: Target | undefined, definition: object): void =>
    it(name, async () => {
      answers.pressed = 'Train Again';
      await create(facts).commands['mlops.train'](target);
      expect(told.tasks.map((task) => task.definition)).toEqual([{ type: 'mlops', project: 'digits', ...definition }]);
    });
  const config = (file: string, model: string): Target => ({ kind: 'config', project, file, model });
  check('a config that ends in .yml', {}, config('configs/alt.yml', 'alt'), {
    arguments: ['train', 'configs/alt.yml'],
  });
  check('a config whose name has a space', {}, config('configs/my net.yaml', 'my net'), {
    arguments: ['train', 'configs/my net.yaml'],
  });
  check(
    'the file that was picked, of two for one model',
    { configs: [outline('configs/a.yaml', 'a'), outline('configs/a.yml', 'a')] },
    undefined,
    { arguments: ['train', 'configs/a.yml'] },
  );
  check('its stage', { stages: [stage('train@a', 'stale')] }, config('configs/a.yaml', 'a'), { stage: 'train@a' });
  check('its stage again', { stages: [stage('train@my a', 'fresh')] }, config('configs/my a.yaml', 'my a'), {
    arguments: ['run', 'train@my a', '--single', '--force'],
  });
});

describe('Open Log opens', () => {
  const check = (name: string, facts: Facts, target: Target | undefined, documents: readonly string[] | RegExp): void =>
    it(name, async () => {
      answers.existing = [`${project}/.mlops/tmp/logs/train@a.log`];
      const opened = create(facts).commands['mlops.openLog'](target);
      if (documents instanceof RegExp) await expect(opened).rejects.toThrow(documents);
      else await opened;
      expect(told.documents).toEqual(documents instanceof RegExp ? [] : documents);
    });
  const run: Target = { kind: 'run', project, runId: 'r' };
  const ofStage = (name: string): Target => ({ kind: 'stage', project, stage: name });
  check('the log of an ended run', { log: '/l/x.log' }, run, ['/l/x.log']);
  check('the log of an ended run while something else runs', { log: '/l/x.log', live: [elsewhere] }, run, ['/l/x.log']);
  check('nothing when it is gone', {}, run, /not kept any more/);
  check('the log of a failed stage', { stages: [stage('train@a', 'failed')] }, ofStage('train@a'), [
    `${project}/.mlops/tmp/logs/train@a.log`,
  ]);
  check(
    'the log of a failed stage while another one runs',
    { stages: [stage('train@a', 'failed'), stage('clean', 'running')], live: [elsewhere] },
    ofStage('train@a'),
    [`${project}/.mlops/tmp/logs/train@a.log`],
  );
  check('nothing of a stage that printed nothing', {}, ofStage('b'), /Nothing that b has printed is kept/);
  check('the log of some run, when nothing runs', { log: '/l/x.log' }, undefined, ['/l/x.log']);
});

describe('Stop', () => {
  const run: Target = { kind: 'run', project, runId: 'r' };
  it('says so when no process of this machine works on the run', async () => {
    const { engine, commands } = create({ live: [elsewhere] });
    await expect(commands['mlops.stop'](run)).rejects.toThrow('No process on this machine works on this run');
    expect(engine.asked.map(({ name }) => name)).not.toContain('stopProcess');
  });
  it('stops the process that works on the run', async () => {
    const { engine, commands } = create({
      live: [elsewhere, { ...elsewhere, id: '8:1', kind: 'training', runId: 'r' }],
    });
    await commands['mlops.stop'](run);
    expect(engine.asked.at(-1)).toEqual({ name: 'stopProcess', payload: { project, id: '8:1' } });
  });
});
