import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { FlowGate, GateName } from '../../../../src/protocol/gates.ts';
import type { FlowRequest, FlowState } from '../../../../src/protocol/gitflow.ts';
import { answers, forget, told } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { createBranchCommands } = await import('../../../../src/vscode/commands/branches.ts');

const project = '/w/digits';
const branch = (name: string, type = 'feature'): Target => ({ kind: 'branch', project, type, name }) as Target;
const state: FlowState = {
  ...{ root: project, initialised: true, reason: null, edition: 'avh', production: 'main', develop: 'develop' },
  ...{ origin: 'origin', versionTag: '', current: 'feature/b', changed: [], unfinished: null },
  prefixes: { feature: 'feature/', bugfix: 'bugfix/', release: 'release/', hotfix: 'hotfix/', support: null },
  topics: ['a', 'b'].map((name) => ({
    ...{ type: 'feature' as const, name, branch: `feature/${name}`, base: 'develop', commit: 'abc', distance: null },
    ...{ merged: false, current: name === 'b', remote: null, pullRequest: null },
  })),
};

interface Given {
  readonly initialised?: boolean;
  readonly refuses?: boolean;
  readonly gates?: readonly FlowGate[];
}

const gate = (name: GateName, outcome: FlowGate['outcome'], more: Partial<FlowGate> = {}): FlowGate => ({
  ...{ name, outcome, message: `${name} says so.`, places: [], look: null, log: null },
  ...more,
});
const place = { file: 'dvc.yaml', line: 3, column: 1, severity: 'error', message: 'train: never run' } as const;
const failing = [
  gate('lint', 'passed'),
  gate('pipeline', 'failed', { places: [place], look: 'mlops status' }),
  gate('tests', 'failed', { look: 'make test', log: '/w/digits/.git/mlops/gates/tests.log' }),
  gate('data', 'failed', { look: 'mlops data status' }),
];

function create({ initialised = true, refuses = false, gates = [gate('files', 'passed')] }: Given = {}) {
  const asked: FlowRequest[] = [];
  const planned: FlowRequest[] = [];
  let isReady = initialised;
  const engine = createEngine({
    readFlow: () => ({ ...state, initialised: isReady, reason: 'Not set.' }),
    checkFlow: () => ({
      ...{ root: project, branch: 'feature/a', base: 'develop', gates },
      outcome: gates.some(({ outcome }) => outcome === 'failed') ? 'failed' : 'passed',
    }),
    suggestVersion: () => ({ version: '1.3.0', last: '1.2.0', reason: '1 feature since 1.2.0' }),
    planFlow: ({ flow }) => {
      planned.push(flow);
      if (refuses && !('force' in flow)) throw new ExpectedError('branch-state', 'It has commits of its own.');
      return { plan: [{ title: 'Delete it', command: 'git branch -d x' }], warnings: [], gates };
    },
    performFlow: ({ flow }) => {
      asked.push(flow);
      if (flow.action === 'init') isReady = true;
      const result = { action: flow.action, branch: '', base: '', current: null, steps: [], warnings: [], gates: [] };
      return { ...result, summary: [`${flow.action} done`], pullRequest: null };
    },
  });
  const projects = { whenKnown: () => Promise.resolve([{ root: project, name: 'digits', branch: null }]) };
  const commands = createBranchCommands({ engine: engine.thread, projects: projects as never });
  return { commands, asked, planned };
}

beforeEach(forget);

