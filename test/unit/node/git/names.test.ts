import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { openGit, type Git } from '../../../../src/node/git/git.ts';
import { exists } from '../../../../src/node/files/files.ts';
import { checkRefName } from '../../../../src/core/git/git.ts';
import { end, makeGround, type Ground } from './repository.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await makeGround();
});
afterAll(() => ground.remove());

describe('names are refused before git is started (F33)', () => {
  /** Every call that takes a name, with `git` replaced by a program that leaves a mark when it is started. */
  const CALLS: readonly ((git: Git, name: string) => Promise<unknown>)[] = [
    (git, name) => git.initialise(name),
    (git, name) => git.pointHead(name),
    (git, name) => git.createBranch(name, 'main'),
    (git, name) => git.createBranch('new', name),
    (git, name) => git.checkout(name),
    (git, name) => git.checkoutNew(name, 'main'),
    (git, name) => git.checkoutNew('new', name),
    (git, name) => git.merge(name, 'never'),
    (git, name) => git.deleteBranch(name),
    (git, name) => git.fetch(name, 'main'),
    (git, name) => git.fetch('origin', name),
    (git, name) => git.push(name, ['main']),
    (git, name) => git.push('origin', [name]),
    (git, name) => git.push('origin', [`refs/tags/${name}`]),
    (git, name) => git.fetchAll(name),
    (git, name) => git.publish(name, 'main'),
    (git, name) => git.publish('origin', name),
    (git, name) => git.track(name, 'main'),
    (git, name) => git.track('origin', name),
    (git, name) => git.squash(name),
    (git, name) => git.rebase(name),
    (git, name) => git.tag(name, { branch: 'main' }, { text: 'x' }),
    (git, name) => git.tag('v1', { branch: name }, { text: 'x' }),
    (git, name) => git.tag('v1', { commit: name }, { text: 'x' }),
    (git, name) => git.fastForward(name, 'main'),
    (git, name) => git.fastForward('origin', name),
    (git, name) => git.findArrival(name, 'abc'),
    (git, name) => git.findArrival('abc', name),
    (git, name) => git.listSubjects(name, 'main', 1),
    (git, name) => git.listSubjects('main', name, 1),
    (git, name) => git.renameBranch(name, 'y'),
    (git, name) => git.renameBranch('main', name),
    (git, name) => git.resolve([name]),
    (git, name) => git.diffBranches(name, 'main'),
    (git, name) => git.diffBranches('main', name),
    (git, name) => git.logBranches('main', name),
    (git, name) => git.deleteRemoteBranch(name, 'main', 'abc'),
    (git, name) => git.deleteRemoteBranch('origin', name, 'abc'),
    (git, name) => git.compare(name, 'main'),
    (git, name) => git.compare('main', name),
  ];
  const HOSTILE = [
    '-f',
    '--force',
    '--output=x',
    '--upload-pack=touch x',
    '--exec=x',
    '-c core.pager=x',
    'ext::sh -c id',
    'fd::1',
    'file:///etc',
    'https://example.org/x',
    '../x',
    '/etc/passwd',
    'a..b',
    'a@{1}',
    'HEAD^',
    'main~1',
    ':/text',
    'a\nb',
    'a\0b',
    '',
    '@',
    '.',
    'x.lock',
    '+refs/heads/*:refs/heads/*',
  ];

  async function makeMarkedGit(): Promise<{ git: Git; mark: string }> {
    const bin = await ground.make('bin');
    const mark = path.join(bin, 'started');
    const program = `#!/bin/sh\n[ "$1" = version ] && { echo git version 2.50.0; exit; }\ntouch "${mark}"\n`;
    await writeFile(path.join(bin, 'git'), program, { mode: 0o755 });
    return {
      git: openGit(bin, { env: { ...ground.env, PATH: `${bin}${path.delimiter}${ground.env['PATH'] ?? ''}` } }),
      mark,
    };
  }

  test('the mark is left by a name that is fine', async () => {
    const { git, mark } = await makeMarkedGit();
    await git.checkout('main');
    expect(await exists(mark)).toBe(true);
  });

  test('known attacks', async () => {
    const { git, mark } = await makeMarkedGit();
    for (const call of CALLS)
      for (const name of HOSTILE) await expect(call(git, name)).rejects.toMatchObject({ code: 'bad-arguments' });
    expect(await exists(mark)).toBe(false);
  });

  test('anything with a character that does not belong into a name', async () => {
    const { git, mark } = await makeMarkedGit();
    const bad = fc
      .tuple(
        fc.string({ unit: 'binary', maxLength: 8 }),
        fc.constantFrom(' ', '~', '^', ':', '?', '*', '[', '\\', '\n', '\0', '..', '@{', '//'),
        fc.string({ unit: 'binary', maxLength: 8 }),
      )
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(bad, fc.constantFrom(...CALLS), async (name, call) => {
        await expect(call(git, name)).rejects.toMatchObject({ code: 'bad-arguments' });
      }),
      { numRuns: 300 },
    );
    expect(await exists(mark)).toBe(false);
  });

  test("whatever passes our rules passes git's", async () => {
    const LETTERS = ['a', 'b', '/', '.', '-', '@', '{', '}', '#', '_', 'ü', '~', ':', '\\', ' '];
    const names = fc
      .sample(fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 6 }), { numRuns: 1500, seed: 1 })
      .filter((name) => checkRefName(name) === undefined);
    const unique = [...new Set(names)].slice(0, 150);
    expect(unique.length).toBeGreaterThan(50);
    for (const name of unique) {
      const { code } = await end(ground.folder, ground.env, 'git', 'check-ref-format', '--branch', name);
      expect([name, code]).toEqual([name, 0]);
    }
  });
});
