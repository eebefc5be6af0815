import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { planFlow as plan } from '../../../../src/core/gitflow/gitflow.ts';
import { checkFlow, diffTopic, planFlow, readFlow, suggestVersion } from '../../../../src/node/gitflow/gitflow.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { FlowRequest } from '../../../../src/protocol/gitflow.ts';
import { commit, end, git, readGraph } from '../git/repository.ts';
import { toFacts } from '../../core/gitflow/check.ts';
import { refused, useFlowGround } from './ground.ts';

// Repositories whose configuration names programs, and names that pass for options: no look at branches runs anything, and nothing is lost.

const { ground, env, flow, start, makeFlow, makeConflict } = useFlowGround();
const x = { type: 'feature', name: 'x' } as const;
const finish = { action: 'finish', ...x } as const;

const HOOKS = [
  ...['pre-commit', 'commit-msg', 'pre-merge-commit', 'post-checkout', 'post-index-change', 'reference-transaction'],
  ...['pre-push', 'pre-rebase', 'fsmonitor-watchman', 'pre-auto-gc', 'filter-flow-release-finish-version'],
  ...['filter-flow-release-finish-tag-message', 'filter-flow-release-start-version', 'pre-flow-feature-finish'],
  ...['pre-flow-feature-start', 'pre-flow-release-finish', 'post-flow-feature-finish', 'pre-flow-feature-publish'],
];

/** What a repository can name for git to run, by its key; each leaves a file of that name. */
const PROGRAMS = [
  ...['core.fsmonitor', 'core.pager', 'core.editor', 'sequence.editor', 'core.sshCommand', 'core.gitProxy'],
  ...['core.askPass', 'core.alternateRefsCommand', 'credential.helper', 'diff.external', 'diff.evil.textconv'],
  ...['diff.evil.command', 'merge.evil.driver', 'filter.evil.clean', 'filter.evil.smudge', 'filter.evil.process'],
  ...['gpg.program', 'gpg.ssh.program', 'gpg.x509.program', 'pager.log', 'pager.diff', 'pager.branch', 'pager.tag'],
  ...['interactive.diffFilter', 'trailer.evil.command', 'remote.origin.uploadpack', 'remote.origin.receivepack'],
  ...['uploadpack.packObjectsHook', 'web.browser', 'browser.evil.cmd', 'mergetool.evil.cmd', 'difftool.evil.cmd'],
];
const ALIASES = ['status', 'for-each-ref', 'config', 'rev-parse', 'log', 'diff', 'cat-file', 'rev-list'];

/** Sets all of them, some by a file that is only included; gives the folder in which each leaves its mark. */
async function setTraps(folder: string): Promise<string> {
  const marks = await ground().make('marks');
  const bait = path.join(await ground().make('bait'), 'bait.sh');
  await writeFile(bait, `#!/bin/sh\ntouch "${marks}/$1"\ncat 2>/dev/null\n`, { mode: 0o755 });
  const hooks = path.join(folder, '.git', 'evil-hooks');
  for (const place of [hooks, path.join(folder, '.git', 'hooks')]) {
    await mkdir(place, { recursive: true });
    for (const name of HOOKS)
      await writeFile(path.join(place, name), `#!/bin/sh\ntouch "${marks}/hook-${name}"\n`, { mode: 0o755 });
  }
  await writeFile(
    path.join(folder, '.git', 'info', 'attributes'),
    '* filter=evil diff=evil merge=evil\nb filter=more\n',
  );
  const line = (key: string, value: string): string => {
    const [, section = '', sub, name = ''] = /^([^.]+)(?:\.(.+))?\.([^.]+)$/.exec(key) ?? [];
    return `[${section}${sub === undefined ? '' : ` "${sub}"`}]\n\t${name} = "${value}"\n`;
  };
  const included = path.join(folder, '.git', 'included');
  await writeFile(
    included,
    line('filter.more.clean', `${bait} included`) + line('core.pager', `${bait} included-pager`),
  );
  // Written as a text: git itself would run the traps while it is told of them.
  await appendFile(
    path.join(folder, '.git', 'config'),
    [
      ...PROGRAMS.map((key) => line(key, `${bait} ${key}`)),
      ...ALIASES.map((name) => line(`alias.${name}`, `!${bait} alias-${name}`)),
      ...[
        ['core.hooksPath', hooks],
        ['gitflow.path.hooks', hooks],
        ['log.showSignature', 'true'],
        ['commit.gpgSign', 'true'],
        ['tag.gpgSign', 'true'],
        ['protocol.ext.allow', 'always'],
        [`url.ext::${bait} instead.insteadOf`, path.dirname(folder)],
        [`includeIf.gitdir:${folder}/.git.path`, included],
      ].map(([key = '', value = '']) => line(key, value)),
    ].join(''),
  );
  await writeFile(
    path.join(folder, 'package.json'),
    JSON.stringify({ scripts: { lint: `${bait} lint`, test: `${bait} test` } }),
  );
  for (const file of ['a', 'b']) await writeFile(path.join(folder, file), 'other');
  return marks;
}

