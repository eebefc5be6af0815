import { ExpectedError } from '../../protocol/errors.ts';
import { planCheckout, requireNothingStopped, toConflict } from './checks.ts';
import {
  KEPT_TREE,
  findCut,
  lookUp,
  readRefs,
  readSection,
  toKept,
  type Operation,
  type RefValues,
  type Rows,
} from './operation.ts';
import type { FlowPlan } from './plan.ts';
import { findBranch, findRemoteBranch } from './branches.ts';
import { findDistance } from './distances.ts';
import { findLive, findUnfinished } from './state.ts';
import type { FlowFacts } from './facts.ts';
import { parseSettings } from './settings.ts';
import { describeStep, type GitStep, type RefChange } from './steps.ts';

// How an action that has stopped is ended, and one that is done is taken back.

/** Goes on where the unfinished action has stopped: what is done already, by whomever, is left out. */
export function planContinue(facts: FlowFacts): FlowPlan {
  const operation = findLive(facts);
  if (operation === undefined) return continueForeign(facts);
  if (operation.phase === 'undoing') return planUndo(facts);
  if (operation.phase === 'aborting') return planAbort(facts);
  const aside = planAside(facts, operation);
  if (aside.length === 0) requireResolved(facts, operation);
  const [current, ...rest] = operation.steps.slice(operation.at);
  const steps = [
    ...aside,
    ...(current === undefined ? [] : resumeStep(facts, operation, current)),
    // AVH's note has done its work when the merge is made.
    ...(facts.mergeBase === undefined ? [] : [{ kind: 'forget-stopped-merge' } as const]),
    ...rest.filter((step) => !isDone(facts, step)),
  ];
  return { ...toPlan(operation, steps), resumes: 'continue', summary: [...operation.summary, ...tellAside(aside)] };
}

/** Where a step was cut in the middle of its work on the tree: a commit holds what stands there, and the tree begins anew. */
function planAside(facts: FlowFacts, operation: Operation): readonly GitStep[] {
  const step = operation.steps[operation.at];
  const brought = findCut(operation);
  if (step === undefined || brought === undefined) return [];
  const isWhole = step.kind === 'checkout' ? facts.current === step.branch : isDone(facts, step);
  const isClean = facts.changed.length === 0 && facts.leftovers.length === 0;
  if (isWhole || isClean || facts.mergeHead !== undefined || facts.isRebasing) return [];
  return [{ kind: 'set-aside', ref: KEPT_TREE, brought }];
}

function tellAside(aside: readonly GitStep[]): readonly string[] {
  return aside.map(
    () =>
      `What a step had left half done in the tree is kept until the next action: git stash apply ${KEPT_TREE}; files that git does not know, in a folder .git/mlops/aside-….`,
  );
}

function requireResolved({ conflicts, marks }: FlowFacts, { command }: Operation): void {
  if (conflicts.length === 0) return;
  throw new ExpectedError(
    'merge-conflict',
    `"mlops ${command}" waits for ${conflicts.length} ${conflicts.length === 1 ? 'file' : 'files'} with conflicts. Resolve them, then run "mlops flow continue": a file without marks of a conflict is resolved. Or return to where you were with "mlops flow abort".`,
    conflicts.map((file) => toConflict(file, marks?.get(file))),
  );
}

/** The step at which it has stopped: begun, done, or not, which the repository alone can tell. */
function resumeStep(facts: FlowFacts, operation: Operation, step: GitStep): readonly GitStep[] {
  const on = (branch: string): readonly GitStep[] => planCheckout(facts, branch);
  const start = ({ branch }: { readonly branch: string }): readonly GitStep[] =>
    isDone(facts, step) ? on(branch) : [step];
  const rows: Rows<readonly GitStep[]> = {
    'merge': ({ into }) => {
      if (facts.mergeHead !== undefined) return [{ kind: 'commit-merge', into }];
      return isDone(facts, step) ? on(into) : [...on(into), step];
    },
    'squash': (squash) => resumeSquash(facts, operation, squash),
    'rebase': ({ branch }) => (facts.isRebasing ? [{ kind: 'continue-rebase', branch }] : [...on(branch), step]),
    'commit-merge': () => (facts.mergeHead === undefined && facts.changed.length === 0 ? [] : [step]),
    'continue-rebase': () => (facts.isRebasing ? [step] : []),
    'start-branch': start,
    'track-branch': start,
    'commit-files': ({ branch }) => [...on(branch), step],
  };
  return lookUp(rows, step) ?? (isDone(facts, step) ? [] : [step]);
}

