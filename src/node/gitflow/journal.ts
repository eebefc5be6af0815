import { rm } from 'node:fs/promises';
import {
  beginOperation,
  findBrought,
  formatOperation,
  listLosable,
  type FlowFacts,
  type FlowPlan,
  type GitStep,
  type Operation,
} from '../../core/gitflow/gitflow.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FlowRequest } from '../../protocol/gitflow.ts';
import { writeFileAhead, writeFileAtomic } from '../files/files.ts';
import type { Git } from '../git/git.ts';
import { operationFile } from './facts.ts';

/** What is written down of an action while it is carried out, by which it can be gone on with, aborted and undone. */
export interface Journal {
  /** Before each step. */
  readonly reached: (index: number) => Promise<void>;
  /** When all steps are done; gives the branch that is checked out then, where that became known by the way. */
  readonly done: () => Promise<{ readonly current: string | undefined } | undefined>;
  /** When a step has failed: forgets the action if nothing was changed by it. True where it has left something half done. */
  readonly failed: (error: unknown) => Promise<boolean>;
}

/** Steps that leave references and settings as they are, so that an action which came no further needs no way back. */
const HARMLESS: readonly GitStep['kind'][] = ['hook', 'checkout', 'forget-stopped-merge'];
/** Actions too small to be gone on with or undone. */
const UNWRITTEN: readonly FlowRequest['action'][] = ['init', 'checkout'];

export async function openJournal(git: Git, facts: FlowFacts, request: FlowRequest, plan: FlowPlan): Promise<Journal> {
  const file = operationFile(await git.gitDirectory());
  const { operation: previous } = facts;
  if (plan.resumes === undefined) {
    if (UNWRITTEN.includes(request.action) || plan.steps.length === 0) return unwritten;
    const operation = beginOperation(facts, request, plan);
    await keepLosable(git, operation, facts);
    return toJournal(git, file, operation, 0);
  }
  if (previous === undefined) return unwritten;
  return plan.resumes === 'continue'
    ? toJournal(git, file, toBegun(withRest(previous, plan)), previous.at)
    : toWayBack(file, previous, plan.resumes);
}

const unwritten: Journal = {
  reached: () => Promise.resolve(),
  done: () => Promise.resolve(undefined),
  failed: () => Promise.resolve(false),
};

/** Steps that stop where somebody has to resolve something. */
const STOPPING: readonly (GitStep['kind'] | undefined)[] = [
  ...(['merge', 'squash', 'rebase', 'commit-merge', 'continue-rebase'] as const),
];

/** What is done stays written down, what is left is as the repository says now. */
function withRest(operation: Operation, { steps }: FlowPlan): Operation {
  const isResolved = operation.isResolved === true || STOPPING.includes(operation.steps[operation.at]?.kind);
  return {
    ...operation,
    steps: [...operation.steps.slice(0, operation.at), ...steps],
    ...(isResolved ? { isResolved } : {}),
  };
}

/** True where the step has changed the tree, which was clean before. */
async function hasLeft(git: Git, step: GitStep | undefined): Promise<boolean> {
  const brought = findBrought(step);
  if (brought === undefined) return false;
  try {
    return (await git.changes({ runFilters: true })).length > 0 || (await git.listInTheWay(brought)).length > 0;
  } catch (error) {
    // What can't be looked at now is looked at when it is gone on with.
    if (error instanceof ExpectedError) return true;
    throw error;
  }
}

/** Whether its step leaves the tree in order is not known before it ends. */
function toBegun({ isOrderly, ...operation }: Operation): Operation {
  return isOrderly === undefined ? operation : { ...operation };
}

/** What reaches beyond the repository, or is told by what was written down of it. */
function isFarther(step: GitStep): boolean {
  return isToldByHead(step) || !['checkout', 'merge', 'tag', 'delete-branch', 'remove-section'].includes(step.kind);
}

/** What leaves no trace but its commit: whether it was made is told by where HEAD stood before. */
function isToldByHead(step: GitStep | undefined): boolean {
  return step?.kind === 'squash' || step?.kind === 'commit-merge';
}

function toJournal(git: Git, file: string, operation: Operation, offset: number): Journal {
  const { steps } = operation;
  let at = offset;
  let { head } = operation;
  let settled = Promise.resolve();
  return {
    async reached(index) {
      at = offset + index;
      const step = steps[at];
      head = isToldByHead(step) ? ((await git.commit()) ?? null) : operation.head;
      await settled;
      const text = formatOperation({ ...operation, at, head });
      // That it was begun must be known whatever happens, and what can't be seen from the repository alone.
      if (index === 0 || step === undefined || isFarther(step)) await writeFileAtomic(file, text);
      else ({ settled } = await writeFileAhead(file, text));
    },
    async done() {
      const wanted = Object.keys(operation.before.refs);
      const { refs, current } = await git.listRefsAndHead(wanted);
      const after = Object.fromEntries(wanted.map((ref) => [ref, refs.get(ref) ?? null]));
      await settled;
      await writeFileAtomic(file, formatOperation({ ...operation, phase: 'done', at: steps.length, after }));
      return { current };
    },
    async failed(error) {
      // After a mistake of ours nothing is forgotten: whatever it has left, there is a way back.
      if (!(error instanceof ExpectedError)) return false;
      await settled;
      const isOrderly = { ...operation, at, head, isOrderly: true } as const;
      if (error.code === 'merge-conflict') {
        await writeFileAtomic(file, formatOperation(isOrderly));
        return false;
      }
      if (error.code !== 'dirty-tree' && (await hasLeft(git, steps[at]))) return true;
      // The base of a branch that could not be made was forgotten again.
      const isBeginning = steps[at]?.kind === 'start-branch';
      const isHarmless = ({ kind }: GitStep): boolean =>
        HARMLESS.includes(kind) || (isBeginning && kind === 'set-config');
      if (steps.slice(0, at).every(isHarmless)) await rm(file, { force: true });
      else await writeFileAtomic(file, formatOperation(isOrderly));
      return false;
    },
  };
}

/** An action that is being taken back is forgotten when it is. Until then nothing else than taking it back is left to do. */
function toWayBack(file: string, operation: Operation, way: 'abort' | 'undo'): Journal {
  const phase = way === 'abort' ? 'aborting' : 'undoing';
  return {
    async reached(index) {
      if (index === 0) await writeFileAtomic(file, formatOperation({ ...operation, phase }));
    },
    async done() {
      await rm(file, { force: true });
      return undefined;
    },
    failed: () => Promise.resolve(false),
  };
}

/**
 * Commits that the action may take out of reach get a reference; those of the action before it lose theirs, unless that was this very one, taken
 * back because the remote has refused it.
 */
async function keepLosable(git: Git, operation: Operation, { refusing, kept: old }: FlowFacts): Promise<void> {
  const kept = new Map(listLosable(operation));
  const changes = [
    ...old.filter((ref) => refusing.length === 0 && !kept.has(ref)).map((ref) => ({ ref, to: null })),
    ...[...kept].map(([ref, commit]) => ({ ref, to: commit })),
  ];
  if (changes.length > 0) await git.updateRefs(changes);
}