type Look = readonly [name: string, look: () => Promise<unknown>, code?: string];

/** Each is tried; `code`: that of the refusal with which it ends. */
async function checkLooks(marks: string, looks: readonly Look[]): Promise<void> {
  for (const [name, look, code] of looks) {
    const ended = await look().then(
      () => undefined,
      (error: unknown) => (error instanceof ExpectedError ? error.code : error),
    );
    expect([name, ended, await readdir(marks)]).toEqual([name, code, []]);
  }
}

describe('what a repository names to be run (F32)', () => {
  test('the traps work: plain git runs them', async () => {
    const folder = await makeFlow();
    await commit(folder, env(), 'b', '1');
    const marks = await setTraps(folder);
    await end(folder, env(), 'git', 'status', '--porcelain');
    await end(folder, env(), 'git', 'diff');
    expect(await readdir(marks)).toEqual(expect.arrayContaining(['core.fsmonitor', 'filter.evil.process', 'included']));
  });

  test('branches at work, a release, and a pull request that was merged', async () => {
    const folder = await makeFlow({ remote: true });
    await start(folder, 'x');
    await commit(folder, env(), 'b', '1');
    await commit(folder, env(), 'b', '2');
    await flow(folder, { ...finish, pullRequest: true });
    await git(folder, env(), 'checkout', '-q', 'develop');
    await git(folder, env(), 'merge', '-q', '--squash', 'feature/x');
    await git(folder, env(), 'commit', '-q', '-m', 'Squashed');
    await git(folder, env(), 'push', '-q', 'origin', 'develop');
    await flow(folder, { action: 'start', type: 'release', name: '1.0' });
    await commit(folder, env(), 'c', '1');
    await start(folder, 'y', 'develop');
    await commit(folder, env(), 'd', '1');
    await git(folder, env(), 'branch', 'support/1', 'main');
    const marks = await setTraps(folder);
    const plan = (request: FlowRequest) => () => planFlow(folder, request, { env: env() });
    const y = { type: 'feature', name: 'y' } as const;
    const release = { action: 'finish', type: 'release', name: '1.0' } as const;
    await checkLooks(marks, [
      ['state', () => readFlow(folder, { env: env() })],
      ['state from below', () => readFlow(path.join(folder, '.git', '..'), { env: env() })],
      ['diff', () => diffTopic(folder, y, { env: env() })],
      ['check', () => checkFlow(folder, y, { env: env(), programs: 'wait' })],
      ['the next release', () => suggestVersion(folder, 'release', { env: env() })],
      ['the next hotfix', () => suggestVersion(folder, 'hotfix', { env: env() })],
      ['init', plan({ action: 'init', force: true })],
      ['start', plan({ action: 'start', type: 'feature', name: 'z', fetch: true })],
      ['a second release', plan({ action: 'start', type: 'release', name: '2.0' }), 'branch-state'],
      ['a hotfix', plan({ action: 'start', type: 'hotfix', name: '0.1' })],
      ['support', plan({ action: 'start', type: 'support', name: '2', base: 'main' })],
      ['finish', plan({ action: 'finish', ...y })],
      ['finish, squashed', plan({ action: 'finish', ...y, squash: true, squashInfo: true })],
      ['finish, rebased and signed', plan({ action: 'finish', ...y, rebase: true, push: true })],
      ['finish by pull request', plan({ action: 'finish', ...y, pullRequest: true })],
      ['completion', plan(finish)],
      ['completion, as told', plan({ ...finish, wasMerged: true })],
      ['release', plan(release)],
      ['release, signed', plan({ ...release, sign: true })],
      ['release by pull request', plan({ ...release, pullRequest: true })],
      ['publish', plan({ action: 'publish', ...y })],
      ['track', plan({ action: 'track', type: 'feature', name: 'other' })],
      ['update by merge', plan({ action: 'update', ...y, strategy: 'merge', fetch: true })],
      ['update by rebase', plan({ action: 'update', ...y, strategy: 'rebase' })],
      ['rename', plan({ action: 'rename', ...y, newName: 'z' })],
      ['delete', plan({ action: 'delete', ...y, force: true, remote: true })],
      ['checkout', plan({ action: 'checkout', ...x })],
      ['continue', plan({ action: 'continue' })],
      ['abort', plan({ action: 'abort' }), 'branch-state'],
      ['undo', plan({ action: 'undo' }), 'branch-state'],
    ]);
    expect((await readFlow(folder, { env: env() })).topics[0]?.pullRequest?.state).toBe('merged');
    const { warnings } = await planFlow(folder, { action: 'finish', ...y }, { env: env() });
    expect(warnings).toContain(
      'Only the filters of the repository can tell whether a, b changed, and a dry run does not start them.',
    );
  });

  test('a finish that has stopped', async () => {
    const folder = await makeConflict();
    await refused(flow(folder, finish));
    const marks = await setTraps(folder);
    const plan = (request: FlowRequest) => () => planFlow(folder, request, { env: env() });
    await checkLooks(marks, [
      ['state', () => readFlow(folder, { env: env() })],
      ['continue', plan({ action: 'continue' }), 'merge-conflict'],
      ['abort', plan({ action: 'abort' })],
      ['finish', plan(finish), 'merge-conflict'],
      ['undo', plan({ action: 'undo' }), 'branch-state'],
    ]);
  });

  test('what the user starts uses no remote that is a program', async () => {
    const folder = await makeFlow();
    await start(folder, 'x');
    await commit(folder, env(), 'b', '1');
    const marks = await ground().make('marks');
    await git(folder, env(), 'remote', 'add', 'origin', 'https://git.example.org/x.git');
    await git(folder, env(), 'config', `url.ext::touch ${marks}/ext #.insteadOf`, 'https://');
    await git(folder, env(), 'config', 'protocol.ext.allow', 'always');
    const before = await readGraph(folder, env());
    for (const request of [
      { action: 'publish', ...x },
      { action: 'track', type: 'feature', name: 'z' },
    ] as const) {
      const { code, message } = await refused(flow(folder, request));
      expect([request.action, code, message]).toEqual([request.action, 'git-failed', expect.stringMatching(/ext::/)]);
    }
    expect([await readdir(marks), await readGraph(folder, env())]).toEqual([[], before]);
  });
});

