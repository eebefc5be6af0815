import { describe, expect, test } from 'vitest';
import { describeStep, planFlow, resolveRequest } from '../../../../src/core/gitflow/gitflow.ts';
import { formatPullRequests, parsePullRequests, type PullRequest } from '../../../../src/core/gitflow/pullrequest.ts';
import { draftWords, findRefused } from '../../../../src/core/gitflow/pullrequests.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { AVH, checkPlan, checkRefused, toFacts, type Given } from './check.ts';

const based = { ...AVH, 'gitflow.branch.feature/x.base': 'develop' };
const finish = { action: 'finish', type: 'feature', name: 'x' } as const;
const branches = ['main', 'develop', 'feature/x', 'origin/develop', 'origin/main', 'origin/feature/x'];
const waiting: PullRequest = {
  ...{ type: 'feature', name: 'x', branch: 'feature/x', into: 'develop', title: 'X', url: null },
  ...{ commit: null, options: {} },
};
const arrived = new Map([
  ['feature/x', { commit: 'c'.repeat(40), tip: 'at:feature/x', arrived: ['at:feature/x', 'at:origin/feature/x'] }],
]);
const OPEN = ['git push --set-upstream origin feature/x', '# Open a pull request of feature/x into develop'];
const MERGE = ['git checkout develop', 'git merge --ff feature/x'];

describe('which way a finish goes', () => {
  test.each<[string, object, Readonly<Record<string, string>>, NonNullable<Given['facts']>, readonly string[]]>([
    ['by nothing', {}, {}, {}, MERGE],
    ['chosen', { pullRequest: true }, {}, {}, OPEN],
    ['by a setting for all', {}, { 'mlops.flow.finish': 'pullrequest' }, {}, OPEN],
    [
      'by a setting for the type',
      {},
      { 'mlops.flow.finish': 'merge', 'mlops.flow.feature.finish': 'pullrequest' },
      {},
      OPEN,
    ],
    ['against a setting', { pullRequest: false }, { 'mlops.flow.finish': 'pullrequest' }, {}, MERGE],
    ['by a protected base', {}, { 'mlops.flow.finish': 'merge', 'mlops.flow.protected': 'develop' }, {}, OPEN],
    ['not by another branch’s protection', {}, { 'mlops.flow.protected': 'main' }, {}, MERGE],
    ['by a refusal just now', {}, {}, { refusing: ['develop'] }, OPEN],
  ])('%s', (_name, options, settings, facts, expected) => {
    const given: Given = { config: { ...AVH, ...settings }, branches, facts };
    const { steps } = planFlow(toFacts(given), { ...finish, ...options });
    const commands = steps.map(describeStep).map(({ title, command }) => command ?? `# ${title}`);
    expect(commands.slice(0, expected.length)).toEqual(expected);
  });

  test('a setting that is none is refused', () =>
    checkRefused(finish, { config: { ...based, 'mlops.flow.finish': 'pr' }, branches }, 'bad-input', '"pr"'));
  test('a release that brings nothing new has its version to bring', () => {
    const release = {
      ...{ today: '2026-11-26', folder: '', files: new Map<string, string>(), isProject: true },
      ...{ commits: [], runs: [], models: [], warnings: [] },
    };
    const given: Given = {
      ...{ config: AVH, branches: ['main', 'develop', 'release/1.0.0', 'origin/main'] },
      ...{ distances: { 'release/1.0.0 main': [0, 0] }, facts: { release, current: 'release/1.0.0' } },
    };
    const { steps } = planFlow(toFacts(given), { ...finish, type: 'release', name: '1.0.0', pullRequest: true });
    expect(steps.map(({ kind }) => kind)).toEqual(['commit-files', 'publish-branch', 'open-pull-request']);
  });
  test('nothing to merge, no remote, no such branch there', () => {
    const opens = { ...finish, pullRequest: true };
    checkRefused(
      opens,
      { config: based, branches, distances: { 'feature/x develop': [0, 1] } },
      'branch-state',
      'nothing to merge',
    );
    checkRefused(opens, { config: based, facts: { remotes: [] } }, 'branch-state', 'git remote add origin URL');
    checkRefused(opens, { config: based }, 'branch-state', 'git push origin develop');
    checkRefused(opens, { config: based, branches, facts: { changed: ['a'] } }, 'dirty-tree', 'a');
  });
});

