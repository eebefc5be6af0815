import path from 'node:path';
import {
  parseBatch,
  parseCommit,
  parseReferences,
  referenceFormat,
  type Commit,
  type Reference,
} from '../../core/git/git.ts';
import { explainFailure } from './failures.ts';
import { GitExit, callGit } from './program.ts';

/**
 * What a repository has stored, read without checking anything out. Like all reads nothing of the repository's own configuration runs, and nothing is
 * fetched that a partial clone lacks.
 */
export interface GitObjects {
  /** References below `refs/heads`, `refs/tags`, … */
  references(prefixes: readonly string[]): Promise<readonly Reference[]>;
  /** The commit that a revision names (`HEAD~2`, a tag, a part of a hash); undefined when there is none. */
  resolve(revision: string): Promise<string | undefined>;
  /** In the order of `commits`, full hashes; undefined for one that is not there. */
  readCommits(commits: readonly string[]): Promise<readonly (Commit | undefined)[]>;
  /** All files of a commit that lie in the folder, relative to it. */
  listFiles(commit: string): Promise<readonly string[]>;
  /** Files of the work tree in the folder, relative to it: what git tracks, and what it neither tracks nor ignores. */
  listWorkFiles(): Promise<readonly string[]>;
  /** Texts of files of a commit, relative to the folder; those that are not there are left out. */
  readFiles(commit: string, files: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The same files as bytes. */
  readBytes(commit: string, files: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
}

/** `folder` may lie anywhere in the work tree. */
export function openObjects(folder: string, { env }: Surroundings): GitObjects {
  const read = async (args: readonly string[], input?: Buffer): Promise<Buffer> =>
    callGit({ folder, args, env, isRead: true, ...(input === undefined ? {} : { input }) }).catch((error: unknown) => {
      throw explainFailure(error, args[0] ?? '');
    });
  const readBatch = async (names: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> =>
    names.length === 0 ? [] : parseBatch(await read(['cat-file', '--batch'], Buffer.from(`${names.join('\n')}\n`)));
  const readBytes: GitObjects['readBytes'] = async (commit, files) => {
    // A batch is asked line by line; a name with a line end can't be asked for, and is nobody's params file.
    const asked = files.filter((file) => !file.includes('\n'));
    const found = await readBatch(asked.map((file) => `${commit}:./${file.split(path.sep).join('/')}`));
    return new Map(
      asked.flatMap((file, index) => {
        const bytes = found[index];
        return bytes === undefined ? [] : [[file, bytes] as const];
      }),
    );
  };
  return {
    references: async (prefixes) =>
      parseReferences((await read(['for-each-ref', `--format=${referenceFormat}`, ...prefixes])).toString()),
    async resolve(revision) {
      try {
        const args = ['rev-parse', '--quiet', '--verify', '--end-of-options', `${revision}^{commit}`];
        return (await callGit({ folder, args, env, isRead: true })).toString().trim();
      } catch (error) {
        if (error instanceof GitExit) return undefined;
        throw explainFailure(error, 'rev-parse');
      }
    },
    readCommits: async (commits) =>
      (await readBatch(commits)).map((bytes) => (bytes === undefined ? undefined : parseCommit(bytes))),
    listFiles: async (commit) => toNames(await read(['ls-tree', '-r', '-z', '--name-only', commit])),
    listWorkFiles: async () => toNames(await read(['ls-files', '-z', '--cached', '--others', '--exclude-standard'])),
    readBytes,
    readFiles: async (commit, files) =>
      new Map([...(await readBytes(commit, files))].map(([file, bytes]) => [file, Buffer.from(bytes).toString()])),
  };
}

function toNames(bytes: Buffer): readonly string[] {
  return bytes
    .toString()
    .split('\0')
    .filter((name) => name !== '');
}