test('a file whose name looks like lines of a patch hides nothing that the files beside it add', async () => {
  const folder = await makeFlow();
  await start(folder, 'x');
  await writeFile(path.join(folder, 'a\n@@ -0,0 +1,99 @@\n'), 'x\n');
  await commit(folder, env(), 'b.txt', ['key = "AKIA', 'IOSFODNN7EXAMPL2"\n'].join(''));
  await git(folder, env(), 'add', '.');
  await git(folder, env(), 'commit', '-q', '-m', 'Odd');
  const { gates } = await checkFlow(folder, x, { env: env(), programs: 'wait' });
  const secrets = gates.find(({ name }) => name === 'secrets');
  expect(secrets).toMatchObject({ outcome: 'failed', places: [{ file: 'b.txt', line: 1 }] });
});

const NAMES = [
  ...['-f', '--upload-pack=touch x', '--output=x', '-c', 'a@{1}', '@{-1}', 'a..b', '../../a', 'a b', 'a\nb', 'a\0b'],
  ...[
    'a\u202eb',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[b',
    'a\\b',
    'a.lock',
    'a.',
    '/a',
    'a//b',
    'x'.repeat(300),
    ' ',
    '',
  ],
];

describe('names (F33)', () => {
  test('what is no name is refused by every action before anything happens', async () => {
    const folder = await makeFlow({ remote: true });
    await start(folder, 'x');
    await commit(folder, env(), 'b', '1');
    const before = await readGraph(folder, env());
    const requests = (name: string): readonly FlowRequest[] => [
      { action: 'start', type: 'feature', name },
      { action: 'start', type: 'release', name },
      { action: 'start', type: 'feature', name: 'y', base: name },
      { action: 'start', type: 'support', name: '1', base: name },
      { action: 'finish', type: 'feature', name },
      { action: 'finish', type: 'feature', name, pullRequest: true },
      { action: 'publish', type: 'feature', name },
      { action: 'track', type: 'feature', name },
      { action: 'update', type: 'feature', name },
      { action: 'rename', ...x, newName: name },
      { action: 'rename', type: 'feature', name, newName: 'y' },
      { action: 'delete', type: 'feature', name, force: true, remote: true },
      { action: 'checkout', type: 'feature', name },
    ];
    const codes = ['bad-arguments', 'unknown-name', 'branch-state'];
    const check = async (name: string, work: Promise<unknown>): Promise<void> => {
      const { code } = await refused(work);
      expect([name, codes.includes(code), code]).toEqual([name, true, code]);
    };
    for (const name of NAMES)
      for (const request of requests(name))
        await check(
          name,
          Promise.resolve().then(() => plan(toFacts({}), request)),
        );
    for (const name of ['--upload-pack=touch x', 'a\nb']) {
      for (const request of requests(name)) await check(name, flow(folder, request));
      await check(name, diffTopic(folder, { type: 'feature', name }, { env: env() }));
      await check(name, checkFlow(folder, { type: 'feature', name }, { env: env(), programs: 'wait' }));
    }
    expect(await readGraph(folder, env())).toEqual(before);
    expect((await readdir(folder)).filter((file) => !['.git', 'a', 'b'].includes(file))).toEqual([]);
  });

  test('what is a name, however odd, does its whole course; its twin in capitals is refused', async () => {
    for (const name of ["it's🙂$(touch${IFS}x)", 'HEAD']) {
      const folder = await makeFlow();
      await start(folder, name);
      await commit(folder, env(), 'b', '1');
      await commit(folder, env(), 'b', '2');
      await flow(folder, { action: 'rename', type: 'feature', name, newName: `${name}-2` });
      const twin = await refused(start(folder, name === 'HEAD' ? 'head-2' : `${name}-2`.toUpperCase()));
      expect([name, twin.code]).toEqual([name, 'branch-state']);
      await flow(folder, { action: 'finish', type: 'feature', name: `${name}-2` });
      expect(await git(folder, env(), 'log', '-1', '--format=%s', 'develop')).toBe(
        `Merge branch 'feature/${name}-2' into develop`,
      );
      expect((await readdir(folder)).sort()).toEqual(['.git', 'a', 'b']);
    }
  });

  test.each([
    ['gitflow.branch.develop', '--output=x'],
    ['gitflow.branch.master', '-f'],
    ['gitflow.prefix.feature', '--exec=x/'],
    ['gitflow.origin', '--upload-pack=touch x'],
    ['gitflow.branch.feature/x.base', '--output=x'],
  ])('a setting that is no name is refused: %s = %s', async (key, value) => {
    const folder = await makeFlow();
    await start(folder, 'x');
    await commit(folder, env(), 'b', '1');
    await git(folder, env(), 'checkout', '-q', 'develop');
    await git(folder, env(), 'config', key, value);
    const list = async () => (await git(folder, env(), 'rev-list', '--all')).split('\n');
    const before = await list();
    await readFlow(folder, { env: env() }).catch((error: unknown) => expect(error).toBeInstanceOf(ExpectedError));
    for (const request of [
      { ...finish, pullRequest: true },
      { action: 'publish', ...x },
      { action: 'start', type: 'release', name: '1' },
      { action: 'update', ...x },
    ] as const)
      await flow(folder, request).then(
        // What the setting does not concern may go on.
        () => undefined,
        (error: unknown) => expect(error).toBeInstanceOf(ExpectedError),
      );
    expect((await readdir(folder)).filter((file) => !['.git', 'a', 'b'].includes(file))).toEqual([]);
    expect(await list()).toEqual(expect.arrayContaining(before));
  });
});
