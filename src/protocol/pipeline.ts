import type { StageOutcome } from './outcome.ts';
import type { Problem } from './problem.ts';

export type StageState = 'fresh' | 'stale' | 'never-run' | 'blocked' | 'running' | 'frozen' | 'failed' | 'needs-dvc';

/** Why a stage would run. `path` and `key` are as dvc.yaml writes them. */
export interface StaleReason {
  readonly kind: 'dep' | 'param' | 'cmd' | 'out' | 'always';
  readonly path?: string;
  readonly key?: string;
  readonly change?: 'modified' | 'new' | 'deleted' | 'not-in-cache';
}

/** How a stage last ended, as far as this machine remembers. */
export interface LastEnd {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Null: it ended well. */
  readonly failure: string | null;
}

export interface StageStatus {
  /** Address, as `train@cnnbased` or `sub/dvc.yaml:train`. */
  readonly name: string;
  /** Relative to the project's root. */
  readonly file: string;
  /** Line of the stage in that file, from 1. */
  readonly line: number;
  readonly state: StageState;
  readonly reasons: readonly StaleReason[];
  /** Stages that must be done first (direct ones only). */
  readonly needs: readonly string[];
  /** Seconds that it took when it last ran; null when unknown. */
  readonly lastSeconds: number | null;
  readonly last?: LastEnd;
}

/** `mlops status --json`. */
export interface StatusDocument {
  readonly project: string;
  readonly stages: readonly StageStatus[];
  readonly data: readonly {
    readonly path: string;
    readonly state: StageState;
    readonly reasons: readonly StaleReason[];
  }[];
  readonly problems: readonly Problem[];
}

export interface StageResult {
  readonly name: string;
  readonly outcome: StageOutcome;
  readonly seconds: number;
  readonly reason?: string;
  /** Id of the tracked run that the stage made, if it trained. */
  readonly runId?: string;
}

/** `mlops run --json`. */
export interface RunDocument {
  readonly outcome: 'succeeded' | 'failed' | 'stopped';
  readonly stages: readonly StageResult[];
}

export function describeReason({ kind, path, key, change }: StaleReason): string {
  switch (kind) {
    case 'always':
      return 'always runs';
    case 'cmd':
      return 'command changed';
    case 'param':
      return `${key ?? path ?? 'parameter'} ${change === 'modified' || change === undefined ? 'changed' : change}`;
    case 'dep':
    case 'out':
      return `${path ?? kind} ${change === 'not-in-cache' ? 'is not in the cache' : change === 'modified' || change === undefined ? 'changed' : change}`;
  }
}
