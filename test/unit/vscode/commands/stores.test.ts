import { beforeEach, expect, it, vi } from 'vitest';
import type { StoreList } from '../../../../src/protocol/tracking.ts';
import { answers, forget, told } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { createStoreCommands } = await import('../../../../src/vscode/commands/stores.ts');
const { tellOfFileStores } = await import('../../../../src/vscode/filestores.ts');

const project = '/w/digits';
const row = (label: string, source: 'project' | 'found'): StoreList['stores'][number] => ({
  ...{ uri: `file://${label}`, label, kind: 'folder', source, namedBy: null, isDefault: false, runs: 3, problem: null },
  abilities: { logs: true, edits: true },
});

function create({ usesMlflow = true, notices = ['MLflow opens no folder.'] as readonly string[] } = {}) {
  const engine = createEngine({
    addStore: ({ uri }) => ({ uri, file: '/w/digits/.mlops/project.yaml', changed: uri !== 'known' }),
    removeStore: ({ uri }) => ({ uri, file: '/w/digits/.mlops/project.yaml', changed: true }),
    listStores: () => ({ stores: [row('a', 'project'), row('b', 'found'), row('c', 'project')], notices, usesMlflow }),
  });
  const own = { root: project, name: 'digits', branch: null };
  const projects = { whenKnown: () => Promise.resolve([own]), whenAllKnown: () => Promise.resolve([own]) };
  const parts = { engine: engine.thread, projects } as unknown as Parameters<typeof createStoreCommands>[0];
  return {
    ...parts,
    asked: () => engine.asked.filter(({ name }) => name !== 'listStores').map(({ payload }) => payload),
  };
}

beforeEach(() => {
  forget();
  answers.workspaceFolder = '/w';
});

it('adds what is typed, a path or an address', async () => {
  Object.assign(answers, { picked: ['Path or address'], typed: ' http://host:5000 ' });
  const parts = create();
  await createStoreCommands(parts)['mlops.addStore']();
  expect(parts.asked()).toEqual([{ project, uri: 'http://host:5000' }]);
  expect(told.messages.join()).toContain('New runs go where they went before');
});

it('adds the revisions of git', async () => {
  answers.picked = ['Git'];
  const parts = create();
  await createStoreCommands(parts)['mlops.addStore']();
  expect(parts.asked()).toEqual([{ project, uri: 'git:' }]);
});

it('says when the store is known already', async () => {
  Object.assign(answers, { picked: ['Path or address'], typed: 'known' });
  await createStoreCommands(create())['mlops.addStore']();
  expect(told.messages.join()).toContain('already');
});

it.each(['Folder of runs', 'Database'])('adds what is chosen in a dialog: %s', async (picked) => {
  Object.assign(answers, { picked: [picked], chosenFiles: Promise.resolve([{ fsPath: '/elsewhere/runs' }]) });
  const parts = create();
  await createStoreCommands(parts)['mlops.addStore']();
  expect(parts.asked()).toEqual([{ project, uri: '/elsewhere/runs' }]);
});

it('nothing happens when a question is closed', async () => {
  const parts = create();
  for (const picked of ['escape', 'Path or address', 'Folder of runs']) {
    Object.assign(answers, { picked: [picked], typed: undefined, chosenFiles: Promise.resolve([]) });
    await createStoreCommands(parts)['mlops.addStore']();
  }
  expect(parts.asked()).toEqual([]);
});

it('removes one of those that the project names', async () => {
  answers.picked = ['c'];
  const parts = create();
  await createStoreCommands(parts)['mlops.removeStore']();
  expect(told.picks.at(-1)?.map(({ label }) => label)).toEqual(['a', 'c']);
  expect(parts.asked()).toEqual([{ project, uri: 'file://c' }]);
});

/** What is kept from one window to the next. */
function memory() {
  const kept = new Map<string, unknown>();
  return {
    get: <T>(key: string, fallback?: T) => (kept.get(key) ?? fallback) as T,
    update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
  };
}

it('what MLflow says to folders of runs is told once for a project, and never again when that is wished', async () => {
  const tell = async (parts: ReturnType<typeof create>, context: object): Promise<number> => {
    told.messages.length = 0;
    await tellOfFileStores({ ...parts, context } as unknown as Parameters<typeof tellOfFileStores>[0]);
    return told.messages.length;
  };
  const context = { globalState: memory(), workspaceState: memory() };
  expect(await tell(create({ usesMlflow: false }), context)).toBe(0);
  expect(await tell(create({ notices: [] }), context)).toBe(0);
  expect(await tell(create(), context)).toBe(1);
  expect(await tell(create(), context)).toBe(0);
  answers.pressed = "Don't Show Again";
  expect(await tell(create(), { ...context, workspaceState: memory() })).toBe(1);
  answers.pressed = undefined;
  expect(await tell(create(), { ...context, workspaceState: memory() })).toBe(0);
});
