import { formatProblem, type Problem } from './problem.ts';
import { toOneLine } from './text.ts';

/** Exit codes of the command line; `docs/cli.md` explains them to users. */
export const exitCodes = { done: 0, failed: 1, badInput: 2, busy: 3, unknownName: 4, bug: 70, stopped: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * Code of each failure that is not a bug, and the exit code it leads to. A new kind of failure is a new row here; scripts
 * of users may depend on the names, so none is ever renamed.
 */
const exitByCode = {
  'bad-arguments': exitCodes.badInput,
  'bad-input': exitCodes.badInput,
  'missing-answer': exitCodes.badInput,
  'missing-param': exitCodes.badInput,
  'not-a-project': exitCodes.badInput,
  'not-a-repository': exitCodes.badInput,
  'not-gitflow': exitCodes.badInput,
  'not-supported': exitCodes.badInput,
  'not-trusted': exitCodes.badInput,
  'target-exists': exitCodes.badInput,
  'busy': exitCodes.busy,
  'unknown-name': exitCodes.unknownName,
  'dirty-tree': exitCodes.failed,
  'merge-conflict': exitCodes.failed,
  'branch-state': exitCodes.failed,
  'gate-failed': exitCodes.failed,
  'changed-meanwhile': exitCodes.failed,
  'git-failed': exitCodes.failed,
  'push-refused': exitCodes.failed,
  'not-live': exitCodes.failed,
  'missing-file': exitCodes.failed,
  'missing-program': exitCodes.failed,
  'stage-failed': exitCodes.failed,
  'training-failed': exitCodes.failed,
  'corrupt': exitCodes.failed,
  'disk': exitCodes.failed,
  'download-failed': exitCodes.failed,
  'server-failed': exitCodes.failed,
  'not-authorized': exitCodes.failed,
  'stopped': exitCodes.stopped,
} as const satisfies Record<string, ExitCode>;

export type ErrorCode = keyof typeof exitByCode;

/** A failure that the user can mend: shown as a sentence without a stack. Anything else that is thrown is a bug. */
export class ExpectedError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, problems: readonly Problem[] = []) {
    super(message);
    this.name = 'ExpectedError';
    this.code = code;
    this.problems = problems;
  }

  get exitCode(): ExitCode {
    return exitByCode[this.code];
  }
}

export function badInput(message: string, problems: readonly Problem[] = []): ExpectedError {
  return new ExpectedError('bad-input', message, problems);
}

/** A name that does not exist, with the nearest that do. */
export function unknownName(kind: string, name: string, nearest: readonly string[]): ExpectedError {
  const hint =
    nearest.length === 0 ? '' : ` Did you mean ${nearest.map((candidate) => `"${candidate}"`).join(' or ')}?`;
  return new ExpectedError('unknown-name', toOneLine(`There is no ${kind} "${name}".${hint}`));
}

/** Message and every problem, one a line: what people read on stderr, in tasks and in the log. */
export function describeError(error: ExpectedError): string {
  return [error.message, ...error.problems.map(formatProblem)].join('\n');
}

/** How an error crosses a border (worker, engine thread, `--json`). */
export interface ErrorDocument {
  readonly code: ErrorCode | 'bug';
  readonly message: string;
  readonly problems: readonly Problem[];
  readonly stack?: string;
}

export function toErrorDocument(error: unknown): ErrorDocument {
  if (error instanceof ExpectedError) return { code: error.code, message: error.message, problems: error.problems };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: 'bug', message, problems: [], ...(stack === undefined ? {} : { stack }) };
}

export function fromErrorDocument({ code, message, problems, stack }: ErrorDocument): Error {
  if (code !== 'bug') return new ExpectedError(code, message, problems);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
