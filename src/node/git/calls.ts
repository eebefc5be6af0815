import path from 'node:path';
import {
  checkRefName,
  findConfig,
  parseConfigList,
  planDriverOverrides,
  type ConfigEntry,
} from '../../core/git/git.ts';
import { escapeControls } from '../../core/names/names.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { explainFailure } from './failures.ts';
import { GitExit, callGit, type Call } from './program.ts';

export interface GitOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Ends calls that use the network; work on the repository itself is never cut in the middle. */
  readonly signal?: AbortSignal;
  /** How long a remote may say nothing before the call is ended; default: two minutes. */
  readonly patienceMs?: number;
}

export interface Calls {
  readonly folder: string;
  /** Runs nothing of the repository's: references, configuration. */
  readonly read: (args: readonly string[]) => Promise<string>;
  /** As `read`, for questions that git answers with exit code 1: undefined then. */
  readonly ask: (args: readonly string[]) => Promise<string | undefined>;
  /** As `read`, with the repository's filters switched off: whatever looks into files. */
  readonly readContent: (args: readonly string[]) => Promise<Buffer>;
  /** As `readContent`, with the switches that the caller has worked out. */
  readonly readWith: (args: readonly string[], settings: NonNullable<Call['settings']>) => Promise<Buffer>;
  /** `read` with a text for git's standard input. */
  readonly query: (args: readonly string[], input: string) => Promise<string>;
  readonly act: (args: readonly string[]) => Promise<string>;
  /** `act` with a text for git's standard input. */
  readonly feed: (args: readonly string[], input: string) => Promise<void>;
  /**
   * `act` over the network: stopped by the caller's signal, and when the remote says nothing for long. `isSlow`: hooks may work
   * meanwhile, here or there, which say nothing either.
   */
  readonly exchange: (args: readonly string[], options?: { readonly isSlow?: boolean }) => Promise<string>;
  /** True when git knows name and address of who commits without guessing. */
  readonly hasIdentity: (config?: readonly ConfigEntry[]) => Promise<boolean>;
}

export const LIST_CONFIG = ['config', '--list', '--show-scope', '-z'];

const PATIENCE_MS = 120_000;
/** So many times longer. */
const HOOKS_TAKE = 15;

export function createCalls(
  folder: string,
  { env = process.env, signal, patienceMs = PATIENCE_MS }: GitOptions,
): Calls {
  const explained = (
    args: readonly string[],
    options: Pick<Call, 'isRead' | 'settings' | 'signal' | 'input' | 'patienceMs'>,
  ): Promise<Buffer> =>
    callGit({ folder, args, env, isHarmless: options.isRead && isHarmless(args), ...options }).catch(
      (error: unknown) => {
        throw explainFailure(error, commandOf(args));
      },
    );
  const read = async (args: readonly string[]): Promise<string> => (await explained(args, { isRead: true })).toString();
  return {
    folder,
    read,
    async ask(args) {
      try {
        return (await callGit({ folder, args, env, isRead: true, isHarmless: isHarmless(args) })).toString();
      } catch (error) {
        if (error instanceof GitExit && error.exitCode === 1) return undefined;
        throw explainFailure(error, commandOf(args));
      }
    },
    async readContent(args) {
      const settings = planDriverOverrides(parseConfigList(await read(LIST_CONFIG)));
      return explained(args, { isRead: true, settings });
    },
    readWith: (args, settings) => explained(args, { isRead: true, settings }),
    query: async (args, input) => (await explained(args, { isRead: true, input })).toString(),
    act: async (args) => (await explained(args, { isRead: false })).toString(),
    feed: async (args, input) => {
      await explained(args, { isRead: false, input });
    },
    exchange: async (args, { isSlow = false } = {}) => {
      const patience = isSlow ? patienceMs * HOOKS_TAKE : patienceMs;
      const call = { isRead: false, patienceMs: patience, ...(signal === undefined ? {} : { signal }) };
      return (await explained(args, call)).toString();
    },
    async hasIdentity(config = []) {
      // Where the settings name somebody there is nothing to ask; an empty name is for git to judge.
      if (['user.name', 'user.email'].every((key) => (findConfig(config, key) ?? '').trim() !== '')) return true;
      const settings = [['user.useConfigOnly', 'true']] as const;
      return callGit({ folder, args: ['var', 'GIT_COMMITTER_IDENT'], env, isRead: true, settings }).then(
        () => true,
        (error: unknown) => {
          const explanation = explainFailure(error, 'var');
          if (error instanceof GitExit && error.exitCode === 128 && isGitFailure(explanation)) return false;
          throw explanation;
        },
      );
    },
  };
}

/** A name that may stand in an argument of git; throws `bad-arguments` before git is started. */
export function requireName(name: string, kind: 'branch' | 'remote' | 'commit' | 'tag'): string {
  const reason = kind === 'commit' && name === 'HEAD' ? undefined : checkRefName(name);
  if (reason === undefined) return name;
  throw new ExpectedError('bad-arguments', `"${escapeControls(name)}" can't name a ${kind}: ${reason}.`);
}

/** A branch's full name, which no tag of the same name can be taken for. */
export function refOf(branch: string): string {
  return `refs/heads/${requireName(branch, 'branch')}`;
}

function isGitFailure(error: unknown): boolean {
  return error instanceof ExpectedError && error.code === 'git-failed';
}

/** The "./" keeps a leading ":" from being read as one of git's own patterns. */
export function relativeTo(folder: string, file: string): string {
  return `./${path.relative(folder, path.resolve(folder, file)).split(path.sep).join('/')}`;
}

/** Places, references and settings: git has never run anything for them. */
const HARMLESS: readonly (string | undefined)[] = ['rev-parse', 'symbolic-ref', 'for-each-ref'];

function isHarmless(args: readonly string[]): boolean {
  return HARMLESS.includes(args[0]) || args === LIST_CONFIG;
}

function commandOf(args: readonly string[]): string {
  return args.find((arg) => !arg.startsWith('-')) ?? '';
}

/** Only the end of the line goes: a folder's name may end with spaces. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
