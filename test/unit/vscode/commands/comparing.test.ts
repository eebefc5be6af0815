import { beforeEach, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import type { CodeComparison } from '../../../../src/protocol/runpage.ts';
import { answers, commands, forget, told } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
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

async function compare(reply: CodeComparison): Promise<unknown> {
  const run = (runId: string) => ({ runId, name: runId, tags: {}, params: {}, metrics: {}, startTime: 1 });
  const engine = createEngine({
    compareCode: () => reply,
    listRuns: () => ({ runs: [run('old'), run('new')] as never, unreadable: [] }),
  });
  const execute = vi.spyOn(commands, 'executeCommand');
  await createComparingCommands({ engine: engine.thread, projects: {} as never })['mlops.compareCode'](target);
  expect(engine.asked.at(-1)).toEqual({ name: 'compareCode', payload: { project: '/p', before: 'old', after: 'new' } });
  const [call] = execute.mock.calls as unknown as [string, string, { authority: string; path: string }[][]][];
  execute.mockRestore();
  return call?.[2].map((sides) => sides.map(({ authority, path }) => `${authority}:${path}`));
}

beforeEach(() => {
  forget();
  answers.workspaceFolder = '/p';
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
