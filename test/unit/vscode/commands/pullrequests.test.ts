import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import type { FlowRequest, FlowState, FlowTopic } from '../../../../src/protocol/gitflow.ts';
import { answers, forget, told } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { createPullRequestCommands } = await import('../../../../src/vscode/commands/pullrequests.ts');

const project = '/w/digits';
const url = 'https://git.example.org/1';
const waiting = { branch: 'feature/b', into: 'develop', title: 'B', url, state: 'open' } as const;
const topic = (name: string, more: Partial<FlowTopic> = {}): FlowTopic => ({
  ...{ type: 'feature', name, branch: `feature/${name}`, base: 'develop', commit: 'abc', distance: null },
  ...{ merged: false, current: false, remote: null, pullRequest: null },
  ...more,
});
const state: FlowState = {
  ...{ root: project, initialised: true, reason: null, edition: 'avh', production: 'main', develop: 'develop' },
  ...{ origin: 'origin', versionTag: '', current: 'feature/a', changed: [], unfinished: null },
  prefixes: { feature: 'feature/', bugfix: null, release: null, hotfix: null, support: null },
  topics: [topic('a', { current: true }), topic('b', { pullRequest: waiting })],
};
const branch = (name: string): Target => ({ kind: 'branch', project, type: 'feature', name });

function create(more: Partial<FlowState> = {}) {
  const asked: FlowRequest[] = [];
  const engine = createEngine({
    readFlow: () => ({ ...state, ...more }),
    planFlow: () => ({ plan: [{ title: 'Open it', command: null }], warnings: [], gates: [] }),
    performFlow: ({ flow }) => {
      asked.push(flow);
      const result = { action: flow.action, branch: '', base: '', current: null, steps: [], warnings: [], gates: [] };
      return { ...result, summary: [], pullRequest: { ...waiting, wasOpened: 'pullRequest' in flow } };
    },
  });
  const projects = { whenKnown: () => Promise.resolve([{ root: project, name: 'digits', branch: null }]) };
  return { commands: createPullRequestCommands({ engine: engine.thread, projects: projects as never }), asked };
}

beforeEach(forget);

describe('a finish by pull request', () => {
  it('is shown as its plan, and its page opens', async () => {
    Object.assign(answers, { pressed: 'Open Pull Request' });
    const { commands, asked } = create();
    await commands['mlops.requestBranch'](branch('a'));
    expect(asked).toEqual([{ action: 'finish', type: 'feature', name: 'a', pullRequest: true }]);
    expect(told.opened).toEqual([url]);
  });
  it('is not begun without consent', async () => {
    const { commands, asked } = create();
    await commands['mlops.requestBranch'](branch('a'));
    expect(asked).toEqual([]);
  });
  it('is completed, and then no page opens', async () => {
    const { commands, asked } = create();
    await commands['mlops.completeBranch'](branch('b'));
    expect([asked, told.opened]).toEqual([[{ action: 'finish', type: 'feature', name: 'b' }], []]);
  });
  it('is looked at; without a host that is known, in words', async () => {
    await create().commands['mlops.openPullRequest'](branch('b'));
    expect(told.opened).toEqual([url]);
    forget();
    const { commands } = create({ topics: [topic('b', { pullRequest: { ...waiting, url: null } })] });
    await commands['mlops.openPullRequest'](branch('b'));
    expect([told.opened, told.messages.join('')]).toEqual([[], expect.stringContaining('from feature/b into develop')]);
  });
});

describe('the menu of branches', () => {
  const check = (name: string, more: Partial<FlowState>, picked: string, expected: string): void =>
    it(name, async () => {
      Object.assign(answers, { picked: [picked] });
      await create(more).commands['mlops.showBranchMenu']({ kind: 'project', project });
      expect(told.executed).toEqual([expected]);
    });
  check('ends the branch that is checked out', {}, 'Finish Branch…', 'mlops.finishBranch');
  check(
    'completes what waits',
    { topics: [topic('b', { current: true, pullRequest: waiting })] },
    'Complete Finish',
    'mlops.completeBranch',
  );
  check(
    'leads on where something has stopped',
    { unfinished: { kind: 'finish', branch: null, base: null, conflicts: [], advice: 'Go on.' } },
    'Continue What Has Stopped',
    'mlops.continueFlow',
  );
  check('sets Gitflow up', { initialised: false, topics: [] }, 'Initialise Gitflow', 'mlops.initialiseGitflow');
  check('leads to the view', {}, 'Show Branches', 'mlops.branches.focus');
});
