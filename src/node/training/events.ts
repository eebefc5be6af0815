import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { RunEvent } from '../../protocol/charts.ts';

/** Writer of a run's `mlops/events.jsonl`, one object a line. Losing a line must not end a training: it is told and dropped. */
export interface EventLog {
  add(kind: string, text: string, step?: number | null): Promise<void>;
  /** From now on nothing is added: the run ends, and its folder may go. Resolves when all is written. */
  close(): Promise<void>;
}

export function createEventLog(artifacts: string, onWarning: (message: string) => void): EventLog {
  const file = path.join(artifacts, 'mlops', 'events.jsonl');
  let hasWarned = false;
  let isClosed = false;
  let queue = Promise.resolve();
  const write = async (event: RunEvent): Promise<void> => {
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await appendFile(file, `${JSON.stringify(event)}\n`);
    } catch (error) {
      if (!hasWarned)
        onWarning(`Events of the run can't be written: ${error instanceof Error ? error.message : String(error)}`);
      hasWarned = true;
    }
  };
  return {
    add(kind, text, step = null) {
      const event: RunEvent = { time: Date.now(), step, kind, text };
      if (!isClosed) queue = queue.then(() => write(event));
      return queue;
    },
    close() {
      isClosed = true;
      return queue;
    },
  };
}
