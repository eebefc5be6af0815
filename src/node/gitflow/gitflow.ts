import path from 'node:path';
import {
  PROTECTED,
  adviseRefused,
  describeStep,
  findFilter,
  findHostName,
  findRefused,
  findTopic,
  listFailed,
  parseFlow,
  parseSettings,
  planFlow as planRequest,
  requireGates,
  resolveRequest,
  type FlowFacts,
  type FlowPlan,
} from '../../core/gitflow/gitflow.ts';
import type { FlowCheck, FlowGate } from '../../protocol/gates.ts';
import type {
  FinishedType,
  FlowDiff,
  FlowPlanDocument,
  FlowPullRequest,
  FlowRequest,
  FlowResult,
  FlowState,
  FlowStep,
  TopicType,
} from '../../protocol/gitflow.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { openGit, type Git } from '../git/git.ts';
import { takeLock } from '../locks/locks.ts';
import { ensurePrivateFolders, projectPaths } from '../project/project.ts';
import { pickUpResolved } from './conflicts.ts';
import { readFacts, readStateFacts } from './facts.ts';
import { endOrphans } from './gateprograms.ts';
import { findOwnProject, readGates, type GatePlace, type Programs } from './gates.ts';
import { filterRequest } from './hooks.ts';
import { performSteps } from './perform.ts';
import { openJournal } from './journal.ts';
import { withRelease } from './release.ts';
import { readPullRequests } from './pullrequests.ts';
import type { FlowReporter, Performance } from './performance.ts';

export { createStops } from './stops.ts';
export { suggestVersion } from './versions.ts';
export type { FlowReporter } from './performance.ts';

export interface FlowOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/**
 * Gitflow's state of the repository around `folder`: its branches, where each stands, and what was left unfinished.
 * Changes nothing and runs nothing that the repository's configuration names. Throws `not-a-repository`.
 */
export async function readFlow(folder: string, options: FlowOptions = {}): Promise<FlowState> {
  return parseFlow(await readStateFacts(folder, options));
}

/** What {@link performFlow} would do now, without fetching or running anything of the repository. Throws what it would throw at once. */
export async function planFlow(
  folder: string,
  wanted: FlowRequest,
  options: FlowOptions = {},
): Promise<FlowPlanDocument> {
  const { env = process.env } = options;
  const git = await openRoot(folder, options);
  const { facts: read, request } = await readRequest(git, wanted, { runFilters: false });
  const looked = await pickUpResolved(git, read, request, { stages: false });
  const plain = await withRelease({ git, facts: looked, folder, env }, request);
  const gates = await readGatesOf({ git, facts: plain, folder, env }, request, planRequest(plain, request), 'wait');
  const facts = { ...plain, failedGates: listFailed(gates) };
  const plan = planRequest(facts, request);
  const filters = (['version', 'message'] as const).flatMap((field) => findFilter(facts, request, field)?.file ?? []);
  const warnings = filters.map((file) => `The filter ${file} may change it; a dry run does not start it.`);
  return {
    plan: [...plan.fetches, ...plan.steps].map(describeStep),
    warnings: [...plan.warnings, ...warnings, ...tellUnsure(facts)],
    gates,
  };
}

function tellUnsure({ unsure }: FlowFacts): readonly string[] {
  if (unsure.length === 0) return [];
  const names =
    unsure.length > 5 ? `${unsure.slice(0, 5).join(', ')} and ${unsure.length - 5} more` : unsure.join(', ');
  return [`Only the filters of the repository can tell whether ${names} changed, and a dry run does not start them.`];
}

/** Gates of a request that merges something, or asks for that, for the first time; none for any other. */
async function readGatesOf(
  place: GatePlace,
  request: FlowRequest,
  plan: FlowPlan,
  programs: Programs,
): Promise<readonly FlowGate[]> {
  return request.action === 'finish' && wantsGates(request, plan) ? readGates(place, request, programs) : [];
}

/** What takes a branch to others: also a version without a commit of its own is one, and its model goes out. */
const gated: readonly string[] = ['merge', 'squash', 'tag', 'move-alias', 'open-pull-request', 'publish-branch'];

function wantsGates({ action }: FlowRequest, { resumes, steps, wasGated = false }: FlowPlan): boolean {
  if (action !== 'finish' || resumes !== undefined || wasGated) return false;
  return steps.some(({ kind }) => gated.includes(kind));
}

/** The gates of a branch (default: the one that is checked out), with lint and tests run unless they are to wait. Changes nothing of the branch. */
export async function checkFlow(
  folder: string,
  target: { readonly type: FinishedType; readonly name?: string },
  {
    env = process.env,
    signal,
    note,
    programs = 'run',
  }: FlowOptions & { readonly note?: (text: string) => void; readonly programs?: Programs } = {},
): Promise<FlowCheck> {
  const git = await openRoot(folder, { env });
  // Lint and tests are the repository's own programs, and so are its filters: who starts the ones starts the others.
  const facts = await readFacts(git, { action: 'publish', ...target }, { runFilters: programs !== 'wait' });
  const { branch, base } = findTopic(facts, target);
  const place = { git, facts, folder, env, signal, ...(note === undefined ? {} : { note }) };
  const gates = await readGates(place, target, programs);
  return { outcome: listFailed(gates).length === 0 ? 'passed' : 'failed', root: git.folder, branch, base, gates };
}

