import type { FlowStep } from '../../protocol/gitflow.ts';
import { isPullRequest, type PullRequest } from './pullrequest.ts';
import { quoteWord } from './shell.ts';

/** One thing that git, or the file system of its directory, is asked to do. Plans are lists of these. */
export type GitStep =
  | { readonly kind: 'point-head'; readonly branch: string }
  | { readonly kind: 'commit-empty'; readonly message: string }
  | { readonly kind: 'create-branch'; readonly branch: string; readonly from: string; readonly track: boolean }
  | { readonly kind: 'set-config'; readonly key: string; readonly value: string }
  | { readonly kind: 'remove-section'; readonly section: string }
  | { readonly kind: 'fetch'; readonly remote: string; readonly branch: string }
  | { readonly kind: 'hook'; readonly file: string; readonly args: readonly string[]; readonly mayRefuse: boolean }
  | { readonly kind: 'checkout'; readonly branch: string }
  | { readonly kind: 'start-branch'; readonly branch: string; readonly from: string }
  | {
      readonly kind: 'merge';
      readonly branch: string;
      readonly into: string;
      /** `single`: allowed when it turns out to be one commit, which only the rebase before it decides. */
      readonly fastForward: 'allowed' | 'never' | 'single';
      /** Last lines of the merge's message, which there is only where it does not fast-forward. */
      readonly trailers?: readonly string[];
      /** When it stops, that is noted where AVH looks for it: it does so for features and bugfixes only. */
      readonly isNoted?: true;
    }
  /** One commit on the branch that is checked out, with all that `branch` has changed. */
  | {
      readonly kind: 'squash';
      readonly branch: string;
      readonly into: string;
      /** First line of a message that lists the commits; git's own message without it. */
      readonly headline?: string;
      /** Last lines of the message. */
      readonly trailers?: readonly string[];
    }
  /** Of the branch that is checked out. */
  | { readonly kind: 'rebase'; readonly branch: string; readonly onto: string; readonly preserveMerges: boolean }
  | {
      readonly kind: 'tag';
      readonly tag: string;
      readonly on: string;
      /** Where on that branch; default: its end. */
      readonly commit?: string;
      readonly message: TagMessage;
      /** Last lines of the message. */
      readonly trailers?: readonly string[];
      readonly sign: boolean;
      readonly signingKey?: string;
    }
  /** Removes the note that an earlier merge had stopped. */
  | { readonly kind: 'forget-stopped-merge' }
  | { readonly kind: 'push'; readonly remote: string; readonly refs: readonly string[] }
  /** Makes the branch on the remote, and remembers that the two belong together. */
  | { readonly kind: 'publish-branch'; readonly remote: string; readonly branch: string }
  /** The other way round: makes the remote's branch here, and checks it out. */
  | { readonly kind: 'track-branch'; readonly remote: string; readonly branch: string }
  /** `prunes`: forgets the remote's branches that are gone there. */
  | { readonly kind: 'fetch-all'; readonly remote: string; readonly prunes?: true }
  | { readonly kind: 'rename-branch'; readonly branch: string; readonly to: string }
  | { readonly kind: 'rename-section'; readonly section: string; readonly to: string }
  /** Only while the branch stands at `expected`: what somebody has pushed meanwhile must not be lost. */
  | {
      readonly kind: 'delete-remote-branch';
      readonly remote: string;
      readonly branch: string;
      readonly expected: string;
      /** The host may have deleted it when it merged the pull request. */
      readonly mayBeGone?: true;
    }
  /** Of the branch that is checked out, to where the remote's stands. */
  | { readonly kind: 'fast-forward'; readonly branch: string; readonly remote: string }
  /** Opens the pull request, by the host's own program where that is there, and writes down that it waits. */
  | { readonly kind: 'open-pull-request'; readonly pullRequest: PullRequest; readonly body: string }
  | { readonly kind: 'forget-pull-request'; readonly pullRequest: PullRequest }
  | { readonly kind: 'remember-pull-request'; readonly pullRequest: PullRequest }
  | { readonly kind: 'delete-branch'; readonly branch: string; readonly force: boolean }
  /** Commits what a merge or squash has left prepared, with the message that git has ready. */
  | { readonly kind: 'commit-merge'; readonly into: string }
  | { readonly kind: 'continue-rebase'; readonly branch: string }
  | { readonly kind: 'abort-merge' }
  | { readonly kind: 'abort-rebase' }
  | { readonly kind: 'drop-squash' }
  /** Makes the tree clean again after a step was cut that would bring `brought` into it; what is changed in it is kept at `ref`. */
  | { readonly kind: 'set-aside'; readonly ref: string; readonly brought: string }
  /** Checks a commit out, no branch; files that were changed and not committed stay so. */
  | { readonly kind: 'detach'; readonly commit: string }
  /** All of them or none, and only where each stands as expected. */
  | { readonly kind: 'restore-refs'; readonly changes: readonly RefChange[] }
  /** Says that the commit that is checked out is this branch's. */
  | { readonly kind: 'attach'; readonly branch: string }
  | {
      readonly kind: 'restore-section';
      readonly section: string;
      readonly entries: readonly (readonly [key: string, value: string])[];
    }
  /** Writes files and commits them on the branch that is checked out; done twice it makes one commit. */
  | {
      readonly kind: 'commit-files';
      readonly branch: string;
      readonly message: string;
      readonly files: readonly WrittenFile[];
    }
  /** Takes back what stands in the tree of a `commit-files` that was not committed. */
  | { readonly kind: 'drop-files'; readonly files: readonly WrittenFile[] }
  /** An alias of a registered model; null: it is on no version. */
  | {
      readonly kind: 'move-alias';
      /** Absolute URI of the registry. */
      readonly store: string;
      readonly model: string;
      readonly alias: string;
      readonly from: string | null;
      readonly to: string | null;
      readonly reason: string;
      readonly isUndo: boolean;
    }
  | { readonly kind: 'push-commit'; readonly remote: string; readonly branch: string; readonly commit: string };