/** Somebody has committed it, or its changes wait to be, or nothing of it is there. */
function resumeSquash(
  facts: FlowFacts,
  operation: Operation,
  step: Extract<GitStep, { kind: 'squash' }>,
): readonly GitStep[] {
  const { current, head, changed } = facts;
  if (current === step.into && operation.head !== (head ?? null)) return [];
  return changed.length > 0 ? [{ kind: 'commit-merge', into: step.into }] : [...planCheckout(facts, step.into), step];
}

/** True when nothing is left to do for the step. Steps that may be done twice without harm have no row. */
function isDone(facts: FlowFacts, step: GitStep): boolean {
  const { branches, points, distances, operation } = facts;
  const exists = (name: string): boolean => findBranch(branches, name) !== undefined;
  const rows: Rows<boolean> = {
    'merge': ({ branch, into }) => {
      const from = findBranch(branches, branch);
      // A tag of this very action may be what is merged; a branch that is gone can't be.
      if (from === undefined && !points.has(`refs/tags/${branch}`))
        return operation?.steps.some((other) => other.kind === 'tag' && other.tag === branch) !== true;
      return findDistance(distances, from, findBranch(branches, into))?.ahead === 0;
    },
    'create-branch': ({ branch }) => exists(branch),
    'start-branch': ({ branch }) => exists(branch),
    'track-branch': ({ branch }) => exists(branch),
    'delete-branch': ({ branch }) => !exists(branch),
    'rename-branch': ({ branch, to }) => exists(to) && !exists(branch),
    'tag': ({ tag }) => points.has(`refs/tags/${tag}`),
    'delete-remote-branch': ({ remote, branch }) => findRemoteBranch(branches, remote, branch) === undefined,
  };
  return lookUp(rows, step) ?? false;
}

/** What another tool has begun is ended in its own way, which the advice names. */
function continueForeign(facts: FlowFacts): never {
  throw new ExpectedError('branch-state', findUnfinished(facts)?.advice ?? 'Nothing is unfinished here.');
}

/** Returns references, settings and what is checked out to where they were; changes that were not committed stay in the tree. */
export function planAbort(facts: FlowFacts): FlowPlan {
  const operation = findLive(facts);
  if (operation === undefined) return abortForeign(facts);
  const { before } = operation;
  const pushed = operation.steps
    .slice(0, operation.at)
    .find(({ kind }) => kind === 'push' || kind === 'publish-branch');
  if (pushed !== undefined && operation.phase === 'running')
    throw new ExpectedError(
      'branch-state',
      `It can't be taken back, since others may have it: "${describeStep(pushed).title}" is done. Go on with "mlops flow continue".`,
    );
  const aside = planAside(facts, operation);
  return {
    ...toPlan(operation, [
      ...aside,
      ...planDrop(operation),
      ...planStop(facts, operation),
      ...planAliasesBack(facts, operation.steps.slice(0, operation.at + 1)),
      ...planRestore(facts, operation, operation.steps.slice(0, operation.at + 1)),
    ]),
    resumes: 'abort',
    summary: [
      `Everything is as it was before "mlops ${operation.command}"${before.branch === null ? '' : `, ${before.branch} is checked out`}.`,
      ...tellAside(aside),
    ],
  };
}

/** What was written for a commit that was not made. */
function planDrop({ steps, at }: Operation): readonly GitStep[] {
  const step = steps[at];
  return step?.kind === 'commit-files' ? [{ kind: 'drop-files', files: step.files }] : [];
}