/** The facts for what the request comes to with all that is remembered here. */
async function readRequest(
  git: Git,
  wanted: FlowRequest,
  options: Parameters<typeof readFacts>[2],
): Promise<{ readonly facts: FlowFacts; readonly request: FlowRequest }> {
  const facts = await readFacts(git, wanted, options);
  const request = resolveRequest(facts, wanted);
  return { request, facts: request === wanted ? facts : await readFacts(git, request, options) };
}

/**
 * Carries a request out. Throws `not-gitflow`, `branch-state`, `dirty-tree`, `unknown-name` before anything was changed;
 * `merge-conflict` with the files when the merge has to be resolved first (the same request goes on afterwards); `busy`
 * while a pipeline of the project runs, whose files a checkout would change under it.
 */
export async function performFlow(
  folder: string,
  wanted: FlowRequest,
  { env = process.env, signal, reporter = silent }: FlowOptions & { readonly reporter?: FlowReporter } = {},
): Promise<FlowResult> {
  const git = await openRoot(folder, { env, ...(signal === undefined ? {} : { signal }) });
  const place = { git, folder, env, reporter, signal };
  return withFlowLock(git, wanted, async () => {
    await endOrphans(await git.gitDirectory());
    let refusing: readonly string[] = [];
    let request = wanted;
    for (;;)
      try {
        const result = await performOnce(place, request, refusing);
        return refusing.length === 0 ? result : await tellRefused(git, result, refusing);
      } catch (error) {
        const back = await takeBackRefused(place, request, error);
        // What is known already was not of use.
        if (back.refused.every((branch) => refusing.includes(branch))) throw error;
        refusing = [...new Set([...refusing, ...back.refused])];
        request = back.request;
      }
  });
}

interface Place {
  readonly git: Git;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly reporter: FlowReporter;
  readonly signal: AbortSignal | undefined;
}

async function performOnce(place: Place, wanted: FlowRequest, refusing: readonly string[]): Promise<FlowResult> {
  const { git, folder, env, signal, reporter } = place;
  const resolved = await readRequest(git, wanted, { refusing });
  let { facts } = resolved;
  const request = await filterRequest({ git, facts, env }, resolved.request);
  if (request !== resolved.request) facts = await readFacts(git, request, { refusing });
  facts = await pickUpResolved(git, facts, request, { stages: true });
  facts = await withRelease({ git, facts, folder, env }, request);
  let plan = planRequest(facts, request);
  const { command } = plan;
  // Before the lock of the project, which the project's own tests may want.
  const note = (text: string): void => reporter.note(text);
  const gates = await readGatesOf({ git, facts, folder, env, signal, note }, request, plan, 'recall');
  requireGates(gates, command, request.action === 'finish' ? request.override : undefined);
  // What is read again after a fetch does not know of gates and releases.
  const withGates = (read: FlowFacts): FlowFacts => ({ ...facts, ...read, failedGates: listFailed(gates) });
  facts = withGates(facts);
  const wasAsked = wantsGates(request, plan);
  plan = planRequest(facts, request);
  const result = await withProjectLock(git, folder, `mlops ${command}`, async () => {
    const fetched = await performSteps({ ...place, command, facts }, plan.fetches);
    if (fetched.length > 0) {
      facts = withGates(await readFacts(git, request, { refusing }));
      plan = planRequest(facts, request);
      // Only what was fetched has told that something is to be published.
      if (!wasAsked && wantsGates(request, plan)) return undefined;
    }
    const { done, current } = await performWritten({ ...place, command, facts }, request, plan);
    const pullRequest = await findOpened(git, plan);
    return {
      action: request.action,
      branch: plan.branch,
      base: plan.base,
      current: current ?? null,
      steps: [...fetched, ...done],
      warnings: plan.warnings,
      gates,
      summary: [...plan.summary, ...tellWhere(facts, pullRequest)],
      pullRequest,
    };
  });
  return result ?? performOnce(place, wanted, refusing);
}

/** Each step is written down before it begins, so that whatever happens to us the action can be gone on with or taken back. */
async function performWritten(
  place: Performance,
  request: FlowRequest,
  plan: FlowPlan,
): Promise<{ readonly done: readonly FlowStep[]; readonly current: string | undefined }> {
  const journal = await openJournal(place.git, place.facts, request, plan);
  try {
    const done = await performSteps({ ...place, reached: journal.reached }, plan.steps);
    const { current } = (await journal.done()) ?? { current: await place.git.currentBranch() };
    return { done, current };
  } catch (error) {
    const isHalfDone = await journal.failed(error);
    if (!isHalfDone || !(error instanceof ExpectedError)) throw error;
    throw new ExpectedError(
      error.code,
      `${error.message}\nIt was cut in the middle: go on with "mlops flow continue", or return to where you were with "mlops flow abort"; what stands in the tree is kept.`,
      error.problems,
    );
  }
}

