import type { Problem } from './problem.ts';

// Gates of a finish between the engine and whoever shows them.

/** What a branch must pass before it is finished, in the order in which people read it. */
export const gateNames = ['pipeline', 'data', 'performance', 'lint', 'tests', 'files', 'secrets'] as const;
export type GateName = (typeof gateNames)[number];

export interface FlowGate {
  readonly name: GateName;
  /** `absent`: nothing of the kind is here; `off`: the settings say so; `waiting`: a plan does not run programs. */
  readonly outcome: 'passed' | 'failed' | 'absent' | 'off' | 'waiting';
  /** A sentence for people. */
  readonly message: string;
  /** Where to look; files are relative to the top of the work tree. */
  readonly places: readonly Problem[];
  /** A command that shows more; null where the places say it all. */
  readonly look: string | null;
  /** Absolute path of the file that has what a program has printed; null without one. */
  readonly log: string | null;
}

/** `mlops flow check --json`. */
export interface FlowCheck {
  /** Absolute path of the top of the work tree, from which the gates' places are told. */
  readonly root: string;
  readonly outcome: 'passed' | 'failed';
  readonly branch: string;
  readonly base: string;
  readonly gates: readonly FlowGate[];
}
