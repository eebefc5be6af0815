import type { StageResult, StaleReason } from '../../protocol/pipeline.ts';
import type { DvcTurns } from './dvcturns.ts';
import type { Workspace } from './facts.ts';
import type { LoadedPipeline } from './load.ts';
import type { RunRecords } from './records.ts';

/** What happens to stages, as it happens. */
export type PipelineEvent =
  | {
      readonly type: 'stage-started';
      readonly stage: string;
      readonly reasons: readonly StaleReason[];
      /** The reasons in a few words; '' when it was forced. */
      readonly why: string;
      /** Absolute path of the file that takes everything that the stage prints. */
      readonly log: string;
    }
  | { readonly type: 'command'; readonly stage: string; readonly command: string }
  | { readonly type: 'output'; readonly stage: string; readonly stream: 'stdout' | 'stderr'; readonly line: string }
  | { readonly type: 'stage-ended'; readonly stage: string; readonly result: StageResult }
  | { readonly type: 'note'; readonly text: string };

export type PipelineReporter = (event: PipelineEvent) => void;

export interface StageContext {
  readonly loaded: LoadedPipeline;
  readonly workspace: Workspace;
  readonly force: boolean;
  /** A stage that fails or is stopped gets back the outputs that it had. */
  readonly keepOutputs: boolean;
  readonly records: RunRecords;
  /** Called before the first file is changed. */
  readonly prepare: () => Promise<void>;
  /** A stage's commands may use DVC themselves. */
  readonly turns: DvcTurns;
  /** Environment of stage commands, without what differs from stage to stage; asked for when something really runs. */
  readonly environment: () => Promise<NodeJS.ProcessEnv>;
  readonly reporter: PipelineReporter;
  readonly signal: AbortSignal;
}

export type StageEnd = Omit<StageResult, 'name' | 'seconds'>;
