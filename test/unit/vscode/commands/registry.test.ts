import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import type { RegisteredModel } from '../../../../src/protocol/registry.ts';
import { answers, forget, told } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { createRegistryCommands } = await import('../../../../src/vscode/commands/registry.ts');

const project = '/w/digits';
const versionOf = (version: string) => ({
  ...{ version, runId: null, source: '', tags: {}, description: null, createdTime: 1, updatedTime: 1 },
  ...{ stage: null, status: 'READY' },
});
const digits: RegisteredModel = {
  ...{ name: 'digits', origin: 'mlflow', description: null, tags: {}, createdTime: 1, updatedTime: 1 },
  ...{ aliases: { champion: '1' }, versions: [versionOf('2'), versionOf('1')] },
};

function create(models: readonly RegisteredModel[] = [digits]) {
  const move = { name: 'digits', time: 1, user: 'me', reason: null };
  const engine = createEngine({
    listRegisteredModels: () => ({ models, problems: [] }),
    listModels: () => [],
    listRuns: () => ({
      runs: [
        {
          ...{
            runId: 'r',
            name: 'fox',
            experiment: 'x',
            status: 'FINISHED',
            startTime: 1,
            endTime: 2,
            parentRunId: null,
          },
          ...{ params: {}, tags: { 'mlops.config': 'configs/cnn.yaml' }, metrics: {}, lost: false, artifacts: null },
        },
      ],
      unreadable: [],
    }),
    promoteModel: ({ alias }) => ({ ...move, alias, from: alias === 'champion' ? '1' : null, to: '2', isUndo: false }),
    undoAlias: ({ alias }) => ({ ...move, alias, from: '2', to: '1', isUndo: true }),
    registerModel: ({ name }) => ({ name, version: '3' }),
  });
  const shown: string[] = [];
  const own = { root: project, name: 'digits', branch: null };
  const projects = { whenKnown: () => Promise.resolve([own]) };
  const commands = createRegistryCommands({
    engine: engine.thread,
    projects,
    cards: { show: (root: string, model: string) => Promise.resolve(void shown.push(`${root} ${model}`)) },
  } as never);
  const asked = (name: string): unknown[] =>
    engine.asked.filter((one) => one.name === name).map(({ payload }) => payload);
  return { commands, asked, shown };
}

beforeEach(() => {
  forget();
  answers.workspaceFolder = '/w';
});

const version: Target = { kind: 'version', project, name: 'digits', version: '2' };

describe('promotion', () => {
  it('asks for the alias, and is taken back by Undo', async () => {
    answers.picked = ['champion'];
    answers.pressed = 'Undo';
    const { commands, asked } = create();
    await commands['mlops.promoteModel'](version);
    expect(told.picks[0]?.map(({ label }) => label)).toEqual(['champion', 'challenger', 'Another alias…']);
    expect(asked('promoteModel')).toEqual([{ project, model: 'digits/2', alias: 'champion' }]);
    expect(told.messages).toEqual(['champion of digits is version 2 now; it was version 1.']);
    expect(asked('undoAlias')).toEqual([{ project, name: 'digits', alias: 'champion' }]);
  });

  it('takes another alias, and stays without Undo', async () => {
    answers.picked = ['Another'];
    answers.typed = 'next';
    const { commands, asked } = create();
    await commands['mlops.promoteModel'](version);
    expect(asked('promoteModel')).toEqual([{ project, model: 'digits/2', alias: 'next' }]);
    expect(asked('undoAlias')).toEqual([]);
  });

  it('asks for the version when no entry was clicked', async () => {
    answers.picked = ['digits/2', 'escape'];
    const { commands, asked } = create();
    await commands['mlops.promoteModel']();
    expect(told.picks[0]).toMatchObject([{ label: 'digits/2' }, { label: 'digits/1', description: '@champion' }]);
    expect(asked('promoteModel')).toEqual([]);
    await expect(create([]).commands['mlops.promoteModel']()).rejects.toThrow('No model is registered yet');
  });
});

it.each<[what: string, target: Target | undefined, model: string]>([
  ['a run', { kind: 'run', project, runId: 'r' }, 'r'],
  ['a trained model', { kind: 'model', project, model: 'cnn' }, 'cnn'],
  ['the only run', undefined, 'r'],
])('%s is registered under a name', async (_, target, model) => {
  answers.typed = 'digits';
  const { commands, asked } = create();
  await commands['mlops.registerModel'](target);
  expect(asked('registerModel')).toEqual([{ project, model, name: 'digits' }]);
  expect(told.messages).toEqual(['digits has version 3 now.']);
});

it('what was registered is promoted in one go', async () => {
  answers.typed = 'digits';
  answers.pressed = 'Promote…';
  answers.picked = ['champion'];
  const { commands, asked } = create();
  await commands['mlops.registerModel']({ kind: 'run', project, runId: 'r' });
  expect(asked('promoteModel')).toEqual([{ project, model: 'digits/3', alias: 'champion' }]);
});

it.each<[target: Target, shown: string]>([
  [version, 'digits/2'],
  [{ kind: 'model', project, model: 'cnn' }, 'cnn'],
  [{ kind: 'run', project, runId: 'r' }, 'r'],
])('%o is shown', async (target, model) => {
  const { commands, shown } = create();
  await commands['mlops.showModel'](target);
  expect(shown).toEqual([`${project} ${model}`]);
});

it('the id of a version is copied as MLflow writes it', async () => {
  await create().commands['mlops.copyModelId'](version);
  expect(told.copied).toEqual(['models:/digits/2']);
});
