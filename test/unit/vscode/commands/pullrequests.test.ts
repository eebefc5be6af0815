import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import type { FlowRequest, FlowState, FlowTopic } from '../../../../src/protocol/gitflow.ts';
import type { FlowGate } from '../../../../src/protocol/gates.ts';
import { answers, cancelled, forget, told } from '../editor.ts';
import { createEngine, settle } from '../engine.ts';
import { parseTarget } from '../../../../src/vscode/commands/target.ts';

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

const closed: FlowGate = {
  ...{ name: 'secrets', outcome: 'failed', message: 'A key is added.', places: [], look: null, log: null },
};

function create(more: Partial<FlowState> = {}, gates: readonly FlowGate[] = [], pause?: Promise<void>) {
  const asked: FlowRequest[] = [];
  const engine = createEngine({
    readFlow: () => ({ ...state, ...more }),
    planFlow: () => ({ plan: [{ title: 'Open it', command: null }], warnings: [], gates }),
    checkFlow: () => ({ outcome: 'failed', root: project, branch: 'feature/a', base: 'develop', gates }),
    performFlow: async ({ flow }) => {
      asked.push(flow);
      await pause;
      const result = { action: flow.action, branch: '', base: '', current: null, steps: [], warnings: [], gates: [] };
      return { ...result, summary: [], pullRequest: { ...waiting, wasOpened: 'pullRequest' in flow } };
    },
  });
  const folders = [project, '/w/letters'].map((root) => ({ root, name: root, branch: null }));
  const projects = { whenKnown: () => Promise.resolve(folders) };
  const commands = createPullRequestCommands({ engine: engine.thread, projects: projects as never });
  return { commands, asked, engine };
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
  it('goes on with a reason where gates do not hold, when it is opened and when new commits are pushed', async () => {
    for (const [id, name, pressed, more] of [
      ['mlops.requestBranch', 'a', 'Open Pull Request', { pullRequest: true }],
      ['mlops.completeBranch', 'b', undefined, {}],
    ] as const) {
      Object.assign(answers, { pressed, picked: ['Finish All the Same'], typed: 'a key of the docs' });
      const { commands, asked } = create({}, [closed]);
      await commands[id](branch(name));
      expect(asked).toEqual([{ action: 'finish', type: 'feature', name, ...more, override: 'a key of the docs' }]);
    }
  });
  it('is stopped by the button of its progress', async () => {
    let goOn = (): void => undefined;
    const { commands, engine } = create({}, [], new Promise((resolve) => (goOn = resolve)));
    const work = commands['mlops.completeBranch'](branch('b'));
    await settle();
    cancelled.fire(undefined);
    goOn();
    await work;
    cancelled.fire(undefined);
    expect(engine.asked.filter(({ name }) => name === 'stopFlow').map(({ payload }) => payload)).toEqual([{ project }]);
  });
  it('of a repository of the git view means the projects in it', async () => {
    for (const [top, expected] of [
      ['/w/digits', ['/w/digits']],
      ['/w/letters', ['/w/letters']],
      ['/w/dig', []],
    ] as const) {
      const { commands, engine } = create();
      const target = parseTarget({ rootUri: { fsPath: top } });
      await commands['mlops.showBranchMenu'](target).catch((error: unknown) =>
        expect(String(error)).toContain('No project'),
      );
      const read = engine.asked.filter(({ name }) => name === 'readFlow');
      expect(read.map(({ payload }) => (payload as { project: string }).project)).toEqual(expected);
    }
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