/** The pull request that waits after the plan, as it was written down. */
async function findOpened(git: Git, plan: FlowPlan): Promise<FlowResult['pullRequest']> {
  const step = plan.steps.findLast(({ kind }) => kind === 'open-pull-request');
  const wanted = step?.kind === 'open-pull-request' ? step.pullRequest : plan.pullRequest;
  if (wanted === undefined) return null;
  const known = await readPullRequests(await git.commonDirectory());
  const { branch, into, title, url } = known.find((candidate) => candidate.branch === wanted.branch) ?? wanted;
  return { branch, into, title, url, state: 'open', wasOpened: step !== undefined };
}

/** Where the page is, or how it becomes known. */
function tellWhere({ config }: FlowFacts, pullRequest: FlowPullRequest | null): readonly string[] {
  if (pullRequest === null) return [];
  if (pullRequest.url !== null) return [pullRequest.url];
  const host = findHostName(config, parseSettings(config).origin);
  const { branch, into } = pullRequest;
  return [
    `Open it on the page of the remote, from ${branch} into ${into}.`,
    ...(host === undefined
      ? []
      : [
          `To have that page named here, say what ${host} is: git config mlops.host.${host}.kind gitlab (or github, gitea, bitbucket-server, azure).`,
        ]),
  ];
}

/**
 * After a finish whose push the remote has refused: everything is taken back, and the branches are named to which it takes no push, with the request
 * by which it is begun again. None where something else has failed, or where the user has said that it is to be merged here. What a person has
 * resolved in it is not taken back unasked.
 */
async function takeBackRefused(
  place: Place,
  wanted: FlowRequest,
  error: unknown,
): Promise<{ readonly refused: readonly string[]; readonly request: FlowRequest }> {
  const none = { refused: [], request: wanted };
  if (!(error instanceof ExpectedError) || error.code !== 'push-refused') return none;
  const { operation } = await readFacts(place.git, { action: 'abort' });
  const step = operation?.steps[operation.at];
  if (operation?.phase !== 'running' || operation.action !== 'finish' || step?.kind !== 'push') return none;
  const branches = step.refs.filter((ref) => !ref.startsWith('refs/tags/'));
  if (branches.length === 0) return none;
  const request = operation.finish ?? wanted;
  const isHere = [wanted, request].some((asked) => asked.action === 'finish' && asked.pullRequest === false);
  if (isHere || operation.isResolved === true || request.action !== 'finish')
    throw new ExpectedError(error.code, `${error.message}\n${adviseRefused(operation, branches)}`, error.problems);
  await performOnce(place, { action: 'abort' }, []);
  return { refused: findRefused(error.message, branches), request };
}

/** With what the remote has told written down, since it was of use. */
async function tellRefused(git: Git, result: FlowResult, refusing: readonly string[]): Promise<FlowResult> {
  for (const branch of refusing) await git.addConfig(PROTECTED, branch);
  const { origin } = parseSettings(await git.readConfig());
  const warning = `${origin} takes no push to ${refusing.join(' and ')}: what was merged here was taken back, and goes there by a pull request. From now on such finishes do so at once; if that changes: git config --unset-all ${PROTECTED}.`;
  return { ...result, warnings: [warning, ...result.warnings] };
}

/** What a branch has changed since it left its base. Throws as {@link planFlow} does where there is no such branch. */
export async function diffTopic(
  folder: string,
  target: { readonly type: TopicType; readonly name?: string },
  options: FlowOptions = {},
): Promise<FlowDiff> {
  const git = await openRoot(folder, options);
  const { branch, base } = findTopic(
    await readFacts(git, { action: 'publish', ...target }, { runFilters: false }),
    target,
  );
  return { branch, base, patch: (await git.diffBranches(base, branch)).toString() };
}

async function openRoot(folder: string, options: FlowOptions): Promise<Git> {
  const places = await openGit(folder, options).places();
  return openGit(places.root, { ...options, places });
}

/** One action at a time in a repository, whatever its work trees: they share the branches. */
async function withFlowLock<T>(git: Git, { action }: FlowRequest, work: () => Promise<T>): Promise<T> {
  const file = path.join(await git.commonDirectory(), 'mlops', 'flow.lock');
  const lock = await takeLock(file, `mlops flow ${action}`);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function withProjectLock<T>(git: Git, folder: string, command: string, work: () => Promise<T>): Promise<T> {
  const project = await findOwnProject(git, folder);
  if (project === undefined) return work();
  await ensurePrivateFolders(project);
  const lock = await takeLock(path.join(projectPaths.locks(project), 'project.json'), command);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

const silent: FlowReporter = { stepStarted: () => undefined, note: () => undefined };
