import path from 'node:path';
import {
  describeStep,
  findFilter,
  findTopic,
  listFailed,
  parseFlow,
  planFlow as planRequest,
  requireGates,
  type FlowPlan,
} from '../../core/gitflow/gitflow.ts';
import type { FlowCheck, FlowGate } from '../../protocol/gates.ts';
import type {
  FinishedType,
  FlowDiff,
  FlowPlanDocument,
  FlowRequest,
  FlowResult,
  FlowState,
  FlowStep,
  TopicType,
} from '../../protocol/gitflow.ts';
import { openGit, type Git } from '../git/git.ts';
import { takeLock } from '../locks/locks.ts';
import { ensurePrivateFolders, projectPaths } from '../project/project.ts';
import { readFacts, readStateFacts } from './facts.ts';
import { findOwnProject, readGates, type GatePlace, type Programs } from './gates.ts';
import { filterRequest } from './hooks.ts';
import { performSteps } from './perform.ts';
import { openJournal } from './journal.ts';
import { withRelease } from './release.ts';
import type { FlowReporter, Performance } from './performance.ts';

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

/** What {@link performFlow} would do now, without fetching anything. Throws what it would throw at once. */
export async function planFlow(
  folder: string,
  request: FlowRequest,
  options: FlowOptions = {},
): Promise<FlowPlanDocument> {
  const { env = process.env } = options;
  const git = await openRoot(folder, options);
  const plain = await withRelease({ git, facts: await readFacts(git, request), folder, env }, request);
  const gates = await readGatesOf({ git, facts: plain, folder, env }, request, planRequest(plain, request), 'wait');
  const facts = { ...plain, failedGates: listFailed(gates) };
  const plan = planRequest(facts, request);
  const filters = (['version', 'message'] as const).flatMap((field) => findFilter(facts, request, field)?.file ?? []);
  const warnings = filters.map((file) => `The filter ${file} may change it; a dry run does not start it.`);
  return { plan: [...plan.fetches, ...plan.steps].map(describeStep), warnings: [...plan.warnings, ...warnings], gates };
}

/** Gates of a request that merges something for the first time; none for any other. */
async function readGatesOf(
  place: GatePlace,
  request: FlowRequest,
  { resumes, steps }: FlowPlan,
  programs: Programs,
): Promise<readonly FlowGate[]> {
  const merges = steps.some(({ kind }) => kind === 'merge' || kind === 'squash');
  return request.action === 'finish' && resumes === undefined && merges ? readGates(place, request, programs) : [];
}

/** The gates of a branch (default: the one that is checked out), with lint and tests run. Changes nothing of the branch. */
export async function checkFlow(
  folder: string,
  target: { readonly type: FinishedType; readonly name?: string },
  { env = process.env, signal, note }: FlowOptions & { readonly note?: (text: string) => void } = {},
): Promise<FlowCheck> {
  const git = await openRoot(folder, { env });
  const facts = await readFacts(git, { action: 'publish', ...target });
  const { branch, base } = findTopic(facts, target);
  const place = { git, facts, folder, env, signal, ...(note === undefined ? {} : { note }) };
  const gates = await readGates(place, target, 'run');
  return { outcome: listFailed(gates).length === 0 ? 'passed' : 'failed', branch, base, gates };
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
  return withFlowLock(git, wanted, async () => {
    let facts = await readFacts(git, wanted);
    const request = await filterRequest({ git, facts, env }, wanted);
    if (request !== wanted) facts = await readFacts(git, request);
    facts = await withRelease({ git, facts, folder, env }, request);
    let plan = planRequest(facts, request);
    const { command } = plan;
    const place = { git, command, env, reporter, signal };
    // Before the lock of the project, which the project's own tests may want.
    const note = (text: string): void => reporter.note(text);
    const gates = await readGatesOf({ git, facts, folder, env, signal, note }, request, plan, 'recall');
    requireGates(gates, command, request.action === 'finish' ? request.override : undefined);
    facts = { ...facts, failedGates: listFailed(gates) };
    plan = planRequest(facts, request);
    return withProjectLock(git, folder, `mlops ${command}`, async () => {
      const fetched = await performSteps({ ...place, facts }, plan.fetches);
      if (fetched.length > 0) {
        facts = { ...facts, ...(await readFacts(git, request)) };
        plan = planRequest(facts, request);
      }
      const done = await performWritten({ ...place, facts }, request, plan);
      return {
        action: request.action,
        branch: plan.branch,
        base: plan.base,
        current: (await git.currentBranch()) ?? null,
        steps: [...fetched, ...done],
        warnings: plan.warnings,
        gates,
        summary: plan.summary,
      };
    });
  });
}

/** Each step is written down before it begins, so that whatever happens to us the action can be gone on with or taken back. */
async function performWritten(place: Performance, request: FlowRequest, plan: FlowPlan): Promise<readonly FlowStep[]> {
  const journal = await openJournal(place.git, place.facts, request, plan);
  try {
    const done = await performSteps({ ...place, reached: journal.reached }, plan.steps);
    await journal.done();
    return done;
  } catch (error) {
    await journal.failed(error);
    throw error;
  }
}

/** What a branch has changed since it left its base. Throws as {@link planFlow} does where there is no such branch. */
export async function diffTopic(
  folder: string,
  target: { readonly type: TopicType; readonly name?: string },
  options: FlowOptions = {},
): Promise<FlowDiff> {
  const git = await openRoot(folder, options);
  const { branch, base } = findTopic(await readFacts(git, { action: 'publish', ...target }), target);
  return { branch, base, patch: (await git.diffBranches(base, branch)).toString() };
}

async function openRoot(folder: string, options: FlowOptions): Promise<Git> {
  return openGit(await openGit(folder, options).root(), options);
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
