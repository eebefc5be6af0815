import type * as vscode from 'vscode';
import type { taskType } from '../manifest.ts';

/** A task of type `mlops` as tasks.json writes it: a stage, or a command of `mlops`, or nothing for the whole pipeline. */
export interface MlopsTaskDefinition extends vscode.TaskDefinition {
  readonly type: typeof taskType;
  /** Address of a stage, as `train@cnnbased`. */
  readonly stage?: string;
  /** Words behind `mlops`, as `run train --single` or `train configs/cnnbased.yaml`. */
  readonly command?: string;
  /** Project's folder relative to the workspace folder, where it is not that folder. */
  readonly project?: string;
}

/** Arguments of `mlops` for a task. Words are split at spaces; there is no shell and no quoting. */
export function toArguments({ stage, command }: Pick<MlopsTaskDefinition, 'stage' | 'command'>): readonly string[] {
  const words = (command ?? '').split(/\s+/).filter((word) => word !== '');
  if (words.length > 0) return words;
  return stage === undefined || stage === '' ? ['run'] : ['run', stage];
}
