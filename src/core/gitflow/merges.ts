import { checkRefName } from '../git/git.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FinishedType } from '../../protocol/gitflow.ts';
import { planCheckout, type Topic } from './checks.ts';
import type { SettledOptions } from './finishoptions.ts';
import { toOverrideTrailer } from './gates.ts';
import { requireIdentity } from './plan.ts';
import { planAliases, planVersion, toModelTrailers } from './release.ts';
import { isVersioned } from './settings.ts';
import { findBranch } from './branches.ts';
import { findDistance, type FlowFacts } from './state.ts';
import type { GitStep, TagMessage } from './steps.ts';

/** A finish with all that the request, the repository's settings and the branch itself say. */
export interface Finish extends Topic {
  readonly type: FinishedType;
  readonly base: string;
  /** Where the branch is merged: its base, or production for a release from development. */
  readonly target: string;
  /** Development, where the result is merged back into it. */
  readonly back: string | undefined;
  /** Full name of the tag; undefined where none is made. */
  readonly tag: string | undefined;
  readonly options: SettledOptions;
  /** As the user would type it again, without "mlops". */
  readonly command: string;
}

/** The middle of a finish: all that is merged and tagged. */
export function planMerges(facts: FlowFacts, finish: Finish): readonly GitStep[] {
  return isVersioned(finish.type) ? planVersionMerges(facts, finish) : planWorkMerge(facts, finish);
}

function planWorkMerge(facts: FlowFacts, finish: Finish): readonly GitStep[] {
  const { branch, base, options } = finish;
  const distance = findDistance(facts.distances, branch, findBranch(facts.branches, base));
  if (distance === undefined) throw new Error(`The distance of ${branch.name} and ${base} was not read.`);
  // Everything is there already: an earlier finish was cut after its merge, or nothing was committed.
  if (distance.ahead === 0) return planCheckout(facts, base);
  const rebases = options.rebase && distance.behind > 0;
  const single = rebases ? 'single' : distance.ahead === 1 ? 'allowed' : 'never';
  const trailers = toTrailers(facts, finish);
  // A reason needs a message that it can stand in.
  const fastForward = options.noFastForward || trailers.length > 0 ? 'never' : single;
  if (fastForward === 'never' || distance.behind > 0 || options.squash) requireIdentity(facts);
  const { preserveMerges } = options;
  return [
    ...(rebases
      ? ([
          ...planCheckout(facts, branch.name),
          { kind: 'rebase', branch: branch.name, onto: base, preserveMerges },
          { kind: 'checkout', branch: base },
        ] as const)
      : planCheckout(facts, base)),
    options.squash
      ? { ...toSquash(finish, base), ...withTrailers(trailers) }
      : { kind: 'merge', branch: branch.name, into: base, fastForward, isNoted: true, ...withTrailers(trailers) },
  ];
}

function toTrailers({ failedGates = [] }: FlowFacts, { options }: Finish): readonly string[] {
  const trailer = toOverrideTrailer(failedGates, options.override);
  return trailer === undefined ? [] : [trailer];
}

function withTrailers(trailers: readonly string[]): { readonly trailers?: readonly string[] } {
  return trailers.length === 0 ? {} : { trailers };
}

function toSquash({ type, branch, options }: Finish, into: string): Extract<GitStep, { kind: 'squash' }> {
  const headline = options.squashInfo ? { headline: `Merged ${type} branch '${branch.name}'` } : {};
  return { kind: 'squash', branch: branch.name, into, ...headline };
}

/**
 * What finishes a release or hotfix: merged into production (or into the branch that it came from), tagged there, and the tag
 * merged into development. Each step is left out where it is done already: that is how a finish which has stopped goes on,
 * whichever tool had begun it.
 */
