import path from 'node:path';
import {
  formatPullRequests,
  listQuestions,
  parsePullRequests,
  type Arrival,
  type ArrivalQuestion,
  type FlowFacts,
  type PullRequest,
} from '../../core/gitflow/gitflow.ts';
import type { FlowRequest } from '../../protocol/gitflow.ts';
import { readTextIfExists, writeFileAtomic } from '../files/files.ts';
import type { Git } from '../git/git.ts';

/** Where the finishes that wait are written down: once for all work trees, since they share the branches. */
function pullRequestsFile(commonDirectory: string): string {
  return path.join(commonDirectory, 'mlops', 'pullrequests.json');
}

export async function readPullRequests(commonDirectory: string): Promise<readonly PullRequest[]> {
  return parsePullRequests((await readTextIfExists(pullRequestsFile(commonDirectory))) ?? '');
}

/** In the place of what was known of that branch. */
export async function rememberPullRequest(git: Git, pullRequest: PullRequest): Promise<void> {
  const { branch } = pullRequest;
  const commit = pullRequest.commit ?? (await git.listRefs(`refs/heads/${branch}`)).get(`refs/heads/${branch}`) ?? null;
  await change(git, (known) => [...known.filter((other) => other.branch !== branch), { ...pullRequest, commit }]);
}

export async function forgetPullRequest(git: Git, branch: string): Promise<void> {
  await change(git, (known) => known.filter((other) => other.branch !== branch));
}

async function change(git: Git, by: (known: readonly PullRequest[]) => readonly PullRequest[]): Promise<void> {
  const directory = await git.commonDirectory();
  await writeFileAtomic(pullRequestsFile(directory), formatPullRequests(by(await readPullRequests(directory))));
}

type Refs = Pick<FlowFacts, 'config' | 'branches' | 'current' | 'pullRequests'>;

/** Which of the branches that wait have come in, as far as the remote was fetched. */
export async function readArrivals(git: Git, refs: Refs, request?: FlowRequest): Promise<ReadonlyMap<string, Arrival>> {
  const found = await Promise.all(
    listQuestions(refs, request).map(async (question) => [question.branch, await answer(git, question)] as const),
  );
  return new Map(found.flatMap(([branch, arrival]) => (arrival === undefined ? [] : [[branch, arrival] as const])));
}

/** Commits never change, and neither does what one of them holds of another. */
const known = new Map<string, string | undefined>();
const MAX_KNOWN = 1000;

async function answer(git: Git, { tips, into, pushed }: ArrivalQuestion): Promise<Arrival | undefined> {
  const found: { readonly tip: string; readonly commit: string }[] = [];
  for (const tip of tips) {
    const key = `${tip} ${into}`;
    if (!known.has(key)) {
      // What no branch holds any more may have been cleared away.
      if (tip === pushed && !(await git.resolve([tip])).has(tip)) continue;
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(key, await git.findArrival(tip, into));
    }
    const commit = known.get(key);
    if (commit !== undefined) found.push({ tip, commit });
  }
  const arrived = found.map(({ tip }) => tip);
  for (const { tip, commit } of found)
    if (!(await hasFallenBack(git, { tip, commit, pushed }))) return { commit, tip, arrived };
  return undefined;
}

/** What was pushed is not here any more: a branch that was set back to its base, or to before its last commits, has not come in. */
async function hasFallenBack(
  git: Git,
  { tip, commit, pushed }: { readonly tip: string; readonly commit: string; readonly pushed: string | null },
): Promise<boolean> {
  if (pushed === null || tip === pushed) return false;
  // It stands on the line of the branch into which it goes.
  if (commit === tip) return true;
  return (await git.resolve([pushed])).has(pushed) && (await git.compare(tip, pushed)).ahead === 0;
}
