import { beforeEach, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { answers, forget, told } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { createRunEditCommands } = await import('../../../../src/vscode/commands/editruns.ts');

const project = '/w/digits';
const run = (runId: string, tags: RunSummary['tags'] = {}): RunSummary => ({
  ...{ runId, name: `${runId} lark`, experiment: 'x', status: 'FINISHED', startTime: 1, endTime: 2, parentRunId: null },
  ...{ params: {}, tags, metrics: {}, lost: false, artifacts: null },
});

function create() {
  const engine = createEngine({
    listRuns: () => ({ runs: [run('one'), run('two', { 'mlflow.note.content': 'old' })], unreadable: [] }),
    editRun: () => null,
  });
  const own = { root: project, name: 'digits', branch: null };
  const projects = { whenKnown: () => Promise.resolve([own]), whenAllKnown: () => Promise.resolve([own]) };
  const commands = createRunEditCommands({ engine: engine.thread, projects } as unknown as Parameters<
    typeof createRunEditCommands
  >[0]);
  return {
    commands,
    edited: () => engine.asked.filter(({ name }) => name === 'editRun').map(({ payload }) => payload),
  };
}

beforeEach(() => {
  forget();
  answers.workspaceFolder = '/w';
});

const target: Target = { kind: 'run', project, runId: 'two' };

it.each([
  ['mlops.renameRun', ' champion ', { name: 'champion' }],
  ['mlops.noteRun', 'the *first*', { tags: { 'mlflow.note.content': 'the *first*' } }],
  ['mlops.noteRun', '  ', { tags: { 'mlflow.note.content': null } }],
] as const)('%s to "%s"', async (command, typed, edit) => {
  answers.typed = typed;
  const { commands, edited } = create();
  await commands[command](target);
  expect(edited()).toEqual([{ project, runId: 'two', edit }]);
});

it('nothing happens when the question is closed', async () => {
  const { commands, edited } = create();
  await commands['mlops.renameRun'](target);
  expect(edited()).toEqual([]);
});

it('from the palette the run is asked for', async () => {
  Object.assign(answers, { picked: ['one'], typed: 'x' });
  const { commands, edited } = create();
  await commands['mlops.renameRun']();
  expect(edited()).toEqual([{ project, runId: 'one', edit: { name: 'x' } }]);
});

it('a run is deleted, and brought back by the button of the message', async () => {
  const { commands, edited } = create();
  await commands['mlops.deleteRun'](target);
  const deletion = { project, runId: 'two', edit: { isDeleted: true } };
  expect(edited()).toEqual([deletion]);
  expect(told.messages).toEqual([expect.stringContaining('two lark is no longer listed')]);
  answers.pressed = 'Undo';
  await commands['mlops.deleteRun'](target);
  expect(edited().slice(1)).toEqual([deletion, { project, runId: 'two', edit: { isDeleted: false } }]);
});
