import { access, constants, stat } from 'node:fs/promises';
import { devNull } from 'node:os';
import path from 'node:path';
import { simpleGit, GitError } from 'simple-git';
import { ExpectedError } from '../../protocol/errors.ts';

/** Oldest git that reads settings from GIT_CONFIG_COUNT, on which the hardening of reads rests. */
const MINIMUM_VERSION = [2, 31] as const;

/**
 * Variables that start with GIT_ (or name an editor, pager or prompt) do not reach git, whatever the surrounding process
 * has set: a hook or an editor may have left GIT_DIR pointing elsewhere. These few are the user's and are kept.
 */
const KEPT_VARIABLES = [
  'GIT_ASKPASS',
  'GIT_AUTHOR_DATE',
  'GIT_AUTHOR_EMAIL',
  'GIT_AUTHOR_NAME',
  'GIT_CEILING_DIRECTORIES',
  'GIT_COMMITTER_DATE',
  'GIT_COMMITTER_EMAIL',
  'GIT_COMMITTER_NAME',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_SYSTEM',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSL_CAINFO',
  'GIT_SSL_NO_VERIFY',
  'SSH_ASKPASS',
];

/** English, no questions, no editor: messages are always passed, and never read where a format for programs exists. */
const FIXED_VARIABLES = {
  LC_ALL: 'C',
  GIT_EDITOR: 'true',
  GIT_SEQUENCE_EDITOR: 'true',
  GIT_MERGE_AUTOEDIT: 'no',
  GIT_TERMINAL_PROMPT: '0',
};

/** No lock for a refreshed index, and no fetching of objects that a partial clone lacks: a read stays a read. */
const READ_VARIABLES = { GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: 'none' };

type Setting = readonly [key: string, value: string];

const ALWAYS: readonly Setting[] = [
  ['safe.bareRepository', 'explicit'],
  ['protocol.ext.allow', 'never'],
  ['protocol.fd.allow', 'never'],
];

const FOR_READS: readonly Setting[] = [
  ['core.fsmonitor', 'false'],
  ['core.hooksPath', devNull],
  ['core.pager', 'cat'],
  ['log.showSignature', 'false'],
];

/**
 * What simple-git blocks by default and this module needs: it blocks by the name of a setting, so that switching a
 * program off is blocked like switching it on. Every argument is our own or has passed the checks in git.ts.
 */
const NEEDED = {
  allowUnsafeAskPass: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCustomBinary: true,
  allowUnsafeEditor: true,
  allowUnsafeFilter: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeHooksPath: true,
  allowUnsafePager: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeSshCommand: true,
};

/** How a call of git ended when it did not end with exit code 0. */
export class GitExit extends GitError {
  /** Null: something has ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(exitCode: number | null, stdout: string, stderr: string) {
    super(undefined, stderr.trim() === '' ? stdout.trim() : stderr.trim());
    this.exitCode = exitCode;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

export interface Call {
  readonly folder: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** True: nothing that the repository's configuration names may run (hooks, monitors, filters, other programs). */
  readonly isRead: boolean;
  /** True: with no git of any age it runs anything, so that it need not wait until the version is known. Its answer still does. */
  readonly isHarmless?: boolean;
  /** For its standard input. */
  readonly input?: string | Buffer;
  /** More settings, for this call only. */
  readonly settings?: readonly Setting[];
  readonly signal?: AbortSignal;
  /** Ends it when it has printed nothing for so long. */
  readonly patienceMs?: number;
  /** Absolute path of the index that is used in the place of the repository's own. */
  readonly index?: string;
}

/**
 * Runs git once and gives its stdout. Throws {@link GitExit} when git fails, `missing-program` where there is no git or
 * one that is too old, `not-a-repository` where the folder does not exist.
 */
export async function callGit({
  folder,
  args,
  env,
  isRead,
  settings = [],
  signal,
  index,
  input,
  patienceMs,
  isHarmless = false,
}: Call): Promise<Buffer> {
  const { binary, isNewEnough } = await requireGit(env);
  if (!isHarmless) await isNewEnough;
  const environment = toEnvironment(env, isRead, [...ALWAYS, ...(isRead ? FOR_READS : []), ...settings]);
  if (index !== undefined) environment['GIT_INDEX_FILE'] = index;
  const stdout: Buffer[] = [];
  const patience = patienceMs === undefined ? undefined : beginPatience(patienceMs);
  const ends = [signal, patience?.signal].filter((end) => end !== undefined);
  try {
    const git = simpleGit({
      baseDir: folder,
      binary,
      allowEnvironment: Object.keys(environment),
      completion: { onClose: true, onExit: false },
      // Ends git's stdin at once; an empty text would leave it open, and a hook that reads it would wait for ever.
      input: () => (Buffer.isBuffer(input) ? input : Buffer.from(input ?? '')),
      errors: (_error, { exitCode, stdOut, stdErr }) =>
        exitCode === 0
          ? undefined
          : new GitExit(exitCode, Buffer.concat(stdOut).toString(), Buffer.concat(stdErr).toString()),
      unsafe: NEEDED,
      ...(ends.length === 0 ? {} : { abort: AbortSignal.any(ends) }),
    })
      .env(environment)
      .outputHandler((_command, out, err) => {
        if (patience !== undefined) for (const stream of [out, err]) stream.on('data', patience.renew);
        out.on('data', (chunk: Buffer) => stdout.push(chunk));
        // simple-git waits 50 ms after a command that printed nothing. "close" comes after all output, so there is
        // nothing to wait for, and a plan has many silent commands; an empty chunk says that something was printed.
        setImmediate(() => out.emit('data', Buffer.alloc(0)));
      });
    const running = git.raw([...args]);
    // What git has started may hold its output open after its end.
    const { given, forget } = giveUp(signal);
    await Promise.race([running, given, ...(patience === undefined ? [] : [patience.exhausted])]).finally(forget);
  } catch (error) {
    await isNewEnough;
    throw await toExpected(error, folder, signal);
  } finally {
    patience?.end();
  }
  await isNewEnough;
  return Buffer.concat(stdout);
}

