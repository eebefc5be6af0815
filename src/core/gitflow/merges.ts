import { planCheckout } from './checks.ts';
import { beginCourse, type Course } from './course.ts';
import { toOverrideTrailer } from './gates.ts';
import { requireIdentity } from './plan.ts';
import { planAliases, planVersion } from './release.ts';
import { isVersioned } from './settings.ts';
import { findBranch } from './branches.ts';
import { findDistance } from './distances.ts';
import type { FlowFacts } from './facts.ts';
import type { GitStep } from './steps.ts';
import { planBackRequest } from './pullrequestplans.ts';
import { isProtected } from './pullrequests.ts';
import { planTag, type Finish } from './versiontag.ts';

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
  const course = beginCourse(facts.current);
  const { version, isMerged } = planOwnCommit(facts, finish);
  if (version !== undefined) course.on(branch.name, version);
  const trailers = withTrailers(toTrailers(facts, finish));
  if (!isMerged)
    course.on(
      target,
      options.squash
        ? { ...toSquash(finish, target), ...trailers }
        : { kind: 'merge', branch: branch.name, into: target, fastForward: 'never', ...trailers },
    );
  const tag = planTag(facts, finish, isMerged);
  // AVH checks production out to tag a release; a hotfix it tags from wherever it is.
  if (tag !== undefined && finish.type === 'release') course.on(target, tag);
  else if (tag !== undefined) course.steps.push(tag);
  const back = planBackMerge(facts, finish, isMerged);
  if (back !== undefined && goesBackByRequest(facts, finish)) planBackByRequest(facts, finish, course);
  else if (back !== undefined) course.on(back.into, back.step);
  course.steps.push(...planAliases(facts, finish));
  // git does not delete what is checked out.
  if (course.at() === branch.name) course.to(finish.type === 'release' ? target : finish.settings.develop);
  return course.steps;
}

/** The commit that writes the version, and whether there is nothing to merge, with it or without. */
function planOwnCommit(
  facts: FlowFacts,
  finish: Finish,
): { readonly version: ReturnType<typeof planVersion>; readonly isMerged: boolean } {
  const isThere = countAhead(facts, finish.branch.name, finish.target) === 0;
  const version = isThere && !isUntouched(facts, finish) ? undefined : planVersion(facts, finish);
  return { version, isMerged: isThere && version === undefined };
}

/** True for a version that has brought nothing yet, as the first one often: what is not tagged and stands where production does was not merged. */
function isUntouched({ branches, points }: FlowFacts, { branch, target, tag }: Finish): boolean {
  const isTagged = tag !== undefined && points.has(`refs/tags/${tag}`);
  return findBranch(branches, target)?.commit === branch.commit && !isTagged;
}

/** True where development takes no push, so that what a version brings comes into it by a pull request. */
export function goesBackByRequest(facts: FlowFacts, { back, options }: Finish): boolean {
  return back !== undefined && !options.noDevelopMerge && isProtected(facts, back);
}

/** Production goes first: where that takes no push either, nothing of it is on the remote yet. */
function planBackByRequest(facts: FlowFacts, finish: Finish, course: Course): void {
  const refs = listPushed(finish).filter((ref) => ref !== finish.back);
  if (refs.length > 0) course.steps.push({ kind: 'push', remote: finish.settings.origin, refs });
  planBackRequest(facts, finish, course);
}

/** What is pushed when all is merged: branches by name, the tag as `refs/tags/NAME`. */
export function listPushed({ type, target, back, tag, options }: Finish): readonly string[] {
  if (!isVersioned(type)) return options.push ? [target] : [];
  const { pushProduction, pushDevelop, pushTag } = options;
  const branches =
    back === undefined
      ? pushProduction || pushDevelop
        ? [target]
        : []
      : [...(pushDevelop ? [back] : []), ...(pushProduction ? [target] : [])];
  return [...branches, ...(tag !== undefined && pushTag ? [`refs/tags/${tag}`] : [])];
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
