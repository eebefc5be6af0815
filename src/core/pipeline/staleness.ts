import { describeReason, type StageState, type StaleReason } from '../../protocol/pipeline.ts';
import type { LockedPath, LockedStage } from './lockfile.ts';
import { isAlwaysChanged, type ParamsFile, type ParamValues, type Stage } from './stage.ts';
import { isList, pyEquals, type PyValue } from './values.ts';

/** What stands at a path: its hash by the method that its lock entry asks for. */
export interface PathFact {
  /** Hex md5, with `.dir` for a folder; undefined when nothing is there. */
  readonly md5: string | undefined;
  /** Bytes; of all members for a folder. */
  readonly size: number;
  readonly nfiles: number | undefined;
  readonly isexec: boolean;
}

/** Everything that decides whether a stage is fresh, in the order of its definition. */
export interface StageFacts {
  readonly deps: readonly PathFact[];
  /** Values that are there now; undefined for a missing file. */
  readonly params: readonly (ParamValues | undefined)[];
  readonly outs: readonly PathFact[];
  /** For each out: whether the cache holds what the lock names. True for outs that need no cache. */
  readonly cached: readonly boolean[];
}

/** Why a stage would run, in the order in which `dvc status` tells it. Empty: it is fresh. */
export function findReasons(stage: Stage, locked: LockedStage | undefined, facts: StageFacts): readonly StaleReason[] {
  const reasons: StaleReason[] = [];
  if (!stage.frozen) reasons.push(...depReasons(stage, locked, facts), ...paramReasons(stage, locked, facts));
  reasons.push(...outReasons(stage, locked, facts));
  if (isAlwaysChanged(stage)) reasons.push({ kind: 'always' });
  if (locked !== undefined && !commandsEqual(stage.cmd, locked.cmd)) reasons.push({ kind: 'cmd', change: 'modified' });
  return reasons;
}

/** The reasons for which a run takes up a stage: a frozen one that would always run is shown as such and left alone. */
export function reasonsToRun({ frozen }: Stage, reasons: readonly StaleReason[]): readonly StaleReason[] {
  return frozen ? reasons.filter(({ kind }) => kind !== 'always') : reasons;
}

const SHOWN_REASONS = 3;

/** The reasons in a few words; of a stage that never ran they would only repeat everything that it names. */
export function summariseReasons(reasons: readonly StaleReason[], { isLocked }: { isLocked: boolean }): string {
  if (!isLocked) return 'never run';
  const shown = reasons.slice(0, SHOWN_REASONS).map(describeReason).join(', ');
  return reasons.length > SHOWN_REASONS ? `${shown} and ${reasons.length - SHOWN_REASONS} more` : shown;
}

export function commandsEqual(cmd: Stage['cmd'], locked: PyValue): boolean {
  if (typeof cmd === 'string') return cmd === locked;
  return isList(locked) && locked.length === cmd.length && cmd.every((line, index) => line === locked[index]);
}

export function findLocked(paths: readonly LockedPath[] | undefined, path: string): LockedPath | undefined {
  return paths?.findLast((candidate) => candidate.path === path);
}

function depReasons(stage: Stage, locked: LockedStage | undefined, { deps }: StageFacts): StaleReason[] {
  return stage.deps.flatMap(({ path }, index): StaleReason[] => {
    const fact = deps[index];
    if (fact?.md5 === undefined) return [{ kind: 'dep', path, change: 'deleted' }];
    // Without a hash in the lock DVC says "modified" too; its "new" is never reached for files.
    return fact.md5 === findLocked(locked?.deps, path)?.md5 ? [] : [{ kind: 'dep', path, change: 'modified' }];
  });
}

function paramReasons(stage: Stage, locked: LockedStage | undefined, { params }: StageFacts): StaleReason[] {
  return stage.params.flatMap((file, index): StaleReason[] => {
    const actual = params[index];
    const before = locked?.params.get(file.path);
    if (actual === undefined) return [{ kind: 'param', path: file.path, change: 'deleted' }];
    if (before === undefined) return [{ kind: 'param', path: file.path, change: 'new' }];
    return keysOf(file, actual, before).flatMap((key): StaleReason[] => {
      const change = compareParam(actual.get(key), before.get(key));
      return change === undefined ? [] : [{ kind: 'param', path: file.path, key, change }];
    });
  });
}

function keysOf({ keys }: ParamsFile, actual: ParamValues, before: ParamValues): readonly string[] {
  return keys.length > 0 ? keys : [...new Set([...actual.keys(), ...before.keys()])];
}

function compareParam(now: PyValue | undefined, before: PyValue | undefined): StaleReason['change'] {
  if (now === undefined) return 'deleted';
  if (before === undefined) return 'new';
  return pyEquals(now, before) ? undefined : 'modified';
}

function outReasons(stage: Stage, locked: LockedStage | undefined, { outs, cached }: StageFacts): StaleReason[] {
  return stage.outs.flatMap(({ path, cache }, index): StaleReason[] => {
    const md5 = findLocked(locked?.outs, path)?.md5;
    const fact = outs[index];
    if (md5 !== undefined && cache && cached[index] === false) return [{ kind: 'out', path, change: 'not-in-cache' }];
    if (fact?.md5 === undefined) return [{ kind: 'out', path, change: 'deleted' }];
    return fact.md5 === md5 ? [] : [{ kind: 'out', path, change: 'modified' }];
  });
}

/** What decides a stage's state beside its own reasons. */
export interface StateFacts {
  readonly reasons: readonly StaleReason[];
  readonly isLocked: boolean;
  readonly isRunning: boolean;
  /** Its last run failed, and nothing that it depends on has changed since. */
  readonly hasFailed: boolean;
  /** A stage before it is not fresh. */
  readonly isBehind: boolean;
}

export function toState(stage: Stage, { reasons, isLocked, isRunning, hasFailed, isBehind }: StateFacts): StageState {
  if (stage.unsupported.length > 0) return 'needs-dvc';
  if (isRunning) return 'running';
  if (stage.frozen) return 'frozen';
  if (hasFailed) return 'failed';
  if (!isLocked) return 'never-run';
  if (reasons.length > 0) return 'stale';
  return isBehind ? 'blocked' : 'fresh';
}