describe('a pull request that waits', () => {
  const given = (more: Given = {}): Given => ({
    ...{ config: based, branches },
    ...more,
    facts: { pullRequests: [waiting], ...more.facts },
  });

  test('nothing to do but to look', () => {
    const plan = checkPlan(finish, given(), ['git fetch --prune origin']);
    expect(plan.summary[0]).toBe('The pull request of feature/x into develop waits to be merged on origin.');
  });
  test('what is new is pushed', () =>
    void checkPlan(finish, given({ distances: { 'feature/x origin/feature/x': [1, 0] } }), [
      'git fetch --prune origin',
      'git push --set-upstream origin feature/x',
      '# Remember the pull request of feature/x',
    ]));
  test('merged: development follows, both branches go', () =>
    void checkPlan(finish, given({ distances: { 'develop origin/develop': [0, 3] }, facts: { arrivals: arrived } }), [
      'git fetch --prune origin',
      'git checkout develop',
      'git merge --ff-only origin/develop',
      'git push --force-with-lease=feature/x:at:origin/feature/x origin :feature/x',
      'git branch -D feature/x',
      'git config --local --remove-section gitflow.branch.feature/x',
      '# Forget the pull request of feature/x',
    ]));
  test('what somebody has pushed there and nobody has merged is kept, and said', () => {
    const facts = { arrivals: new Map([['feature/x', { commit: 'c'.repeat(40), tip: 'at:feature/x', arrived: [] }]]) };
    const ahead = given({ distances: { 'origin/feature/x feature/x': [2, 0] }, facts });
    const plan = planFlow(toFacts(ahead), finish);
    expect(plan.steps.map(({ kind }) => kind)).toEqual([
      'checkout',
      'delete-branch',
      'remove-section',
      'forget-pull-request',
    ]);
    expect(plan.warnings.join(' ')).toContain('feature/x was kept on origin: 2 commits there');
    expect(plan.warnings.join(' ')).toContain('git push origin --delete feature/x');
  });
  test('taken for merged only where one waits', () => {
    const told = { ...finish, wasMerged: true };
    checkRefused(told, { config: based, branches }, 'branch-state', 'No pull request of feature/x waits');
    checkRefused({ ...told, pullRequest: false }, given(), 'bad-arguments', '--was-merged');
  });
  test('commands are to be pasted, whatever the name', () => {
    const name = "a;b$(c)'d";
    const [branch, config] = [`feature/${name}`, { ...AVH, [`gitflow.branch.feature/${name}.base`]: 'develop' }];
    const other = { ...waiting, name, branch };
    const named = { ...finish, name };
    const odd: Given = {
      config,
      branches: ['main', 'develop', branch, 'origin/develop'],
      facts: { pullRequests: [other] },
    };
    const quoted = "finish 'a;b$(c)'\\''d'";
    expect(planFlow(toFacts(odd), named).summary.join(' ')).toContain(`mlops flow feature ${quoted} --was-merged`);
    const opened = planFlow(toFacts(odd), { ...named, pullRequest: true, override: 'it "is" $5' });
    expect(opened.command).toBe(`flow feature ${quoted} --pull-request --override 'it "is" $5'`);
    expect(opened.pullRequest?.options).toEqual({});
    expect(opened.summary.join(' ')).toContain(`"mlops flow feature ${quoted}"`);
  });
  test('development has gone its own way: nothing is done', () =>
    checkRefused(
      finish,
      given({ distances: { 'develop origin/develop': [1, 3] }, facts: { arrivals: arrived } }),
      'branch-state',
      'Merge them first',
    ));
  test('deleted with the branch, forgotten with another name', () => {
    const last = (request: FlowRequest): string | undefined => planFlow(toFacts(given()), request).steps.at(-1)?.kind;
    expect(last({ action: 'delete', type: 'feature', name: 'x', force: true })).toBe('forget-pull-request');
    expect(last({ action: 'rename', type: 'feature', name: 'x', newName: 'y' })).toBe('forget-pull-request');
  });
  test('"continue" means it where nothing has stopped, with the options of its opening', () => {
    const facts = toFacts(given({ facts: { pullRequests: [{ ...waiting, options: { keep: true } }] } }));
    expect(resolveRequest(facts, { action: 'continue' })).toEqual({ ...finish, keep: true });
    expect(resolveRequest(facts, finish)).toEqual({ ...finish, keep: true });
    const many = { ...facts, current: 'develop', pullRequests: [waiting, { ...waiting, branch: 'main' }] };
    expect(() => resolveRequest(many, { action: 'continue' })).toThrow('more than one pull request waits');
  });
});

