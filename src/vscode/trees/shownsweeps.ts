import type { EngineClient } from '../../protocol/engine.ts';
import type { ShownSweep } from '../../protocol/sweep.ts';

export interface ShownSweeps {
  /** The sweep that was chosen in a project, else its newest; null where there is none. */
  read(project: string): Promise<ShownSweep | null>;
  choose(project: string, runId: string): Promise<void>;
}

/** Which sweep a person wants to see: a choice holds until a newer sweep begins. */
export function createShownSweeps(engine: EngineClient): ShownSweeps {
  const chosen = new Map<string, { readonly runId: string; readonly newest: string }>();
  const read = (project: string, runId: string | null): Promise<ShownSweep | null> =>
    engine.request('readTrials', { project, runId });
  return {
    async read(project) {
      const choice = chosen.get(project);
      const shown = await read(project, choice?.runId ?? null);
      if (choice === undefined || shown === null || shown.newest === choice.newest) return shown;
      chosen.delete(project);
      return read(project, null);
    },
    async choose(project, runId) {
      const shown = await read(project, runId);
      if (shown !== null) chosen.set(project, { runId, newest: shown.newest });
    },
  };
}
