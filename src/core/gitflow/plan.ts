import { ExpectedError } from '../../protocol/errors.ts';
import type { PullRequest } from './pullrequest.ts';
import { quoteWord } from './shell.ts';
import type { FlowFacts } from './facts.ts';
import type { GitStep } from './steps.ts';

/** What would be done. `fetches` come first, and the rest is planned again from what they brought. */
export interface FlowPlan {
  readonly fetches: readonly GitStep[];
  readonly steps: readonly GitStep[];
  readonly warnings: readonly string[];
  /** Branch that is made or finished, and the one that it comes from or goes into. */
  readonly branch: string;
  readonly base: string;
  /** What a person types behind "mlops" to have this done, now or again after it has stopped. */
  readonly command: string;
  /** What will have been done and what comes next, as sentences. */
  readonly summary: readonly string[];
  /** What it does with the action that was written down; absent: it is a new one. */
  readonly resumes?: 'continue' | 'abort' | 'undo';
  /** True where gates were asked before, and nothing is new since. */
  readonly wasGated?: boolean;
  /** The one that waits afterwards. */
  readonly pullRequest?: PullRequest;
}

/** Title in the editor's palette of what the command line has too; a test holds the titles against package.nls.json. */
const paletteTitles: Readonly<Record<string, string>> = {
  'flow feature start': 'Start Feature',
  'flow feature finish': 'Finish Feature',
};

/** A command for people, by the name that it has in each place from where it may be called. */
export function nameCommand(words: string, name: string): string {
  const title = paletteTitles[words];
  const palette = title === undefined ? '' : ` (in the editor "MLOps: ${title}")`;
  return `"mlops ${words} ${quoteWord(name)}"${palette}`;
}

/** Clean as AVH means it: nothing tracked was changed; files that git does not know don't matter. */
export function requireCleanTree({ changed }: FlowFacts, command: string): void {
  if (changed.length === 0) return;
  const shown = changed.slice(0, 10).map((file) => `  ${file}`);
  const more = changed.length > shown.length ? [`  and ${changed.length - shown.length} more`] : [];
  throw new ExpectedError(
    'dirty-tree',
    [
      `These files have changes that are not committed:`,
      ...shown,
      ...more,
      `Commit them, or put them aside with "git stash", then run "mlops ${command}" again.`,
    ].join('\n'),
  );
}

export function requireIdentity({ hasIdentity }: FlowFacts): void {
  if (!hasIdentity)
    throw new ExpectedError(
      'git-failed',
      'A commit will be made, and git does not know by whom: git config --global user.name "NAME" and git config --global user.email "ADDRESS".',
    );
}

/** The programs that AVH runs around an action, where they exist: `pre-flow-feature-start` may refuse, `post-…` may not. */
export function planHook(
  { hooks }: FlowFacts,
  moment: 'pre' | 'post',
  action: string,
  args: readonly string[],
): readonly GitStep[] {
  const name = `${moment}-flow-${action}`;
  return hooks.names.includes(name)
    ? [{ kind: 'hook', file: `${hooks.folder}/${name}`, args, mayRefuse: moment === 'pre' }]
    : [];
}