/** Longer than git needs to end itself when it is told to. */
const PARTING_MS = 2000;

/** Fails some time after the signal: what git has started, as ssh, does not end with it, and holds its output open. */
function giveUp(signal: AbortSignal | undefined): { readonly given: Promise<never>; readonly forget: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let begin = (): void => undefined;
  const given = new Promise<never>((_resolve, reject) => {
    begin = () => {
      timer = setTimeout(() => reject(new ExpectedError('stopped', 'Stopped.')), PARTING_MS);
    };
  });
  signal?.addEventListener('abort', begin, { once: true });
  return {
    given,
    forget: () => {
      signal?.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}

interface Patience {
  readonly signal: AbortSignal;
  /** Fails when it has been silent for too long. */
  readonly exhausted: Promise<never>;
  readonly renew: () => void;
  readonly end: () => void;
}

function beginPatience(milliseconds: number): Patience {
  const controller = new AbortController();
  let reject: (reason: ExpectedError) => void = () => undefined;
  const exhausted = new Promise<never>((_resolve, fail) => {
    reject = fail;
  });
  let timer: NodeJS.Timeout | undefined;
  const renew = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      controller.abort();
      reject(
        new ExpectedError(
          'git-failed',
          'The remote has said nothing for too long. Check the connection and your access to it, then run it again.',
        ),
      );
    }, milliseconds);
  };
  renew();
  return { signal: controller.signal, exhausted, renew, end: () => clearTimeout(timer) };
}

async function toExpected(error: unknown, folder: string, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal?.aborted === true) return new ExpectedError('stopped', 'Stopped.');
  if (!(await isFolder(folder))) return new ExpectedError('not-a-repository', `There is no folder ${folder}.`);
  return error;
}

function toEnvironment(env: NodeJS.ProcessEnv, isRead: boolean, settings: readonly Setting[]): Record<string, string> {
  const kept = new Set(KEPT_VARIABLES);
  const dropped = /^(?:git_.*|editor|visual|pager|prefix|lc_all|language)$/i;
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (kept.has(name) || (!dropped.test(name) && name !== 'SSH_ASKPASS')))
      environment[name] = value;
  }
  Object.assign(environment, FIXED_VARIABLES, isRead ? READ_VARIABLES : {});
  environment['GIT_CONFIG_COUNT'] = String(settings.length);
  settings.forEach(([key, value], index) => {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return environment;
}

/** The program, and whether it is new enough: rejects where it is not. */
interface FoundGit {
  readonly binary: string;
  readonly isNewEnough: Promise<void>;
}

const foundPrograms = new Map<string, Promise<FoundGit>>();

/** Looked for and asked once for each PATH. */
function requireGit(env: NodeJS.ProcessEnv): Promise<FoundGit> {
  const searchPath = env[Object.keys(env).find((key) => key.toLowerCase() === 'path') ?? 'PATH'] ?? '';
  const known = foundPrograms.get(searchPath);
  if (known !== undefined) return known;
  const found = findAndCheck(searchPath, env);
  foundPrograms.set(searchPath, found);
  // A failure is not remembered: git may be installed while we run.
  found.then(({ isNewEnough }) => isNewEnough).catch(() => foundPrograms.delete(searchPath));
  return found;
}

async function findAndCheck(searchPath: string, env: NodeJS.ProcessEnv): Promise<FoundGit> {
  const binary = await findGit(searchPath);
  if (binary === undefined)
    throw new ExpectedError(
      'missing-program',
      `There is no "git" in PATH. Install git ${MINIMUM_VERSION.join('.')} or newer (https://git-scm.com/downloads), then try again.`,
    );
  return { binary, isNewEnough: checkVersion(binary, env) };
}

async function checkVersion(binary: string, env: NodeJS.ProcessEnv): Promise<void> {
  const environment = toEnvironment(env, true, []);
  const text = await simpleGit({ binary, allowEnvironment: Object.keys(environment), unsafe: NEEDED })
    .env(environment)
    .raw(['version']);
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text)?.slice(1) ?? []).map(Number);
  if (major < MINIMUM_VERSION[0] || (major === MINIMUM_VERSION[0] && minor < MINIMUM_VERSION[1]))
    throw new ExpectedError(
      'missing-program',
      `${binary} is ${text.trim()}; git ${MINIMUM_VERSION.join('.')} or newer is needed (https://git-scm.com/downloads).`,
    );
}

/** Only absolute folders of PATH are searched: a `git` in the working folder must never be taken for git. */
async function findGit(searchPath: string): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'git.exe' : 'git';
  for (const folder of searchPath.split(path.delimiter).filter((part) => path.isAbsolute(part))) {
    const candidate = path.join(folder, name);
    if (await isProgram(candidate)) return candidate;
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK)
    .then(() => stat(file))
    .then(
      (found) => found.isFile(),
      () => false,
    );
}

async function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
