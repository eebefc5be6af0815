import type { TopicType } from '../../protocol/gitflow.ts';
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
  /** A repository of the editor's git view, by its top: the projects in it are meant. */
  | { readonly kind: 'repository'; readonly project: string }
  | { readonly kind: 'stage'; readonly project: string; readonly stage: string }
  /** `file` is relative to the project's root. */
  | { readonly kind: 'config'; readonly project: string; readonly model: string; readonly file: string }
  /** `key`: as runs have it among their params, `training.learning_rate`. */
  | {
      readonly kind: 'hyperparameter';
      readonly project: string;
      readonly model: string;
      readonly file: string;
      readonly key: string;
    }
  /** `name` without the type's prefix. */
  | { readonly kind: 'branch'; readonly project: string; readonly type: TopicType; readonly name: string }
  | { readonly kind: 'data'; readonly project: string; readonly path: string }
  /** `runIds`: several that are selected, `runId` among them. */
  | { readonly kind: 'run'; readonly project: string; readonly runId: string; readonly runIds?: readonly string[] }
  /** A tracking server, by its base. */
  | { readonly kind: 'server'; readonly project: string; readonly server: string }
  | { readonly kind: 'model'; readonly project: string; readonly model: string }
  | { readonly kind: 'registered'; readonly project: string; readonly name: string }
  | { readonly kind: 'version'; readonly project: string; readonly name: string; readonly version: string };

export interface TreeEntry {
  /**
   * The same thing keeps its id, so that what is expanded and selected stays so; it names the project too, since two projects
   * in one view may have everything else in common.
   */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly icon?: EntryIcon;
  /** What only the icon says, in a word, for those who hear the tree. Absent where the description says it. */
  readonly state?: string;
  /** Plain text, one sentence or fact a line; never read as Markdown. */
  readonly tooltip: readonly string[];
  /** Which menus apply: words of the manifest's `viewItem` clauses. */
  readonly context: string;
  readonly target?: Target;
  /** Where a click leads: absolute file and, from 1, line. */
  readonly opens?: { readonly file: string; readonly line?: number };
  /** What a click does with the target. */
  readonly does?: 'mlops.showRunChart';
  /** Entries below; absent for a leaf. */
  readonly children?: () => readonly TreeEntry[] | Promise<readonly TreeEntry[]>;
  readonly expanded?: boolean;
}

/** What a screen reader says of an entry. */
export function describeAloud({ label, state = '', description }: TreeEntry): string {
  return [label, state, description].filter((part) => part !== '').join(', ');
}

/** Something wrong with a file of the user, in the place where its content would stand; a click leads to the line. */
export function toProblemEntry(problem: Problem, root: string, t: Translate): TreeEntry {
  const isError = problem.severity === 'error';
  return {
    id: `problem:${root}:${problem.file}:${problem.line}:${problem.column}:${problem.message}`,
    label: problem.message,
    description: `${problem.file}:${problem.line}`,
    state: isError ? t('error') : t('warning'),
    icon: isError
      ? { id: 'error', color: 'problemsErrorIcon.foreground' }
      : { id: 'warning', color: 'problemsWarningIcon.foreground' },
    tooltip: [problem.message, `${problem.file}:${problem.line}:${problem.column}`],
    context: 'problem',
    opens: { file: toAbsolute(root, problem.file), line: problem.line },
  };
}

/** Why entries can't be shown, in their place: below `parent`, or instead of the whole view. */
export function toFailureEntry(message: string, parent: TreeEntry | undefined): TreeEntry {
  return {
    id: `failure:${parent?.id ?? ''}`,
    label: message,
    description: '',
    icon: { id: 'error', color: 'problemsErrorIcon.foreground' },
    tooltip: [message],
    context: 'failure',
  };
}

/** Paths of the engine are relative to the project with forward slashes, or absolute already. */
export function toAbsolute(root: string, file: string): string {
  return isAbsolute(file) ? file : `${root}/${file}`;
}

export function isAbsolute(file: string): boolean {
  return /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(file);
}
