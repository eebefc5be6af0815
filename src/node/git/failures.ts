import { escapeControls } from '../../core/names/names.ts';
import { ExpectedError, type ErrorCode } from '../../protocol/errors.ts';
import { GitExit } from './program.ts';

interface Explanation {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  /** What to do; git's own words stand before it. */
  readonly advice: string;
}

/** Failures that people meet, by git's English words (LC_ALL=C). First match wins. */
const explanations: readonly Explanation[] = [
  {
    pattern: /not a git repository|must be run in a work tree|cannot use bare repository/,
    code: 'not-a-repository',
    advice: 'Make one with "git init", or go to another folder.',
  },
  {
    // For git, and so for us, there is no repository until the user says that there is.
    pattern: /detected dubious ownership/,
    code: 'not-a-repository',
    advice: 'The repository belongs to another user. If you trust it, allow it with the command that git names.',
  },
  {
    pattern: /No space left on device|Out of disk ?space/i,
    code: 'disk',
    advice: 'The disk is full: free some space, then run it again.',
  },
  {
    pattern: /\.lock': File exists/,
    code: 'git-failed',
    advice: 'Another git process works in this repository. If none does, one has died: delete that lock file.',
  },
  {
    pattern: /tell me who you are|empty ident name|auto-detect(?:ion)? (?:email|is disabled)|no email was given/,
    code: 'git-failed',
    advice: 'Tell git who you are: git config --global user.name "NAME" and git config --global user.email "ADDRESS".',
  },
  {
    pattern: /(?:local changes to|untracked working tree files).*would be (?:overwritten|removed)/s,
    code: 'dirty-tree',
    advice: 'Commit, stash or move these files away, then run it again.',
  },
  {
    pattern: /already (?:checked out|used by worktree) at|checked out at/,
    code: 'branch-state',
    advice: 'Work there, or remove that work tree with "git worktree remove".',
  },
  {
    pattern: /unrelated histories|no merge base/,
    code: 'branch-state',
    advice:
      'The two have no commit in common. In a shallow clone, fetch the whole history first: git fetch --unshallow. Else they are two projects: merge them by hand if that is meant, with git merge --allow-unrelated-histories.',
  },
  {
    pattern: /couldn't find remote ref|remote ref does not exist/,
    code: 'branch-state',
    advice: 'The remote has deleted this branch: forget it with "git fetch --prune", then run it again.',
  },
  {
    // By the words of git's own server, GitHub, GitLab, Azure DevOps, Bitbucket and Gitea.
    pattern:
      /\[remote rejected\].*\((?:[\w-]+ )?hook declined|protected branch|GH006|GH013|TF402455|repository rule violations|not allowed to (?:force )?push/i,
    code: 'push-refused',
    advice: 'The remote takes no push to it: let it be merged there, by a pull request.',
  },
  {
    pattern: /stale info|\[rejected\]/,
    code: 'branch-state',
    advice: 'Somebody has pushed to it meanwhile: run "git fetch", take their commits in, then run it again.',
  },
  {
    pattern: /transport '[^']*' not allowed/,
    code: 'git-failed',
    advice: 'Remotes that run a program (ext::, fd::) are not used.',
  },
  {
    pattern:
      /Could not read from remote|unable to access|Could not resolve host|does not appear to be a git repository|terminal prompts disabled|Authentication failed/i,
    code: 'git-failed',
    advice: 'Check the connection and your access to the remote, then run it again.',
  },
];

/** A failed call of git as an error that people can act on; anything else is given back as it is. */
export function explainFailure(error: unknown, command: string): unknown {
  if (!(error instanceof GitExit)) return error;
  if (/^Error: spawn .* E(?:NOENT|ACCES)/.test(error.stderr))
    return new ExpectedError('missing-program', `git could not be started: ${error.stderr.split('\n')[0] ?? ''}`);
  if (error.exitCode === null) return new ExpectedError('stopped', `git ${command} was ended before it was done.`);
  const words = toSentences(error.message);
  const known = explanations.find(({ pattern }) => pattern.test(error.message));
  return known === undefined
    ? new ExpectedError('git-failed', `git ${command} failed (exit code ${error.exitCode}): ${words}`)
    : new ExpectedError(known.code, `${words}\n${known.advice}`);
}

/** git's own words without its hints and progress lines, safe to show. */
function toSentences(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^(?:fatal|error): /, '').trimEnd())
    .filter((line) => line !== '' && !/^(?:hint: |From \S+$|To \S+$|Aborting$)/.test(line))
    .filter(
      (line) => !/^(?:remote: )?(?:Enumerating|Counting|Compressing|Receiving|Resolving|Unpacking)\b.*[:,]/.test(line),
    );
  return escapeControls(lines.slice(0, 20).join('\n'));
}