/** From one commit to another; null: it does not exist. */
export interface RefChange {
  /** Full name. */
  readonly ref: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** A file as it shall be, relative to the top of the work tree, with forward slashes. */
export interface WrittenFile {
  readonly path: string;
  readonly text: string;
}

/** Words of a tag, or the file that holds them. */
export type TagMessage = { readonly text: string } | { readonly file: string };

export function describeStep(step: GitStep): FlowStep {
  // The table has a row for each kind that takes just that kind; the compiler can't follow this through the index.
  const describe = descriptions[step.kind] as (step: GitStep) => Description;
  const [title, args] = describe(step);
  return { title, command: args === undefined ? null : formatCommand(args) };
}

/** What the step does, and the arguments of the git command that does it. */
type Description = readonly [title: string, args?: readonly string[]];

const descriptions: { readonly [Kind in GitStep['kind']]: (step: Extract<GitStep, { kind: Kind }>) => Description } = {
  'point-head': ({ branch }) => [`Begin with branch ${branch}`, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`]],
  'commit-empty': ({ message }) => [`Make the first commit, "${message}"`, ['commit', '--allow-empty', '-m', message]],
  'create-branch': ({ branch, from, track }) => [
    `Make branch ${branch} from ${from}`,
    ['branch', track ? '--track' : '--no-track', branch, from],
  ],
  'set-config': ({ key, value }) => [`Set ${key} to "${value}"`, ['config', '--local', key, value]],
  'remove-section': ({ section }) => [
    `Remove the settings ${section}`,
    ['config', '--local', '--remove-section', section],
  ],
  'fetch': ({ remote, branch }) => [`Fetch ${branch} from ${remote}`, ['fetch', remote, branch]],
  'hook': ({ file }) => [`Run the hook ${file}`],
  'checkout': ({ branch }) => [`Check out ${branch}`, ['checkout', branch]],
  'start-branch': ({ branch, from }) => [
    `Make branch ${branch} from ${from} and check it out`,
    ['checkout', '-b', branch, from],
  ],
  'merge': ({ branch, into, fastForward, trailers = [] }) => [
    `Merge ${branch} into ${into}`,
    [
      'merge',
      fastForward === 'never' ? '--no-ff' : '--ff',
      ...(trailers.length === 0 ? [] : ['-m', [`Merge branch '${branch}' into ${into}`, ...trailers].join('\n\n')]),
      branch,
    ],
  ],
  'squash': ({ branch, into }) => [
    `Merge all changes of ${branch} into ${into} as one commit`,
    ['merge', '--squash', branch],
  ],
  'rebase': ({ branch, onto, preserveMerges }) => [
    `Rebase ${branch} onto ${onto}`,
    ['rebase', ...(preserveMerges ? ['--rebase-merges'] : []), onto],
  ],
  'tag': ({ tag, on, commit, message, sign, signingKey, trailers = [] }) => [
    `Tag ${on} as ${tag}`,
    [
      'tag',
      ...(sign ? ['-s'] : ['-a']),
      ...(signingKey === undefined ? [] : ['-u', signingKey]),
      ...('text' in message ? ['-m', message.text] : ['-F', message.file]),
      ...(trailers.length === 0 ? [] : ['-m', trailers.join('\n')]),
      tag,
      commit ?? on,
    ],
  ],
  'forget-stopped-merge': () => ['Forget that an earlier merge had stopped'],
  'push': ({ remote, refs }) => [
    `Push ${refs.map((ref) => ref.replace(/^refs\/tags\//, 'tag ')).join(', ')} to ${remote}`,
    ['push', remote, ...refs],
  ],
  'publish-branch': ({ remote, branch }) => [
    `Publish ${branch} on ${remote}`,
    ['push', '--set-upstream', remote, branch],
  ],
  'track-branch': ({ remote, branch }) => [
    `Make branch ${branch} from ${remote}/${branch} and check it out`,
    ['checkout', '-b', branch, '--track', `${remote}/${branch}`],
  ],
  'fetch-all': ({ remote, prunes }) => [
    `Fetch from ${remote}`,
    ['fetch', ...(prunes === true ? ['--prune'] : []), remote],
  ],
  'rename-branch': ({ branch, to }) => [`Rename branch ${branch} to ${to}`, ['branch', '-m', branch, to]],
  'rename-section': ({ section, to }) => [
    `Rename the settings ${section} to ${to}`,
    ['config', '--local', '--rename-section', section, to],
  ],
  'delete-remote-branch': ({ remote, branch, expected }) => [
    `Delete ${branch} on ${remote}`,
    ['push', `--force-with-lease=${branch}:${expected}`, remote, `:${branch}`],
  ],
  'fast-forward': ({ branch, remote }) => [
    `Bring ${branch} to where ${remote} has it`,
    ['merge', '--ff-only', `${remote}/${branch}`],
  ],
  'open-pull-request': ({ pullRequest: { branch, into } }) => [`Open a pull request of ${branch} into ${into}`],
  'forget-pull-request': ({ pullRequest: { branch } }) => [`Forget the pull request of ${branch}`],
  'remember-pull-request': ({ pullRequest: { branch } }) => [`Remember the pull request of ${branch}`],
  'commit-merge': ({ into }) => [`Commit the merge into ${into}`, ['commit', '--no-edit']],
  'continue-rebase': ({ branch }) => [`Go on with the rebase of ${branch}`, ['rebase', '--continue']],
  'abort-merge': () => ['Drop the merge that is not committed', ['merge', '--abort']],
  'abort-rebase': () => ['Drop the rebase that is not finished', ['rebase', '--abort']],
  'drop-squash': () => ['Drop the changes that are not committed', ['reset', '--merge']],
  'set-aside': ({ ref }) => [`Set aside what a step has left half done in the tree (kept as ${ref})`],
  'detach': ({ commit }) => [`Check out ${commit.slice(0, 10)}`, ['checkout', '--detach', commit]],
  'restore-refs': ({ changes }) => [
    `Return to where they were: ${changes
      .filter(({ ref }) => !ref.startsWith('refs/mlops/'))
      .map(({ ref }) => ref.replace(/^refs\/(?:heads|tags)\//, ''))
      .join(', ')}`,
  ],
  'commit-files': ({ files, message }) => [
    `Write ${files.map(({ path }) => path).join(', ')} and commit it as "${message}"`,
  ],
  'drop-files': ({ files }) => [`Take back what was written into ${files.map(({ path }) => path).join(', ')}`],
  'move-alias': ({ model, alias, from, to }) => [
    to === null
      ? `Take ${alias} of ${model} away from version ${from ?? ''}`
      : `Move ${alias} of ${model} to version ${to}${from === null ? '' : ` (from ${from})`}`,
  ],
  'attach': ({ branch }) => [`Go on with branch ${branch}`, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`]],
  'restore-section': ({ section }) => [`Restore the settings ${section}`],
  'push-commit': ({ remote, branch, commit }) => [
    `Make ${branch} on ${remote} again`,
    ['push', remote, `${commit}:refs/heads/${branch}`],
  ],
  'delete-branch': ({ branch, force }) => [`Delete branch ${branch}`, ['branch', force ? '-D' : '-d', branch]],
};

/** Fields besides `kind` that are texts, for what is read from a file again. */
const texts: Readonly<Partial<Record<string, readonly string[]>>> = {
  'hook': ['file'],
  'set-config': ['key', 'value'],
  'remove-section': ['section'],
  'rename-section': ['section', 'to'],
  'rename-branch': ['branch', 'to'],
  'fetch-all': ['remote'],
  'fetch': ['remote', 'branch'],
  'push': ['remote'],
  'publish-branch': ['remote', 'branch'],
  'track-branch': ['remote', 'branch'],
  'delete-remote-branch': ['remote', 'branch', 'expected'],
  'checkout': ['branch'],
  'delete-branch': ['branch'],
  'create-branch': ['branch', 'from'],
  'start-branch': ['branch', 'from'],
  'merge': ['branch', 'into', 'fastForward'],
  'squash': ['branch', 'into'],
  'rebase': ['branch', 'onto'],
  'tag': ['tag', 'on'],
  'commit-merge': ['into'],
  'continue-rebase': ['branch'],
  'set-aside': ['ref', 'brought'],
  'commit-files': ['branch', 'message'],
  'move-alias': ['store', 'model', 'alias', 'reason'],
  'forget-stopped-merge': [],
  'fast-forward': ['branch', 'remote'],
  'open-pull-request': ['body'],
  'forget-pull-request': [],
  'remember-pull-request': [],
};

/** What besides texts must be right. */
const checks: Readonly<Partial<Record<string, (fields: Readonly<Record<string, unknown>>) => boolean>>> = {
  'hook': ({ args, mayRefuse }) => isTexts(args) && typeof mayRefuse === 'boolean',
  'commit-files': ({ files }) => Array.isArray(files) && files.every(isWritten),
  'move-alias': ({ from, to }) => isVersion(from) && isVersion(to),
  'set-aside': ({ ref }) => isText(ref) && String(ref).startsWith('refs/mlops/'),
  'push': ({ refs }) => isTexts(refs),
  'tag': ({ message, commit = '' }) => isMessage(message) && isText(commit),
  'open-pull-request': ({ pullRequest }) => isPullRequest(pullRequest),
  'forget-pull-request': ({ pullRequest }) => isPullRequest(pullRequest),
  'remember-pull-request': ({ pullRequest }) => isPullRequest(pullRequest),
};

/** True for a step that may stand in a plan which was written down. */
export function isStep(value: unknown): value is GitStep {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  const kind = String(fields['kind']);
  if (!Object.hasOwn(texts, kind) || texts[kind]?.every((name) => isText(fields[name])) !== true) return false;
  if (fields['trailers'] !== undefined && !isTexts(fields['trailers'])) return false;
  return checks[kind]?.(fields) ?? true;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** Inside of the work tree, and outside of git's own folder. */
function isWritten(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { path, text } = value as Record<string, unknown>;
  if (typeof path !== 'string' || typeof text !== 'string' || path.includes('\\')) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git');
}

function isVersion(value: unknown): boolean {
  return value === null || (typeof value === 'string' && /^\d+$/.test(value));
}

function isMessage(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { text, file } = value as Record<string, unknown>;
  return typeof text === 'string' || typeof file === 'string';
}

/** A command line that a person can paste into a POSIX shell. */
function formatCommand(args: readonly string[]): string {
  return ['git', ...args.map(quoteWord)].join(' ');
}