function planVersionMerges(facts: FlowFacts, finish: Finish): readonly GitStep[] {
  const { branch, target, options } = finish;
  requireIdentity(facts);
  const steps: GitStep[] = [];
  let current = facts.current;
  const on = (name: string, step: GitStep): void => {
    if (current !== name) steps.push({ kind: 'checkout', branch: name });
    current = name;
    steps.push(step);
  };
  const isMerged = countAhead(facts, branch.name, target) === 0;
  const version = isMerged ? undefined : planVersion(facts, finish);
  if (version !== undefined) on(branch.name, version);
  const trailers = withTrailers(toTrailers(facts, finish));
  if (!isMerged)
    on(
      target,
      options.squash
        ? { ...toSquash(finish, target), ...trailers }
        : { kind: 'merge', branch: branch.name, into: target, fastForward: 'never', ...trailers },
    );
  const tag = planTag(facts, finish, isMerged);
  // AVH checks production out to tag a release; a hotfix it tags from wherever it is.
  if (tag !== undefined && finish.type === 'release') on(target, tag);
  else if (tag !== undefined) steps.push(tag);
  const back = planBackMerge(facts, finish, isMerged);
  if (back !== undefined) on(back.into, back.step);
  steps.push(...planAliases(facts, finish));
  // git does not delete what is checked out.
  if (current === branch.name)
    steps.push({ kind: 'checkout', branch: finish.type === 'release' ? target : finish.settings.develop });
  return steps;
}

function planTag(facts: FlowFacts, finish: Finish, isMerged: boolean): GitStep | undefined {
  const { tag, target, branch, options } = finish;
  if (tag === undefined) return undefined;
  const reason = checkRefName(tag);
  if (reason !== undefined)
    throw new ExpectedError('bad-arguments', `${JSON.stringify(tag)} can't be a tag: ${reason}.`);
  const commit = facts.points.get(`refs/tags/${tag}`);
  if (commit !== undefined) {
    const ofTag = { commit };
    const isOurs =
      isMerged &&
      findDistance(facts.distances, branch, ofTag)?.ahead === 0 &&
      findDistance(facts.distances, ofTag, findBranch(facts.branches, target))?.ahead === 0;
    if (isOurs) return undefined;
    throw new ExpectedError(
      'branch-state',
      `The tag ${tag} exists already, on another commit. Take another with --tag-name, or delete it first: git tag -d ${tag}.`,
    );
  }
  const { messageFile, message = `Tagging version ${tag}`, sign, signingKey } = options;
  const words: TagMessage = messageFile === undefined ? { text: message } : { file: messageFile };
  const trailers = toModelTrailers(facts);
  return {
    kind: 'tag',
    tag,
    on: target,
    message: words,
    sign,
    ...(signingKey === undefined ? {} : { signingKey }),
    ...withTrailers(trailers),
  };
}

/** AVH merges the tag, git-flow-next production itself; `--no-back-merge` takes the branch. */
function planBackMerge(
  facts: FlowFacts,
  finish: Finish,
  isMerged: boolean,
): { readonly into: string; readonly step: GitStep } | undefined {
  const { type, branch, target, back: into, tag, settings, options } = finish;
  if (into === undefined || options.noDevelopMerge) return undefined;
  if (options.noBackMerge) {
    if (countAhead(facts, branch.name, into) === 0) return undefined;
    const squashes = options.squash && type === 'release';
    return {
      into,
      step: squashes ? toSquash(finish, into) : { kind: 'merge', branch: branch.name, into, fastForward: 'never' },
    };
  }
  if (isMerged && countAhead(facts, target, into) === 0) return undefined;
  const from = tag === undefined || settings.edition === 'next' ? target : tag;
  return { into, step: { kind: 'merge', branch: from, into, fastForward: 'never' } };
}

function countAhead(facts: FlowFacts, branch: string, base: string): number {
  const distance = findDistance(facts.distances, findBranch(facts.branches, branch), findBranch(facts.branches, base));
  if (distance === undefined) throw new Error(`The distance of ${branch} and ${base} was not read.`);
  return distance.ahead;
}
