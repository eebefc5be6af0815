import os from 'node:os';
import type { Project } from '../project/project.ts';
import { openControl } from './control.ts';
import type { Helm } from './helm.ts';
import { takeRunLock, type RunLockDetails } from './leftovers.ts';

/** The lock of a run and the socket that it names, while the run is being written. */
export interface LiveRun {
  /** Those who follow the run see by its lock that there is something new to read. */
  noteSteering(change: { readonly paused?: boolean }): Promise<void>;
  close(): Promise<void>;
}

interface LiveRunOptions {
  readonly runId: string;
  readonly model: string;
  readonly command: string;
  readonly helm: Helm;
  readonly onWarning: (message: string) => void;
}

/** Without a socket the training goes on all the same; it only can't be steered. Throws `busy`. */
export async function openLiveRun(
  project: Project,
  { runId, model, command, helm, onWarning }: LiveRunOptions,
): Promise<LiveRun> {
  const control = await openControl(runId, (steering) => helm.steer(steering)).catch((error: unknown) => {
    onWarning(`This training can't be steered: ${toMessage(error)}`);
    return undefined;
  });
  const place = control?.place ?? null;
  let details: RunLockDetails = { runId, model, host: os.hostname(), control: place, paused: false, steered: 0 };
  const lock = await takeRunLock(project, { details, command }).catch(async (error: unknown) => {
    await control?.close();
    throw error;
  });
  return {
    async noteSteering(change) {
      details = { ...details, ...change, steered: details.steered + 1 };
      await lock
        .update({ ...details })
        .catch((error: unknown) => onWarning(`Steering can't be shown: ${toMessage(error)}`));
    },
    async close() {
      await control?.close();
      await lock.release();
    },
  };
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
