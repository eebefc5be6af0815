import { beforeEach, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import type { CodeComparison } from '../../../../src/protocol/runpage.ts';
import { answers, commands, forget, told } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { openArtifactDiff, openConfigDiff } = await import('../../../../src/vscode/rundiffs.ts');
const { createComparingCommands } = await import('../../../../src/vscode/commands/comparing.ts');

const target: Target = { kind: 'run', project: '/p', runId: 'new' };
const compared: CodeComparison = {
  before: { runId: 'old', name: 'fox', commit: 'a', hasPatch: false },
  after: { runId: 'new', name: 'owl', commit: 'b', hasPatch: true },
  files: [
    { path: 'src/x.ts', inBefore: true, inAfter: true },
    { path: 'src/gone.ts', inBefore: true, inAfter: false },
  ],
};

const comparisons = { show: vi.fn() };

function create(reply: CodeComparison = compared) {
  const run = (runId: string, startTime: number) => ({ runId, name: runId, tags: {}, startTime });
  const engine = createEngine({
    compareCode: () => reply,
    readRunAbout: ({ runId }) =>
      ({ origin: runId === 'bare' ? null : { commit: `of ${runId}`, config: 'configs/m.yaml' } }) as never,
    listRuns: () => ({ runs: [run('old', 1), run('new', 3), run('mid', 2)] as never, unreadable: [] }),
  });
  const projects = { whenAllKnown: () => Promise.resolve([{ root: '/p', name: 'p' }]) } as never;
  return { engine, handlers: createComparingCommands({ engine: engine.thread, projects, comparisons }) };
}

async function compare(reply: CodeComparison, called: Target = target): Promise<unknown> {
  const { engine, handlers } = create(reply);
  const execute = vi.spyOn(commands, 'executeCommand');
  await handlers['mlops.compareCode'](called);
  expect(engine.asked.at(-1)).toEqual({ name: 'compareCode', payload: { project: '/p', before: 'old', after: 'new' } });
  const [call] = execute.mock.calls as unknown as [string, string, { authority: string; path: string }[][]][];
  execute.mockRestore();
  return call?.[2].map((sides) => sides.map(({ authority, path }) => `${authority}:${path}`));
}

beforeEach(() => {
  forget();
  answers.workspaceFolder = '/p';
  answers.picked = ['old'];
  comparisons.show.mockClear();
});

it('opens what differs between two commits, and the changes that nobody had committed', async () => {
  expect(await compare(compared)).toEqual([
    ['commit:/src/x.ts', 'commit:/src/x.ts', 'commit:/src/x.ts'],
    ['commit:/src/gone.ts', 'commit:/src/gone.ts', 'nothing:/src/gone.ts'],
    ['artifact:/mlops/dirty.patch', 'nothing:/mlops/dirty.patch', 'artifact:/mlops/dirty.patch'],
  ]);
});

it('says it when nothing differs', async () => {
  const after = { ...compared.after, hasPatch: false };
  expect(await compare({ ...compared, after, files: [] })).toBeUndefined();
  expect(told.messages).toEqual(['fox and owl have the same code.']);
});

it('compares the code of two that are selected without a question, the older one before', async () => {
  answers.picked = [];
  expect(await compare(compared, { ...target, runIds: ['new', 'old'] })).toHaveLength(3);
  expect(told.picks).toEqual([]);
});

it.each([
  ['those that are selected', { ...target, runIds: ['new', 'old', 'mid'] }, [], ['old', 'mid', 'new']],
  ['one, with others that are picked', target, ['old', 'mid'], ['old', 'mid', 'new']],
  ['those that are picked', undefined, ['new', 'mid'], ['mid', 'new']],
] as const)('compares %s, the oldest first', async (_which, called, picked, shown) => {
  answers.picked = [...picked];
  await create().handlers['mlops.compareRuns'](called);
  expect(comparisons.show).toHaveBeenCalledExactlyOnceWith('/p', shown);
});

it('asks for two runs at least, and does nothing when the question is closed', async () => {
  answers.picked = ['new'];
  await expect(create().handlers['mlops.compareRuns'](undefined)).rejects.toThrow('Choose two runs or more');
  answers.picked = ['escape'];
  await create().handlers['mlops.compareRuns'](undefined);
  expect(comparisons.show).not.toHaveBeenCalled();
});

it('opens configs of two commits and artifacts of two runs in a diff', async () => {
  const sides = { root: '/p', before: { runId: 'old', name: 'fox' }, after: { runId: 'new', name: 'owl' } };
  const execute = vi.spyOn(commands, 'executeCommand');
  const { engine } = create();
  await openConfigDiff(engine.thread, sides);
  await openArtifactDiff(sides, 'plots/roc.json');
  const calls = execute.mock.calls as unknown as [string, { authority: string }, { authority: string }, string][];
  expect(calls.map(([command, before, after, title]) => [command, before.authority, after.authority, title])).toEqual([
    ['vscode.diff', 'commit', 'commit', 'configs/m.yaml (fox ↔ owl)'],
    ['vscode.diff', 'artifact', 'artifact', 'plots/roc.json (fox ↔ owl)'],
  ]);
  execute.mockRestore();
  const bare = { ...sides, after: { runId: 'bare', name: 'owl' } };
  await expect(openConfigDiff(engine.thread, bare)).rejects.toThrow('The run owl does not say of which config it is.');
});
