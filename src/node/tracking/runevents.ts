import type { RunEvent } from '../../protocol/charts.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { RunStore } from './store.ts';

/** Most lines of a run's events that are shown. */
const MOST_EVENTS = 2000;
const MOST_BYTES = 4 << 20;

/**
 * Events of a run (artifact `mlops/events.jsonl`). Lines that are no events are left out: the file is a by-product, and the run is shown
 * without them, also where its artifacts are out of reach.
 */
export async function readRunEvents(store: RunStore, runId: string): Promise<readonly RunEvent[]> {
  try {
    const { bytes } = await store.readArtifact(runId, 'mlops/events.jsonl', { limit: MOST_BYTES });
    return Buffer.from(bytes).toString().split('\n').slice(0, MOST_EVENTS).flatMap(parseEvent);
  } catch (error) {
    if (error instanceof ExpectedError) return [];
    throw error;
  }
}

function parseEvent(line: string): readonly RunEvent[] {
  try {
    const { time, step, kind, text } = JSON.parse(line) as Partial<RunEvent>;
    return typeof time === 'number' && typeof kind === 'string' && typeof text === 'string'
      ? [{ time, step: typeof step === 'number' ? step : null, kind, text }]
      : [];
  } catch {
    // Cut while it was written, or not ours.
    return [];
  }
}
