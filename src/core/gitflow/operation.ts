import { checkRefName } from '../git/git.ts';
import type { FlowRequest } from '../../protocol/gitflow.ts';
import type { FlowPlan } from './plan.ts';
import type { FlowFacts } from './facts.ts';
import { isFinishOptions, isFinishedType } from './pullrequest.ts';
import { isStep, type GitStep } from './steps.ts';

// What is written down before the first step of an action, so that it can be continued, aborted, and undone when it is done.

export interface Operation {
  /** Grows when the file's shape changes in a way that older versions can't read. */
  readonly version: 1;
  readonly action: FlowRequest['action'];
  /** What a person types behind "mlops" to go on. */
  readonly command: string;
  readonly phase: 'running' | 'aborting' | 'undoing' | 'done';
  readonly steps: readonly GitStep[];
  /** Index of the step that has begun last. */
  readonly at: number;
  /** Commit that was checked out when that step began, if it is one that only this tells to be done; else at the beginning. */
  readonly head: string | null;
  readonly branch: string;
  readonly base: string;
  readonly summary: readonly string[];
  readonly before: Snapshot;
  /** Where the touched references stood when it was done; empty until then. */
  readonly after: RefValues;
  /** As it was asked for, where it is a finish: refused by the remote, it is begun again another way. */
  readonly finish?: FinishRequest;
  /** True when it went on from a merge at which it had stopped: what a person has resolved there must not be lost. */
  readonly isResolved?: true;
  /** True when its step was refused and has left nothing half done; absent also where nobody was left to say so. */
  readonly isOrderly?: true;
}

type FinishRequest = Extract<FlowRequest, { action: 'finish' }>;

/** Full names of references and their commits; null where there is none. An annotated tag's own object, not its commit. */
export type RefValues = Readonly<Record<string, string | null>>;

interface Snapshot {
  /** Branch that was checked out; null when HEAD was detached. */
  readonly branch: string | null;
  readonly commit: string | null;
  readonly refs: RefValues;
  /** Sections of the repository's own configuration, each with its entries in order. */
  readonly sections: Readonly<Record<string, readonly (readonly [key: string, value: string])[]>>;
}

/** Prefix of references that keep commits which an action takes out of reach, until the next action begins. */
export const KEPT = 'refs/mlops/undo/';

export function beginOperation(facts: FlowFacts, request: FlowRequest, plan: FlowPlan): Operation {
  const { steps, command, branch, base, summary } = plan;
  return {
    version: 1,
    action: request.action,
    command,
    phase: 'running',
    steps,
    at: 0,
    head: facts.head ?? null,
    branch,
    base,
    summary,
    before: takeSnapshot(facts, steps),
    after: {},
    ...(request.action === 'finish' ? { finish: request } : {}),
  };
}

function takeSnapshot(facts: FlowFacts, steps: readonly GitStep[]): Snapshot {
  return {
    branch: facts.current ?? null,
    commit: facts.head ?? null,
    refs: readRefs(facts, listTouched(steps)),
    sections: Object.fromEntries(listSections(steps).map((section) => [section, readSection(facts, section)])),
  };
}

/** Where references stand; tags as the facts' points tell. */
export function readRefs({ branches, points }: FlowFacts, refs: readonly string[]): RefValues {
  const heads = new Map(
    branches.filter(({ remote }) => !remote).map(({ name, commit }) => [`refs/heads/${name}`, commit]),
  );
  return Object.fromEntries(refs.map((ref) => [ref, heads.get(ref) ?? points.get(ref) ?? null]));
}

export function readSection({ config }: FlowFacts, section: string): readonly (readonly [string, string])[] {
  return config
    .filter(({ scope, key }) => scope === 'local' && key.slice(0, key.lastIndexOf('.')) === section)
    .map(({ key, value }) => [key, value ?? 'true'] as const);
}

/** What a table says of some kinds of steps. */
export type Rows<Value> = { readonly [Kind in GitStep['kind']]?: (step: Extract<GitStep, { kind: Kind }>) => Value };

export function lookUp<Value>(rows: Rows<Value>, step: GitStep): Value | undefined {
  // Each row takes just its own kind; the compiler can't follow this through the index.
  const row = rows[step.kind] as ((step: GitStep) => Value) | undefined;
  return row?.(step);
}

const touching: Rows<readonly string[]> = {
  'merge': ({ into }) => [`refs/heads/${into}`],
  'squash': ({ into }) => [`refs/heads/${into}`],
  'fast-forward': ({ branch }) => [`refs/heads/${branch}`],
  'rebase': ({ branch }) => [`refs/heads/${branch}`],
  'create-branch': ({ branch }) => [`refs/heads/${branch}`],
  'start-branch': ({ branch }) => [`refs/heads/${branch}`],
  'track-branch': ({ branch }) => [`refs/heads/${branch}`],
  'delete-branch': ({ branch }) => [`refs/heads/${branch}`],
  'rename-branch': ({ branch, to }) => [`refs/heads/${branch}`, `refs/heads/${to}`],
  'tag': ({ tag }) => [`refs/tags/${tag}`],
  'commit-files': ({ branch }) => [`refs/heads/${branch}`],
};

/** References that the steps make, move or delete. */
function listTouched(steps: readonly GitStep[]): readonly string[] {
  return unique(steps.flatMap((step) => lookUp(touching, step) ?? []));
}

