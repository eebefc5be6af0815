import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { KEPT, describeStep, parseSettings, type GitStep, type TagMessage } from '../../core/gitflow/gitflow.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FlowStep } from '../../protocol/gitflow.ts';
import { exists, writeFileAtomic } from '../files/files.ts';
import { locateConflict } from './conflicts.ts';
import { stoppedMergeFile } from './facts.ts';
import { runHook } from './hooks.ts';
import { commitFiles, dropFiles } from './releasesteps.ts';
import { openByProgram } from './hostprogram.ts';
import type { Performance } from './performance.ts';
import { forgetPullRequest, rememberPullRequest } from './pullrequests.ts';

/** Carries the steps out in order. A step that fails ends it with an error that says what stands and how to go on. */
export async function performSteps(performance: Performance, steps: readonly GitStep[]): Promise<readonly FlowStep[]> {
  const done: FlowStep[] = [];
  for (const [index, step] of steps.entries()) {
    const words = describeStep(step);
    if (performance.signal?.aborted === true)
      throw new ExpectedError('stopped', `Stopped before: ${words.title}.${describeDone(done, performance.command)}`);
    performance.reporter.stepStarted(words, index, steps.length);
    await performance.reached?.(index);
    try {
      await perform(performance, step);
    } catch (error) {
      throw await explainStop(performance, step, done, error);
    }
    done.push(words);
  }
  return done;
}

type Actions = {
  readonly [Kind in GitStep['kind']]: (
    step: Extract<GitStep, { kind: Kind }>,
    performance: Performance,
  ) => Promise<void>;
};

const actions: Actions = {
  'point-head': ({ branch }, { git }) => git.pointHead(branch),
  'commit-empty': ({ message }, { git }) => git.commitEmpty(message),
  'create-branch': ({ branch, from, track }, { git }) => git.createBranch(branch, from, { track }),
  'set-config': ({ key, value }, { git }) => git.setConfig(key, value),
  'remove-section': ({ section }, { git }) => git.unsetSection(section),
  'fetch': ({ remote, branch }, { git }) => git.fetch(remote, branch),
  'hook': ({ file, args, mayRefuse }, performance) => runHook({ ...performance, file, args, mayRefuse }),
  'checkout': ({ branch }, { git }) => git.checkout(branch),
  'start-branch': ({ branch, from }, { git }) => git.checkoutNew(branch, from),
  'merge': async ({ branch, into, fastForward, trailers }, { git }) =>
    git.merge(branch, fastForward === 'single' ? await judge(git, branch, into) : fastForward, trailers),
  'squash': async ({ branch, into, headline, trailers }, { git }) =>
    git.squash(
      branch,
      headline === undefined
        ? undefined
        : `Squashed commit of the following:\n\n${headline}\n\n${await git.logBranches(into, branch)}`,
      trailers,
    ),
  'rebase': ({ onto, preserveMerges }, { git }) => git.rebase(onto, { preserveMerges }),
  'tag': async ({ tag, on, commit, message, sign, signingKey, trailers = [] }, { git }) => {
    const place = commit === undefined ? { branch: on } : { commit };
    await git.tag(tag, place, trailers.length === 0 ? message : await withTrailers(message, trailers), {
      sign,
      ...(signingKey === undefined ? {} : { key: signingKey }),
    });
  },
  'publish-branch': ({ remote, branch }, { git }) => git.publish(remote, branch),
  'track-branch': ({ remote, branch }, { git }) => git.track(remote, branch),
  'fetch-all': ({ remote, prunes = false }, { git }) => git.fetchAll(remote, { prunes }),
  'rename-branch': ({ branch, to }, { git }) => git.renameBranch(branch, to),
  'rename-section': ({ section, to }, { git }) => git.renameSection(section, to),
  'forget-stopped-merge': async (_step, { git }) => rm(stoppedMergeFile(await git.gitDirectory()), { force: true }),
  'push': ({ remote, refs }, { git }) => git.push(remote, refs),
  'delete-remote-branch': ({ remote, branch, expected, mayBeGone = false }, { git }) =>
    git.deleteRemoteBranch(remote, branch, expected, { mayBeGone }),
  'fast-forward': ({ branch, remote }, { git }) => git.fastForward(remote, branch),
  'open-pull-request': openPullRequest,
  'forget-pull-request': ({ pullRequest }, { git }) => forgetPullRequest(git, pullRequest.branch),
  'remember-pull-request': ({ pullRequest }, { git }) => rememberPullRequest(git, pullRequest),
  'delete-branch': ({ branch, force }, { git }) => git.deleteBranch(branch, { force }),
  'commit-merge': (_step, { git }) => git.commitMerge(),
  'continue-rebase': (_step, { git }) => git.continueRebase(),
  'abort-merge': (_step, { git }) => git.abortMerge(),
  'abort-rebase': (_step, { git }) => git.abortRebase(),
  'drop-squash': (_step, { git }) => git.dropSquash(),
  'set-aside': async ({ ref, brought }, { git }) =>
    git.setAside(ref, brought, path.join(await git.gitDirectory(), 'mlops')),
  'detach': ({ commit }, { git }) => git.detach(commit),
  'restore-refs': ({ changes }, { git }) =>
    // What is only kept may have been kept before.
    git.updateRefs(
      changes.map((change) => (change.ref.startsWith(KEPT) ? { ref: change.ref, to: change.to } : change)),
    ),
  'attach': ({ branch }, { git }) => git.pointHead(branch),
  'restore-section': ({ section, entries }, { git }) => git.replaceSection(section, entries),
  'commit-files': (step, performance) => commitFiles(performance, step),
  'drop-files': ({ files }, { git }) => dropFiles(git, files),
  // A registry and all that belongs to it is loaded where one is changed.
  'move-alias': async (step, performance) => (await import('./releasestores.ts')).moveAlias(step, performance),
  'push-commit': ({ remote, branch, commit }, { git }) => git.pushCommit(remote, branch, commit),
};