describe('what is done with a branch', () => {
  type Id = keyof ReturnType<typeof createBranchCommands>;
  const check = (
    name: string,
    id: Id,
    given: {
      target?: Target;
      picked?: string[];
      typed?: string;
      pressed?: string;
      refuses?: true;
      initialised?: false;
      gates?: readonly FlowGate[];
    },
    expected: readonly object[],
  ): void =>
    it(name, async () => {
      Object.assign(answers, { picked: given.picked ?? [], typed: given.typed, pressed: given.pressed });
      const { commands, asked } = create(given);
      await commands[id](given.target);
      expect(asked).toEqual(expected);
    });

  check('a feature begins', 'mlops.startBranch', { picked: ['feature'], typed: 'c' }, [
    { action: 'start', type: 'feature', name: 'c' },
  ]);
  check('of a name that is there', 'mlops.startBranch', { picked: ['feature'], typed: 'a' }, []);
  check('of a name that would be an option', 'mlops.startBranch', { picked: ['feature'], typed: '-f' }, []);
  check('no type is chosen', 'mlops.startBranch', { picked: ['escape'], typed: 'c' }, []);
  check(
    'Gitflow is set up first',
    'mlops.startBranch',
    { picked: ['bugfix'], typed: 'c', initialised: false, pressed: 'Initialise Gitflow' },
    [{ action: 'init' }, { action: 'start', type: 'bugfix', name: 'c' }],
  );
  check('or not', 'mlops.startBranch', { picked: ['bugfix'], typed: 'c', initialised: false }, []);
  check('a finish that is agreed to', 'mlops.finishBranch', { target: branch('a'), pressed: 'Finish' }, [
    { action: 'finish', type: 'feature', name: 'a' },
  ]);
  check(
    'a finish whose gates do not hold, with a reason',
    'mlops.finishBranch',
    { target: branch('a'), gates: failing, picked: ['Finish All the Same…'], typed: 'the demo', pressed: 'Finish' },
    [{ action: 'finish', type: 'feature', name: 'a', override: 'the demo' }],
  );
  check(
    'without a reason',
    'mlops.finishBranch',
    { target: branch('a'), gates: failing, picked: ['Finish All the Same…'], typed: ' ', pressed: 'Finish' },
    [],
  );
  check(
    'or a look at them',
    'mlops.finishBranch',
    { target: branch('a'), gates: failing, picked: ['escape'], typed: 'the demo', pressed: 'Finish' },
    [],
  );
  check(
    'a finish that has passed its gates before',
    'mlops.finishBranch',
    { target: branch('a'), gates: [], pressed: 'Finish' },
    [{ action: 'finish', type: 'feature', name: 'a' }],
  );
  check('a release of a version that is out', 'mlops.startBranch', { picked: ['release'], typed: '1.2.0' }, []);
  check('a release', 'mlops.startBranch', { picked: ['release'], typed: '1.3.0' }, [
    { action: 'start', type: 'release', name: '1.3.0' },
  ]);
  check('a finish that is not', 'mlops.finishBranch', { target: branch('a') }, []);
  check(
    'a support branch is never finished',
    'mlops.finishBranch',
    { target: branch('1.x', 'support'), pressed: 'Finish' },
    [],
  );
  check('without an entry it is asked for', 'mlops.publishBranch', { picked: ['feature/a'] }, [
    { action: 'publish', type: 'feature', name: 'a' },
  ]);
  check('what is checked out already is not asked for', 'mlops.checkoutBranch', {}, [
    { action: 'checkout', type: 'feature', name: 'a' },
  ]);
  check('an update', 'mlops.updateBranch', { target: branch('a') }, [{ action: 'update', type: 'feature', name: 'a' }]);
  check('a deletion', 'mlops.deleteBranch', { target: branch('a'), pressed: 'Delete' }, [
    { action: 'delete', type: 'feature', name: 'a' },
  ]);
  check(
    'of a branch with commits of its own',
    'mlops.deleteBranch',
    { target: branch('a'), refuses: true, pressed: 'Delete All the Same' },
    [{ action: 'delete', type: 'feature', name: 'a', force: true }],
  );
  check('which is not agreed to', 'mlops.deleteBranch', { target: branch('a'), refuses: true, pressed: 'Delete' }, []);
  check('what has stopped goes on', 'mlops.continueFlow', { target: { kind: 'project', project } }, [
    { action: 'continue' },
  ]);
  check(
    'what was done last is taken back',
    'mlops.undoFlow',
    { target: { kind: 'project', project }, pressed: 'Take Back' },
    [{ action: 'undo' }],
  );
  check('or stays', 'mlops.undoFlow', { target: { kind: 'project', project } }, []);
  check('or is taken back', 'mlops.abortFlow', { target: { kind: 'project', project } }, [{ action: 'abort' }]);
});

describe('a gate leads to where to look', () => {
  it.each([
    ['Pipeline', [`${project}/dvc.yaml`], []],
    ['dvc.yaml:3', [`${project}/dvc.yaml`], []],
    ['Tests', ['/w/digits/.git/mlops/gates/tests.log'], []],
    ['Data', [], ['data says so. More: mlops data status']],
    ['Lint', [], ['lint says so.']],
  ])('%s', async (picked, documents, messages) => {
    answers.picked = [picked];
    const { commands, asked } = create({ gates: failing });
    await commands['mlops.finishBranch'](branch('a'));
    expect({ asked, documents: told.documents, messages: told.messages }).toEqual({ asked: [], documents, messages });
  });
});

it('tells what was done', async () => {
  await create().commands['mlops.publishBranch'](branch('a'));
  expect(told.messages).toEqual(['publish done']);
});
