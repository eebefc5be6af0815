import { ExpectedError } from '../../protocol/errors.ts';
import { findRemoteBranch } from './branches.ts';
import { countCommits } from './checks.ts';
import type { PullRequest } from './pullrequest.ts';
import type { Arrival } from './pullrequests.ts';
import { findTopicBase, topicSection } from './settings.ts';
import { quoteWord } from './shell.ts';
import { findDistance } from './distances.ts';
import type { FlowFacts } from './facts.ts';
import type { GitStep } from './steps.ts';
import type { Finish } from './versiontag.ts';

// What of a branch has come in by its pull request: that goes with the branch, and whatever else is on it stays.

/** What was taken for merged is what was asked to be: the last that was pushed for it, or that git has seen come in. */
export function takeForMerged(
  { arrivals, distances }: FlowFacts,
  { branch }: Finish,
  { commit: pushed }: PullRequest,
  commit: string,
): Arrival {
  const seen = arrivals.get(branch.name);
  const countAfter = (tip: string): number =>
    tip === branch.commit ? 0 : (findDistance(distances, branch, { commit: tip })?.ahead ?? Infinity);
  const tips = [seen?.tip, pushed ?? undefined].filter((tip) => tip !== undefined);
  // Where nothing was written down, somebody's word is all there is.
  const tip = tips.sort((one, other) => countAfter(one) - countAfter(other))[0] ?? branch.commit;
  return { commit, tip, arrived: [...(seen?.arrived ?? []), tip] };
}

/** How many commits of ours have come after those that were merged. */
function countLater({ distances }: FlowFacts, { branch }: Finish, { tip }: Arrival): number {
  return tip === branch.commit ? 0 : (findDistance(distances, branch, { commit: tip })?.ahead ?? 0);
}

/** Commits that were made after the last push must not go with the branch, whatever was said of it. */
export function requireNothingNew(
  facts: FlowFacts,
  finish: Finish,
  arrival: Arrival,
  { wasMerged }: { readonly wasMerged: boolean },
): void {
  const { branch, type, name, target, options } = finish;
  const later = countLater(facts, finish, arrival);
  if (later === 0 || options.keep || options.keepLocal) return;
  const command = `mlops flow ${type} finish ${quoteWord(name)}`;
  const tip = arrival.tip.slice(0, 10);
  const known = wasMerged ? `, as far as is known here: its last push for it was ${tip}` : '';
  throw new ExpectedError(
    'branch-state',
    `The pull request of ${branch.name} was merged into ${target}, but ${countCommits(later)} came to the branch afterwards${known}. Open another one for them: ${command} --pull-request. Or end this one and keep the branch: ${command}${wasMerged ? ' --was-merged' : ''} --keep. Or put them on a branch of their own: git branch NAME ${quoteWord(branch.name)}, then git reset --keep ${tip}.`,
  );
}

export function tellLater(facts: FlowFacts, finish: Finish, arrival: Arrival): readonly string[] {
  const later = countLater(facts, finish, arrival);
  return later === 0
    ? []
    : [`${finish.branch.name} was kept with ${countCommits(later)} that did not come into ${finish.target}.`];
}

/** Commits of the remote's branch that somebody has pushed and nobody has merged. */
function findUnmerged(
  { branches, distances }: FlowFacts,
  { settings, branch }: Finish,
  { tip, arrived }: Arrival,
): { readonly commit: string; readonly count: number } | undefined {
  const counterpart = findRemoteBranch(branches, settings.origin, branch.name);
  if (counterpart === undefined || arrived.includes(counterpart.commit)) return undefined;
  const count = tip === counterpart.commit ? 0 : findDistance(distances, counterpart, { commit: tip })?.ahead;
  // What was not counted is not known to be there.
  return count === 0 ? undefined : { commit: counterpart.commit, count: count ?? 1 };
}

export function tellKept(facts: FlowFacts, finish: Finish, arrival: Arrival): readonly string[] {
  const unmerged = findUnmerged(facts, finish, arrival);
  if (unmerged === undefined || keepsRemote(finish)) return [];
  const { settings, branch, target } = finish;
  const { count, commit } = unmerged;
  const [origin, name] = [quoteWord(settings.origin), quoteWord(branch.name)];
  return [
    `${branch.name} was kept on ${settings.origin}: ${countCommits(count)} there (to ${commit.slice(0, 10)}) did not come into ${target}. Get them: git checkout -b NAME ${quoteWord(`${settings.origin}/${branch.name}`)}. Or delete them: git push ${origin} --delete ${name}.`,
  ];
}

function keepsRemote({ options }: Finish): boolean {
  return options.keep || options.keepRemote;
}

export function planDeletion(facts: FlowFacts, finish: Finish, arrival: Arrival): readonly GitStep[] {
  const { settings, branch, options } = finish;
  const { origin } = settings;
  const counterpart = findRemoteBranch(facts.branches, origin, branch.name);
  const steps: GitStep[] = [];
  if (counterpart !== undefined && !keepsRemote(finish) && findUnmerged(facts, finish, arrival) === undefined)
    steps.push({
      kind: 'delete-remote-branch',
      remote: origin,
      branch: branch.name,
      expected: counterpart.commit,
      mayBeGone: true,
    });
  if (options.keep || options.keepLocal) return steps;
  // After a squash or a rebase git sees commits that are nowhere else.
  steps.push({ kind: 'delete-branch', branch: branch.name, force: true });
  if (findTopicBase(facts.config, branch.name) !== undefined)
    steps.push({ kind: 'remove-section', section: topicSection(branch.name) });
  return steps;
}