async function withTrailers(message: TagMessage, trailers: readonly string[]): Promise<TagMessage> {
  const text = 'text' in message ? message.text : await readFile(message.file, 'utf8');
  return { text: `${text.trimEnd()}\n\n${trailers.join('\n')}` };
}

async function openPullRequest(
  { pullRequest, body }: Extract<GitStep, { kind: 'open-pull-request' }>,
  { git, facts: { config }, env }: Performance,
): Promise<void> {
  const { origin } = parseSettings(config);
  const url = await openByProgram(pullRequest, body, { config, remote: origin, env });
  await rememberPullRequest(git, url === undefined ? pullRequest : { ...pullRequest, url });
}

/** AVH's rule, when a rebase has come in between: one commit is fast-forwarded. */
async function judge(git: Performance['git'], branch: string, base: string): Promise<'allowed' | 'never'> {
  return (await git.compare(branch, base)).ahead === 1 ? 'allowed' : 'never';
}

async function perform(performance: Performance, step: GitStep): Promise<void> {
  // Each row takes just its own kind; the compiler can't follow this through the index.
  const action = actions[step.kind] as (step: GitStep, performance: Performance) => Promise<void>;
  await action(step, performance);
}

/** Leaves the repository in a state that says what to do, and gives the error that says it too. */
async function explainStop(
  performance: Performance,
  step: GitStep,
  done: readonly FlowStep[],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof ExpectedError)) return error;
  if (isMerging(step)) {
    const stopped = await noteStopped(performance, step, error);
    if (stopped !== undefined) return stopped;
  }
  if (step.kind === 'start-branch') await performance.git.unsetSection(`gitflow.branch.${step.branch}`);
  const { title } = describeStep(step);
  return new ExpectedError(
    error.code,
    `${title}: ${error.message}${describeDone(done, performance.command)}`,
    error.problems,
  );
}

type Merging = Extract<GitStep, { kind: 'merge' | 'squash' | 'rebase' | 'continue-rebase' | 'commit-merge' }>;

function isMerging(step: GitStep): step is Merging {
  return ['merge', 'squash', 'rebase', 'continue-rebase', 'commit-merge'].includes(step.kind);
}

/** What must be there for the step to have stopped in the middle. */
const marks: Readonly<Record<Merging['kind'], readonly string[]>> = {
  'merge': ['MERGE_HEAD'],
  'commit-merge': ['MERGE_HEAD'],
  'squash': [],
  'rebase': ['rebase-merge', 'rebase-apply'],
  'continue-rebase': ['rebase-merge', 'rebase-apply'],
};

/**
 * A conflict, or a commit that a hook refused, as an error that says how it is ended. As AVH for features and bugfixes: the base's
 * name goes into `.gitflow/MERGE_BASE`, by which either tool takes the finish up again.
 */
async function noteStopped(
  { git, command }: Performance,
  step: Merging,
  error: ExpectedError,
): Promise<ExpectedError | undefined> {
  const gitDirectory = await git.gitDirectory();
  const conflicts = (await git.changes()).filter(({ kind }) => kind === 'unmerged').map((entry) => entry.path);
  const isStopped = (await Promise.all(marks[step.kind].map((name) => exists(path.join(gitDirectory, name))))).includes(
    true,
  );
  // Without any of it git has refused and changed nothing.
  if (!isStopped && conflicts.length === 0) return undefined;
  if (step.kind === 'merge' && step.isNoted) await writeFileAtomic(stoppedMergeFile(gitDirectory), `${step.into}\n`);
  const problems = await Promise.all(conflicts.map((file) => locateConflict(git.folder, file)));
  const words = describeStep(step).title;
  const what =
    conflicts.length === 0
      ? `${words}: it is prepared but not committed. ${error.message}\n`
      : `${words}: there are conflicts in ${conflicts.length} ${conflicts.length === 1 ? 'file' : 'files'}. `;
  const resolve = conflicts.length === 0 ? 'Mend this' : 'Resolve them';
  return new ExpectedError(
    'merge-conflict',
    `${what}${resolve}, then run "mlops flow continue" (or "mlops ${command}" again); or return to where you were with "mlops flow abort".`,
    problems,
  );
}

function describeDone(done: readonly FlowStep[], command: string): string {
  if (done.length === 0) return '';
  return `\nDone before: ${done.map(({ title }) => title).join('; ')}. When this is mended, run "mlops ${command}" again, or "mlops flow continue": what is done is not done twice. "mlops flow abort" returns to where you were.`;
}
