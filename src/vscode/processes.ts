import * as vscode from 'vscode';
import { findProcessOfRun } from '../core/trees/trees.ts';
import type { LiveProcess } from '../protocol/engine.ts';
import { ExpectedError } from '../protocol/errors.ts';

/** The process to stop for a run. A run may be going on where no process of this machine works on it. */
export function requireProcessOfRun<P extends LiveProcess>(live: readonly P[], runId: string): P {
  const found = findProcessOfRun(live, runId);
  const process = live.find(({ id }) => id === found?.id);
  if (process === undefined)
    throw new ExpectedError(
      'unknown-name',
      vscode.l10n.t(
        'No process on this machine works on this run: it has ended, or it was started on another machine.',
      ),
    );
  return process;
}