/** Drops what git has in progress. */
function planStop(
  { mergeHead, isRebasing, conflicts, mergeBase, changed, head }: FlowFacts,
  operation: Operation,
): readonly GitStep[] {
  const step = operation.steps[operation.at];
  const isSquashing =
    (step?.kind === 'squash' || step?.kind === 'commit-merge') &&
    (conflicts.length > 0 || (changed.length > 0 && operation.head === head));
  return [
    ...(mergeHead === undefined ? [] : [{ kind: 'abort-merge' } as const]),
    ...(isRebasing ? [{ kind: 'abort-rebase' } as const] : []),
    ...(mergeHead === undefined && !isRebasing && isSquashing ? [{ kind: 'drop-squash' } as const] : []),
    ...(mergeBase === undefined ? [] : [{ kind: 'forget-stopped-merge' } as const]),
  ];
}

function abortForeign(facts: FlowFacts): FlowPlan {
  const unfinished = findUnfinished(facts);
  if (unfinished === undefined) throw new ExpectedError('branch-state', 'Nothing is unfinished here.');
  if (unfinished.kind !== 'finish') throw new ExpectedError('branch-state', unfinished.advice);
  return {
    fetches: [],
    steps: [
      ...(facts.mergeHead === undefined ? [] : [{ kind: 'abort-merge' } as const]),
      { kind: 'forget-stopped-merge' },
    ],
    warnings: [],
    branch: unfinished.branch ?? '',
    base: unfinished.base ?? '',
    command: 'flow abort',
    resumes: 'abort',
    summary: ['The finish that had stopped is dropped; nothing was merged.'],
  };
}

/** Takes the last action back, as long as nothing has gone on from there. */
export function planUndo(facts: FlowFacts): FlowPlan {
  const { operation } = facts;
  const live = findLive(facts);
  if (operation === undefined || (operation.phase !== 'done' && operation.phase !== 'undoing'))
    throw new ExpectedError(
      'branch-state',
      live === undefined
        ? 'There is nothing to undo: no action of "mlops flow" was done here since the last one that was undone.'
        : `"mlops ${live.command}" is not finished: go on with "mlops flow continue", or take it back with "mlops flow abort".`,
    );
  requireNothingStopped(facts);
  requireUntouched(facts, operation);
  requireUnpushed(facts, operation);
  requireUnmoved(facts, operation);
  return {
    ...toPlan(operation, [
      ...planAliasesBack(facts, operation.steps),
      ...planRestore(facts, operation, operation.steps),
    ]),
    resumes: 'undo',
    summary: [`"mlops ${operation.command}" was undone: everything is as it was before.`],
  };
}

function requireUntouched(facts: FlowFacts, { before, after, command }: Operation): void {
  const now = readRefs(facts, Object.keys(after));
  const differs = (values: RefValues): string | undefined =>
    Object.keys(after).find((ref) => now[ref] !== (values[ref] ?? null));
  const moved = differs(after);
  if (moved === undefined || differs(before.refs) === undefined) return;
  throw new ExpectedError(
    'branch-state',
    `"mlops ${command}" can't be undone any more: ${moved.replace(/^refs\/(?:heads|tags)\//, '')} has changed since.`,
  );
}

type AliasMove = Extract<GitStep, { kind: 'move-alias' }>;

export function aliasKey({ store, model, alias }: Pick<AliasMove, 'store' | 'model' | 'alias'>): string {
  return JSON.stringify([store, model, alias]);
}

export function listAliasMoves(steps: readonly GitStep[]): readonly AliasMove[] {
  return steps.filter((step) => step.kind === 'move-alias');
}

/** An alias that somebody has moved on is not ours to move back. */
function requireUnmoved({ aliases }: FlowFacts, { steps, command }: Operation): void {
  const moved = listAliasMoves(steps).find((move) => {
    const now = aliases?.get(aliasKey(move)) ?? null;
    return now !== move.to && now !== move.from;
  });
  if (moved === undefined) return;
  const now = aliases?.get(aliasKey(moved)) ?? null;
  throw new ExpectedError(
    'branch-state',
    `"mlops ${command}" can't be undone any more: ${moved.alias} of ${moved.model} was moved since, ${now === null ? 'and is on no version' : `to version ${now}`}.`,
  );
}

