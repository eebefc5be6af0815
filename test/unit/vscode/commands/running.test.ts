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
  steering: null,
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
  const shown: string[] = [];
  const showRun = (_root: string, runId: string): void => void shown.push(runId);
  const parts = { engine: engine.thread, projects, showRun, report: () => undefined };
  const commands = createRunningCommands(parts as unknown as Parameters<typeof createRunningCommands>[0]);
  return { engine, commands, shown };
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

describe('The live chart opens', () => {
  const training = (runId: string | null, model: string, since = Date.now() + 1000): LiveProcess => ({
    ...elsewhere,
    kind: 'training',
    runId,
    model,
    since,
  });
  const check = (
    name: string,
    start: (commands: ReturnType<typeof create>['commands']) => Promise<void>,
    live: readonly LiveProcess[],
    expected: readonly string[],
  ): void =>
    it(name, async () => {
      const { engine, commands, shown } = create({ stages: [stage('train@a', 'stale')] });
      await start(commands);
      // Told again and again while they run.
      for (let i = 0; i < 2; i += 1) engine.tell('processes', { project, processes: live });
      expect(shown).toEqual(expected);
    });
  const trainA: Target = { kind: 'config', project, file: 'configs/a.yaml', model: 'a' };
  check(
    'of the model that Train names',
    (it) => it['mlops.train'](trainA),
    [training('1', 'b'), training('2', 'a')],
    ['2'],
  );
  check(
    'of the first training of the pipeline, once',
    (it) => it['mlops.runPipeline'](undefined),
    [training('1', 'b'), training('2', 'a')],
    ['1'],
  );
  check(
    'of the training in a stage',
    (it) => it['mlops.runStage']({ kind: 'stage', project, stage: 'train@a' }),
    [elsewhere, training('1', 'a')],
    ['1'],
  );
  check(
    'of a sweep, not of its trials',
    (it) => it['mlops.runPipeline'](undefined),
    [
      { ...training('t', 'a'), kind: 'trial' },
      { ...training('s', 'a'), kind: 'sweep' },
    ],
    ['s'],
  );
  check(
    'of none that ran before, or has no run yet',
    (it) => it['mlops.runPipeline'](undefined),
    [training('1', 'a', 0), training(null, 'a')],
    [],
  );
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
  it('stops a trial alone, and asks about the whole sweep only', async () => {
    const sweep: LiveProcess = { ...elsewhere, id: '8:1', kind: 'sweep', runId: 's' };
    const trial: LiveProcess = { ...elsewhere, id: '8:1', kind: 'trial', runId: 'r' };
    const { engine, commands } = create({ live: [sweep, trial] });
    await commands['mlops.stop'](run);
    const steering = { type: 'stop', when: 'now' };
    expect(engine.asked.at(-1)).toEqual({ name: 'steerRun', payload: { project, runId: 'r', steering } });
    await commands['mlops.stop']();
    expect(engine.asked.at(-1)).toEqual({ name: 'stopProcess', payload: { project, id: '8:1' } });
  });
  it('stops the process that works on the run', async () => {
    const { engine, commands } = create({
      live: [elsewhere, { ...elsewhere, id: '8:1', kind: 'training', runId: 'r' }],
    });
    await commands['mlops.stop'](run);
    expect(engine.asked.at(-1)).toEqual({ name: 'stopProcess', payload: { project, id: '8:1' } });
  });
});