const setting: Rows<readonly string[]> = {
  'set-config': ({ key }) => [key.slice(0, key.lastIndexOf('.'))],
  'remove-section': ({ section }) => [section],
  'rename-section': ({ section, to }) => [section, to],
  'rename-branch': ({ branch, to }) => [`branch.${branch}`, `branch.${to}`],
  'delete-branch': ({ branch }) => [`branch.${branch}`],
  'start-branch': ({ branch }) => [`branch.${branch}`],
  'track-branch': ({ branch }) => [`branch.${branch}`],
  'publish-branch': ({ branch }) => [`branch.${branch}`],
};

function listSections(steps: readonly GitStep[]): readonly string[] {
  return unique(steps.flatMap((step) => lookUp(setting, step) ?? []));
}

/**
 * Commits that the steps may take out of reach: a squash and a rebase leave the old ones behind, a forced deletion all, and so does one on the
 * remote.
 */
export function listLosable({ steps, before }: Operation): readonly (readonly [ref: string, commit: string])[] {
  const refs = steps.flatMap((step) => {
    if (step.kind === 'rebase') return [step.branch];
    return step.kind === 'delete-branch' && step.force ? [step.branch] : [];
  });
  const local = unique(refs).flatMap((branch) => {
    const commit = before.refs[`refs/heads/${branch}`];
    return commit === undefined || commit === null ? [] : [[toKept(`refs/heads/${branch}`), commit] as const];
  });
  const remote = steps.flatMap((step) =>
    step.kind === 'delete-remote-branch'
      ? [[toKept(`refs/remotes/${step.remote}/${step.branch}`), step.expected] as const]
      : [],
  );
  return [...local, ...remote];
}

/** The step in which an action was cut could have left the tree half changed; undefined for any other. Names what it brings into the tree. */
export function findBrought(step: GitStep | undefined): string | undefined {
  return step === undefined ? undefined : lookUp(bringing, step);
}

/** The same for an action that was cut, for all that is known of it. */
export function findCut(operation: Operation | undefined): string | undefined {
  if (operation?.phase !== 'running' || operation.isOrderly === true) return undefined;
  return findBrought(operation.steps[operation.at]);
}

/** Each needs a clean tree before, so that what is changed after it was cut is its own. */
const bringing: Rows<string> = {
  'checkout': ({ branch }) => branch,
  'merge': ({ branch }) => branch,
  'fast-forward': ({ remote, branch }) => `${remote}/${branch}`,
  'track-branch': ({ remote, branch }) => `${remote}/${branch}`,
  'set-aside': ({ brought }) => brought,
};

/** What a cut step had left in the tree. */
export const KEPT_TREE = `${KEPT}tree`;

/** The reference that keeps what another one loses. */
export function toKept(ref: string): string {
  return `${KEPT}${ref.slice('refs/'.length)}`;
}

export function formatOperation(operation: Operation): string {
  return `${JSON.stringify(operation, null, 1)}\n`;
}

/** Text of the file; undefined when it is cut, of another version, or of somebody else. */
export function parseOperation(text: string): Operation | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Written by a rename, so that it is whole or foreign; foreign is not ours to judge.
    return undefined;
  }
  if (!isRecord(value) || value['version'] !== 1) return undefined;
  const { action, command, phase, steps, at, head, branch, base, summary, before } = value;
  const isWhole =
    [action, command, branch, base].every((text) => typeof text === 'string') &&
    ['running', 'aborting', 'undoing', 'done'].includes(String(phase)) &&
    Array.isArray(steps) &&
    steps.every(isStep) &&
    typeof at === 'number' &&
    isHash(head) &&
    Array.isArray(summary) &&
    summary.every((line) => typeof line === 'string') &&
    isSnapshot(before) &&
    hasKnownPast(value);
  return isWhole ? (value as unknown as Operation) : undefined;
}

function hasKnownPast({
  after,
  finish,
  isResolved = true,
  isOrderly = true,
}: Readonly<Record<string, unknown>>): boolean {
  return isRefValues(after) && isFinish(finish) && isResolved === true && isOrderly === true;
}

/** Absent in what older versions have written. */
function isFinish(value: unknown): boolean {
  if (value === undefined) return true;
  if (!isRecord(value)) return false;
  const { action, type, name, ...options } = value;
  const isNamed = name === undefined || (typeof name === 'string' && checkRefName(name) === undefined);
  return action === 'finish' && isFinishedType(type) && isNamed && isFinishOptions(options);
}

function isSnapshot(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { branch, commit, refs, sections } = value;
  return (
    (branch === null || (typeof branch === 'string' && checkRefName(branch) === undefined)) &&
    isHash(commit) &&
    isRefValues(refs) &&
    isRecord(sections) &&
    Object.entries(sections).every(
      ([section, entries]) => /^(?:gitflow\.)?branch\./.test(section) && isEntries(section, entries),
    )
  );
}

function isEntries(section: string, value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (entry) =>
        Array.isArray(entry) &&
        entry.length === 2 &&
        entry.every((text) => typeof text === 'string') &&
        String(entry[0]).startsWith(`${section}.`),
    )
  );
}

function isRefValues(value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.entries(value).every(
      ([ref, commit]) =>
        /^refs\/(?:heads|tags)\//.test(ref) && checkRefName(ref.slice(5)) === undefined && isHash(commit),
    )
  );
}

function isHash(value: unknown): boolean {
  return value === null || (typeof value === 'string' && /^[0-9a-f]{40,64}$/.test(value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