/** Before everything else: a registry that can't be reached leaves the rest as it is. */
function planAliasesBack({ aliases }: FlowFacts, steps: readonly GitStep[]): readonly GitStep[] {
  return listAliasMoves(steps).flatMap((move): readonly GitStep[] => {
    const isThere = (aliases?.get(aliasKey(move)) ?? null) === move.to;
    const { from, to, reason } = move;
    return isThere && from !== to
      ? [{ ...move, from: to, to: from, reason: `${reason}, taken back`, isUndo: true }]
      : [];
  });
}

function requireUnpushed(facts: FlowFacts, { steps, after, before, command }: Operation): void {
  const { origin } = parseSettings(facts.config);
  const pushed = steps.find(({ kind }) => kind === 'push' || kind === 'publish-branch');
  const shared = Object.keys(after).find((ref) => {
    const branch = findBranch(facts.branches, ref.slice('refs/heads/'.length));
    const counterpart = branch === undefined ? undefined : findRemoteBranch(facts.branches, origin, branch.name);
    const hasMoved = after[ref] !== (before.refs[ref] ?? null);
    return hasMoved && findDistance(facts.distances, branch, counterpart)?.ahead === 0;
  });
  if (pushed === undefined && shared === undefined) return;
  const what =
    pushed === undefined
      ? `${(shared ?? '').slice('refs/heads/'.length)} is on ${origin}`
      : `"${describeStep(pushed).title}" was part of it`;
  throw new ExpectedError(
    'branch-state',
    `"mlops ${command}" can't be undone any more, since others may have it: ${what}. Take its commits back with "git revert".`,
  );
}

/** References, settings and HEAD as before; what a reference loses is kept until the next action. */
function planRestore(facts: FlowFacts, operation: Operation, done: readonly GitStep[]): readonly GitStep[] {
  const { refs, branch, commit } = operation.before;
  const now = readRefs(facts, Object.keys(refs));
  const changes = Object.entries(refs).flatMap(([ref, to]): readonly RefChange[] => {
    const from = now[ref] ?? null;
    return from === to ? [] : [{ ref, from, to }];
  });
  const kept = changes.flatMap(({ ref, from }): readonly RefChange[] =>
    from === null ? [] : [{ ref: toKept(ref), from: null, to: from }],
  );
  const isMoved = (facts.current ?? null) !== branch || (facts.head ?? null) !== commit;
  return [
    ...(isMoved && commit !== null ? [{ kind: 'detach', commit } as const] : []),
    ...(changes.length === 0 ? [] : [{ kind: 'restore-refs', changes: [...kept, ...changes] } as const]),
    ...(isMoved && branch !== null ? [{ kind: 'attach', branch } as const] : []),
    ...planSections(facts, operation),
    ...planRemote(facts, done),
    ...planRequests(done),
  ];
}

/** What was opened is forgotten, and what was forgotten waits again. */
function planRequests(done: readonly GitStep[]): readonly GitStep[] {
  return done.flatMap((step): readonly GitStep[] => {
    if (step.kind === 'open-pull-request') return [{ kind: 'forget-pull-request', pullRequest: step.pullRequest }];
    if (step.kind !== 'forget-pull-request') return [];
    return [{ kind: 'remember-pull-request', pullRequest: step.pullRequest }];
  });
}

function planSections(facts: FlowFacts, { before }: Operation): readonly GitStep[] {
  return Object.entries(before.sections).flatMap(([section, entries]): readonly GitStep[] => {
    const now = readSection(facts, section);
    return JSON.stringify(now) === JSON.stringify(entries) ? [] : [{ kind: 'restore-section', section, entries }];
  });
}

/** A branch that was deleted on the remote is made there again. */
function planRemote({ branches }: FlowFacts, done: readonly GitStep[]): readonly GitStep[] {
  return done.flatMap((step): readonly GitStep[] => {
    if (step.kind !== 'delete-remote-branch' || step.mayBeGone === true) return [];
    const { remote, branch, expected } = step;
    return findRemoteBranch(branches, remote, branch) === undefined
      ? [{ kind: 'push-commit', remote, branch, commit: expected }]
      : [];
  });
}

function toPlan({ branch, base, command }: Operation, steps: readonly GitStep[]): Omit<FlowPlan, 'summary'> {
  return { fetches: [], steps, warnings: [], branch, base, command };
}
