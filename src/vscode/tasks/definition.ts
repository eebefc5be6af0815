import type * as vscode from 'vscode';
import type { taskType } from '../manifest.ts';

/** A task of type `mlops` as tasks.json writes it: a stage, or a command of `mlops`, or nothing for the whole pipeline. */
export interface MlopsTaskDefinition extends vscode.TaskDefinition {
  readonly type: typeof taskType;
  /** Address of a stage, as `train@cnnbased`. */
  readonly stage?: string;
  /** Words behind `mlops`, as `run train --single` or `train configs/cnnbased.yaml`, split at spaces: no shell, no quoting. */
  readonly command?: string;
  /** The same, each word by itself, so that it may hold spaces; it goes before `command`. */
  readonly arguments?: readonly string[];
  /** Project's folder relative to the workspace folder, where it is not that folder. */
  readonly project?: string;
}

/** What a task does: of several the first in this order is taken. */
export type TaskWork = Pick<MlopsTaskDefinition, 'arguments' | 'command' | 'stage'>;

/** Arguments of `mlops` for a task. */
export function toArguments({ arguments: given, command, stage }: TaskWork): readonly string[] {
  // Written by hand it may be anything.
  if (Array.isArray(given) && given.length > 0) return given.map(String);
  const words = (command ?? '').split(/\s+/).filter((word) => word !== '');
  if (words.length > 0) return words;
  return stage === undefined || stage === '' ? ['run'] : ['run', stage];
}
