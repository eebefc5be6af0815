import type { Problem } from '../../protocol/problem.ts';

/** `vscode.l10n.t`, or the same for tests: fills `{0}`, `{1}` … of a sentence that may have been translated. */
export type Translate = (message: string, ...args: (string | number | boolean)[]) => string;

/** Shape and colour together say the state, so that neither is needed alone. Codicon id; theme colour id. */
export interface EntryIcon {
  readonly id: string;
  readonly color?: string;
}

/** What a command gets when it is called on an entry. */
export type Target =
  | { readonly kind: 'project'; readonly project: string }
  | { readonly kind: 'stage'; readonly project: string; readonly stage: string }
  | { readonly kind: 'config'; readonly project: string; readonly model: string }
  | { readonly kind: 'data'; readonly project: string; readonly path: string }
  | { readonly kind: 'run'; readonly project: string; readonly runId: string }
  | { readonly kind: 'model'; readonly project: string; readonly model: string };

export interface TreeEntry {
  /** The same thing keeps its id, so that what is expanded and selected stays so. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly icon?: EntryIcon;
  /** Plain text, one sentence or fact a line; never read as Markdown. */
  readonly tooltip: readonly string[];
  /** Which menus apply: words of the manifest's `viewItem` clauses. */
  readonly context: string;
  readonly target?: Target;
  /** Where a click leads: absolute file and, from 1, line. */
  readonly opens?: { readonly file: string; readonly line?: number };
  /** Entries below; absent for a leaf. */
  readonly children?: () => readonly TreeEntry[] | Promise<readonly TreeEntry[]>;
  readonly expanded?: boolean;
}

/** Something wrong with a file of the user, in the place where its content would stand; a click leads to the line. */
export function toProblemEntry(problem: Problem, root: string): TreeEntry {
  const isError = problem.severity === 'error';
  return {
    id: `problem:${problem.file}:${problem.line}:${problem.column}:${problem.message}`,
    label: problem.message,
    description: `${problem.file}:${problem.line}`,
    icon: isError
      ? { id: 'error', color: 'problemsErrorIcon.foreground' }
      : { id: 'warning', color: 'problemsWarningIcon.foreground' },
    tooltip: [problem.message, `${problem.file}:${problem.line}:${problem.column}`],
    context: 'problem',
    opens: { file: toAbsolute(root, problem.file), line: problem.line },
  };
}

/** Paths of the engine are relative to the project with forward slashes, or absolute already. */
export function toAbsolute(root: string, file: string): string {
  return /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(file) ? file : `${root}/${file}`;
}