test.each<[Parameters<typeof draftWords>, string, string]>([
  [
    ['feature', 'better-augmentation', ['Augments twice', 'Tests it']],
    'Better augmentation',
    '- Augments twice\n- Tests it',
  ],
  [['feature', 'x', ['Augments twice']], 'Augments twice', ''],
  [['bugfix', 'ab/cd_ef', []], 'Ab cd ef', ''],
  [['release', '1.2.0', ['a']], 'Release 1.2.0', '- a'],
  [['hotfix', '1.2.1', []], 'Hotfix 1.2.1', ''],
])('words of %j', (given, title, body) => {
  expect(draftWords(...given)).toEqual({ title, body });
});

test.each<[string, readonly string[], readonly string[]]>([
  ['! [remote rejected] develop -> develop (protected branch hook declined)', ['develop'], ['develop']],
  [
    '! [remote rejected] develop -> develop (protected branch hook declined)\n! [remote rejected] main -> main (atomic transaction failed)',
    ['develop', 'main'],
    ['develop'],
  ],
  [
    'remote: GitLab: You are not allowed to push code to protected branches on this project.\n! [remote rejected] develop -> develop (pre-receive hook declined)\n! [remote rejected] main -> main (pre-receive hook declined)',
    ['develop', 'main'],
    ['develop', 'main'],
  ],
  [
    'remote: error: GH006: Protected branch update failed for refs/heads/main:\n! [remote rejected] develop -> develop (pre-receive hook declined)\n! [remote rejected] main -> main (pre-receive hook declined)',
    ['develop', 'main'],
    ['main'],
  ],
  ['something else', ['develop'], ['develop']],
])('refused by %j', (message, pushed, expected) => {
  expect(findRefused(message, pushed)).toEqual(expected);
});

test('what is written down comes back, and nothing foreign does', () => {
  expect(parsePullRequests(formatPullRequests([waiting]))).toEqual([waiting]);
  const model = { name: 'digits', version: '7', runId: null, hash: 'md5:ab', store: 'file:///r/mlruns', from: '6' };
  const released = { ...waiting, models: [model] };
  expect(parsePullRequests(formatPullRequests([released]))).toEqual([released]);
  const hostile: readonly object[] = [
    { branch: '--upload-pack=x' },
    { into: 'a..b' },
    { url: 'javascript:alert(1)' },
    { commit: 'HEAD' },
    { type: 'support' },
    { options: { message: { file: '/etc/passwd' } } },
    { models: {} },
    ...[
      { name: 'digits\nRun: x' },
      { version: '7a' },
      { runId: 7 },
      { hash: '' },
      { store: undefined },
      { from: '--x' },
    ].map((of) => ({ models: [{ ...model, ...of }] })),
  ];
  for (const more of hostile) expect(parsePullRequests(formatPullRequests([{ ...waiting, ...more }]))).toEqual([]);
  for (const text of ['', '{', '[]', '{"version":2,"pullRequests":[]}', '{"version":1,"pullRequests":{}}'])
    expect(parsePullRequests(text)).toEqual([]);
});
