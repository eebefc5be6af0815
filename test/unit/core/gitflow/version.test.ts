import { describe, test } from 'vitest';
import type { ErrorCode } from '../../../../src/protocol/errors.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { AVH, checkPlan, checkRefused, type Given } from './check.ts';

const release = { action: 'finish', type: 'release', name: '1' } as const;
const hotfix = { action: 'finish', type: 'hotfix', name: '2' } as const;
const RELEASE: Given = {
  branches: ['main', 'develop', 'release/1'],
  config: { ...AVH, 'gitflow.branch.release/1.base': 'develop' },
  facts: { current: 'release/1' },
};
const HOTFIX: Given = { branches: ['main', 'develop', 'hotfix/2'], facts: { current: 'hotfix/2' } };
const tagged = (name: string, at: string): Given['facts'] => ({ points: new Map([[`refs/tags/${name}`, at]]) });
const with_ = (given: Given, config: Record<string, string>): Given => ({
  ...given,
  config: { ...(given.config ?? AVH), ...config },
});
const END = ['git branch -d release/1', 'git config --local --remove-section gitflow.branch.release/1'];
const TAG = "git tag -a -m 'Tagging version 1' 1 main";
const MERGED = ['git checkout main', 'git merge --no-ff release/1'];

describe('finish of a version', () => {
  test.each<[string, FlowRequest, Given, readonly string[]]>([
    [
      'a release: production, tag, development',
      release,
      RELEASE,
      [...MERGED, TAG, 'git checkout develop', 'git merge --no-ff 1', ...END],
    ],
    [
      'a hotfix with a message, under a prefix',
      { ...hotfix, message: "It's two" },
      with_(HOTFIX, { 'gitflow.prefix.versiontag': 'v' }),
      [
        'git checkout main',
        'git merge --no-ff hotfix/2',
        "git tag -a -m 'It'\\''s two' v2 main",
        'git checkout develop',
        'git merge --no-ff v2',
        'git branch -d hotfix/2',
      ],
    ],
    [
      'signed by a key, from a file, under another name',
      { ...release, signingKey: 'A1', messageFile: '/m', tagName: 'one' },
      RELEASE,
      [...MERGED, 'git tag -s -u A1 -F /m one main', 'git checkout develop', 'git merge --no-ff one', ...END],
    ],
    [
      'without a tag: production itself comes into development',
      { ...release, noTag: true },
      RELEASE,
      [...MERGED, 'git checkout develop', 'git merge --no-ff main', ...END],
    ],
    [
      'git-flow-next: production comes into development, its own definitions count',
      release,
      with_(RELEASE, { 'gitflow.version': '1.0', 'gitflow.branch.release.deleteremote': 'false' }),
      [...MERGED, TAG, 'git checkout develop', 'git merge --no-ff main', ...END],
    ],
    [
      'git-flow-next: squashed and without a tag, by its definitions',
      release,
      with_(RELEASE, {
        'gitflow.version': '1.0',
        'gitflow.branch.release.upstreamstrategy': 'squash',
        'gitflow.branch.release.tag': 'false',
      }),
      [
        'git checkout main',
        'git merge --squash release/1',
        'git checkout develop',
        'git merge --no-ff main',
        'git branch -D release/1',
        END[1] ?? '',
      ],
    ],
    ['not into development', { ...release, noDevelopMerge: true }, RELEASE, [...MERGED, TAG, ...END]],
    [
      'the branch into development',
      { ...release, noBackMerge: true },
      RELEASE,
      [...MERGED, TAG, 'git checkout develop', 'git merge --no-ff release/1', ...END],
    ],
    [
      'after its first merge was made: the rest',
      release,
      { ...RELEASE, distances: { 'release/1 main': [0, 1], 'main develop': [2, 0] } },
      ['git checkout main', TAG, 'git checkout develop', 'git merge --no-ff 1', ...END],
    ],
    [
      'after its tag was made: the rest',
      release,
      {
        ...RELEASE,
        distances: { 'release/1 main': [0, 1], 'main develop': [2, 0], 'release/1 main ': [0, 1] },
        facts: { current: 'main', ...tagged('1', 'at:main') },
      },
      ['git checkout develop', 'git merge --no-ff 1', ...END],
    ],
    [
      'from a support branch: there it goes, and not into development',
      release,
      {
        ...with_(RELEASE, { 'gitflow.branch.release/1.base': 'support/1' }),
        branches: ['main', 'develop', 'release/1', 'support/1'],
        distances: { 'release/1 support/1': [1, 0] },
      },
      [
        'git checkout support/1',
        'git merge --no-ff release/1',
        "git tag -a -m 'Tagging version 1' 1 support/1",
        ...END,
      ],
    ],
    [
      'all of it pushed',
      { ...release, push: true },
      RELEASE,
      [
        ...MERGED,
        TAG,
        'git checkout develop',
        'git merge --no-ff 1',
        'git push origin develop main refs/tags/1',
        ...END,
      ],
    ],
    [
      'only the tag pushed, by a setting; kept',
      { ...release, keep: true },
      with_(RELEASE, { 'gitflow.release.finish.pushtag': 'on' }),
      [...MERGED, TAG, 'git checkout develop', 'git merge --no-ff 1', 'git push origin refs/tags/1'],
    ],
  ])('%s', (_name, request, given, expected) => void checkPlan(request, given, expected));

  test.each<[string, FlowRequest, Given, ErrorCode, string]>([
    [
      'a tag on another commit',
      release,
      { ...RELEASE, facts: { current: 'release/1', ...tagged('1', 'elsewhere') } },
      'branch-state',
      'git tag -d 1',
    ],
    ['a tag that can be none', { ...release, tagName: 'a b' }, RELEASE, 'bad-arguments', "can't be a tag"],
    [
      'a message and a file of it',
      { ...release, message: 'a', messageFile: 'b' },
      RELEASE,
      'bad-arguments',
      'not both',
    ],
    ['an option of other types', { ...release, rebase: true }, RELEASE, 'bad-arguments', '--rebase'],
    [
      'nobody to commit as',
      release,
      { ...RELEASE, facts: { current: 'release/1', hasIdentity: false } },
      'git-failed',
      'user.email',
    ],
    [
      'a setting that is no boolean',
      release,
      with_(RELEASE, { 'gitflow.release.finish.notag': 'maybe' }),
      'bad-input',
      'maybe',
    ],
  ])('refuses %s', (_name, request, given, code, word) => checkRefused(request, given, code, word));
});
