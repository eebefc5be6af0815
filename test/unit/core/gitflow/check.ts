import { expect } from 'vitest';
import type { Branch, ConfigEntry } from '../../../../src/core/git/git.ts';
import { describeStep, planFlow, type FlowFacts, type FlowPlan } from '../../../../src/core/gitflow/gitflow.ts';
import { ExpectedError, type ErrorCode } from '../../../../src/protocol/errors.ts';
import type { Distance, FlowRequest } from '../../../../src/protocol/gitflow.ts';

/** Settings as `git flow init -d` leaves them. */
export const AVH = {
  'gitflow.branch.master': 'main',
  'gitflow.branch.develop': 'develop',
  'gitflow.prefix.feature': 'feature/',
  'gitflow.prefix.bugfix': 'bugfix/',
  'gitflow.prefix.release': 'release/',
  'gitflow.prefix.hotfix': 'hotfix/',
  'gitflow.prefix.support': 'support/',
  'gitflow.prefix.versiontag': '',
  'gitflow.path.hooks': '/r/.git/hooks',
};

export interface Given {
  /** Names; `origin/x` is a branch of the remote. */
  readonly branches?: readonly string[];
  readonly config?: Readonly<Record<string, string>>;
  /** By "branch base", where it is not 1 ahead (topics) or equal (counterparts). */
  readonly distances?: Readonly<Record<string, readonly [ahead: number, behind: number]>>;
  readonly worktrees?: Readonly<Record<string, string>>;
  readonly facts?: Partial<FlowFacts>;
}

export function toFacts({ branches = ['main', 'develop', 'feature/x'], config = AVH, ...given }: Given): FlowFacts {
  const entries: ConfigEntry[] = Object.entries(config).map(([key, value]) => ({ scope: 'local', key, value }));
  const found = branches.map((name): Branch => ({
    name,
    remote: name.startsWith('origin/'),
    commit: `at:${name}`,
    worktree: given.worktrees?.[name] ?? null,
  }));
  const distances = new Map<string, Distance>();
  for (const branch of found)
    for (const base of found) {
      const standard = branch.name.includes('/') && !base.remote && !base.name.includes('/') ? [1, 0] : [0, 0];
      const [ahead = 0, behind = 0] = given.distances?.[`${branch.name} ${base.name}`] ?? standard;
      distances.set(`${branch.commit} ${base.commit}`, { ahead, behind });
    }
  return {
    root: '/r',
    config: entries,
    branches: found,
    current: 'feature/x',
    isUnborn: false,
    head: 'at:head',
    operation: undefined,
    kept: [],
    leftovers: [],
    changed: [],
    conflicts: [],
    unsure: [],
    hasIdentity: true,
    remotes: ['origin'],
    hooks: { folder: '/r/.git/hooks', names: [] },
    mergeBase: undefined,
    mergeHead: undefined,
    isRebasing: false,
    picking: undefined,
    nextState: undefined,
    distances,
    points: new Map(),
    pullRequests: [],
    arrivals: new Map(),
    refusing: [],
    subjects: [],
    ...given.facts,
  };
}

const commandsOf = ({ fetches, steps }: FlowPlan): string[] =>
  [...fetches, ...steps].map(describeStep).map(({ title, command }) => command ?? `# ${title}`);

export function checkPlan(request: FlowRequest, given: Given, expected: readonly string[]): FlowPlan {
  const plan = planFlow(toFacts(given), request);
  expect(commandsOf(plan)).toEqual(expected);
  return plan;
}

export function checkRefused(request: FlowRequest, given: Given, code: ErrorCode, ...words: readonly string[]): void {
  let refused: unknown;
  try {
    planFlow(toFacts(given), request);
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(ExpectedError);
  const { code: found, message } = refused as ExpectedError;
  expect({ code: found, message }).toEqual({ code, message: expect.any(String) });
  for (const word of words) expect(message).toContain(word);
}

export const keys = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).map(([key, value]) => `git config --local ${key} ${value === '' ? "''" : value}`);

export function omit(key: keyof typeof AVH): Record<string, string> {
  return Object.fromEntries(Object.entries(AVH).filter(([name]) => name !== key));
}
