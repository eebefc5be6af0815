import type { FlowStep } from '../../protocol/gitflow.ts';

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
      readonly fastForward: 'allowed' | 'never';
    }
  /** Removes the note that an earlier merge had stopped. */
  | { readonly kind: 'forget-stopped-merge' }
  | { readonly kind: 'push'; readonly remote: string; readonly branch: string }
  /** Only while the branch stands at `expected`: what somebody has pushed meanwhile must not be lost. */
  | {
      readonly kind: 'delete-remote-branch';
      readonly remote: string;
      readonly branch: string;
      readonly expected: string;
    }
  | { readonly kind: 'delete-branch'; readonly branch: string; readonly force: boolean };

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
  'merge': ({ branch, into, fastForward }) => [
    `Merge ${branch} into ${into}`,
    ['merge', fastForward === 'never' ? '--no-ff' : '--ff', branch],
  ],
  'forget-stopped-merge': () => ['Forget that an earlier merge had stopped'],
  'push': ({ remote, branch }) => [`Push ${branch} to ${remote}`, ['push', remote, branch]],
  'delete-remote-branch': ({ remote, branch, expected }) => [
    `Delete ${branch} on ${remote}`,
    ['push', `--force-with-lease=${branch}:${expected}`, remote, `:${branch}`],
  ],
  'delete-branch': ({ branch, force }) => [`Delete branch ${branch}`, ['branch', force ? '-D' : '-d', branch]],
};

/** A command line that a person can paste into a POSIX shell. */
function formatCommand(args: readonly string[]): string {
  const quoted = args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`));
  return ['git', ...quoted].join(' ');
}
