import type { FlowFacts } from '../../core/gitflow/gitflow.ts';
import type { FlowStep } from '../../protocol/gitflow.ts';
import type { Git } from '../git/git.ts';

export interface FlowReporter {
  /** `index` from 0. */
  stepStarted(step: FlowStep, index: number, total: number): void;
  /** What a hook printed. */
  note(text: string): void;
}

/** All that the steps of one action share. */
export interface Performance {
  readonly git: Git;
  readonly facts: FlowFacts;
  /** As the user would type it again, as "flow feature finish x". */
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  readonly reporter: FlowReporter;
  /** Called before a step begins, with its index: what it writes down survives whatever happens to us. */
  readonly reached?: (index: number) => Promise<void>;
  /** Looked at between steps; a step that has begun is ended. */
  readonly signal: AbortSignal | undefined;
}
