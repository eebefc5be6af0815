import * as vscode from 'vscode';
import { findProcessOfRun } from '../core/trees/trees.ts';
import type { EngineClient, LiveProcess } from '../protocol/engine.ts';
import { ExpectedError } from '../protocol/errors.ts';

/** The process to stop for a run. A run may be going on where no process of this machine works on it. */
export function requireProcessOfRun<P extends LiveProcess>(live: readonly P[], runId: string): P {
  const found = findProcessOfRun(live, runId);
  // By itself, for a trial has the id of its sweep.
  const process = live.find((candidate) => candidate === found);
  if (process === undefined)
    throw new ExpectedError(
      'unknown-name',
      vscode.l10n.t(
        'No process on this machine works on this run: it has ended, or it was started on another machine.',
      ),
    );
  return process;
}

/** A trial is stopped alone, by steering it: its process is that of the whole sweep, which goes on. */
export async function stopProcess(
  engine: EngineClient,
  project: string,
  { id, kind, runId }: LiveProcess,
): Promise<void> {
  if (kind === 'trial' && runId !== null)
    await engine.request('steerRun', { project, runId, steering: { type: 'stop', when: 'now' } });
  else await engine.request('stopProcess', { project, id });
}
