import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import { explainFailure } from './failures.ts';
import { GitExit, callGit, type Call } from './program.ts';

/** What lies in commits, read without a work tree of theirs; and work trees that are made of them. */
export interface GitHistory {
  /** Full hash of the commit that a name or a hash means; undefined where there is none. */
  resolve(revision: string): Promise<string | undefined>;
  /** Bytes of a file as the commit has them (no filter runs); undefined when it has no such file. `file`: from the top of the work tree. */
  readFile(commit: string, file: string): Promise<Buffer | undefined>;
  /** Files of the commit at or below a path, from the top of the work tree. */
  list(commit: string, file: string): Promise<readonly string[]>;
  /** Files below a folder in which two commits differ, from the top of the work tree; a renamed one is two. */
  changed(from: string, to: string, folder: string): Promise<readonly string[]>;
  /** True when the patch in that file can be applied to the commit. */
  applies(patch: string, commit: string): Promise<boolean>;
  /** Checks a commit out into a new folder, without a branch. Runs filters and hooks, as git does: only in a trusted folder. */
  addWorktree(folder: string, commit: string): Promise<void>;
  /** Removes such a folder with everything in it; nothing when there is none. */
  removeWorktree(folder: string): Promise<void>;
  /** Applies a patch to the files of a work tree, at its top. */
  apply(patch: string, folder: string): Promise<void>;
}

/** `folder`: the top of a work tree. */
export function openHistory(folder: string, env: NodeJS.ProcessEnv): GitHistory {
  const call = (args: readonly string[], options: Pick<Call, 'isRead' | 'index'>, where = folder): Promise<Buffer> =>
    callGit({ folder: where, args, env, ...options }).catch((error: unknown) => {
      throw explainFailure(error, args[0] ?? '');
    });
  const read = async (args: readonly string[]): Promise<Buffer | undefined> => {
    try {
      return await callGit({ folder, args, env, isRead: true });
    } catch (error) {
      if (error instanceof GitExit) return undefined;
      throw explainFailure(error, args[0] ?? '');
    }
  };
  return {
    async resolve(revision) {
      if (/[\0\n]/.test(revision)) return undefined;
      const found = await read(['rev-parse', '--quiet', '--verify', '--end-of-options', `${revision}^{commit}`]);
      return found?.toString().trim();
    },
    readFile: (commit, file) => read(['cat-file', 'blob', `${requireHash(commit)}:${file}`]),
    async list(commit, file) {
      const args = ['--literal-pathspecs', 'ls-tree', '-r', '-z', '--name-only', requireHash(commit), '--', file];
      const names = (await read(args))?.toString().split('\0') ?? [];
      return names.filter((name) => name !== '');
    },
    async changed(from, to, place) {
      const args = ['--literal-pathspecs', 'diff-tree', '-r', '-z', '--no-renames', '--name-only'];
      const found = await call([...args, requireHash(from), requireHash(to), '--', place === '' ? '.' : place], {
        isRead: true,
      });
      return found
        .toString()
        .split('\0')
        .filter((name) => name !== '');
    },
    async applies(patch, commit) {
      const place = await mkdtemp(path.join(os.tmpdir(), 'mlops-patch-'));
      try {
        const options = { isRead: true, index: path.join(place, 'index') };
        await call(['read-tree', requireHash(commit)], options);
        return await callGit({ folder, env, args: ['apply', '--cached', '--check', '--', patch], ...options }).then(
          () => true,
          (error: unknown) => {
            if (error instanceof GitExit) return false;
            throw explainFailure(error, 'apply');
          },
        );
      } finally {
        await rm(place, { recursive: true, force: true });
      }
    },
    async addWorktree(target, commit) {
      await call(['worktree', 'add', '--quiet', '--detach', '--', target, requireHash(commit)], { isRead: false });
    },
    async removeWorktree(target) {
      await rm(target, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      await call(['worktree', 'prune'], { isRead: false });
    },
    async apply(patch, target) {
      await call(['apply', '--whitespace=nowarn', '--', patch], { isRead: false }, target);
    },
  };
}

/** A commit by its hash: of what a run says of itself nothing else reaches git. */
function requireHash(commit: string): string {
  if (/^[0-9a-f]{40,64}$/.test(commit)) return commit;
  throw new ExpectedError('bad-arguments', `"${commit.slice(0, 80)}" is no full hash of a commit.`);
}
