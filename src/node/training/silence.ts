import type { FromWorker } from '../../protocol/training.ts';

export interface SilenceWatch {
  /** The worker has said something. */
  hear(type: FromWorker['type']): void;
  close(): void;
}

/** Said just before, or just after, a batch. */
const ofBatches: ReadonlySet<FromWorker['type']> = new Set(['sample', 'batch']);

/**
 * Tells once when a worker has said nothing for `limitMs`, not even that it is alive: something in user code keeps it busy. A batch may
 * take as long as it wants.
 */
export function watchSilence(limitMs: number, onSilence: () => void): SilenceWatch {
  let last: FromWorker['type'] = 'hello';
  let hasTold = false;
  const timer = setTimeout(() => {
    if (hasTold || ofBatches.has(last)) return;
    hasTold = true;
    onSilence();
  }, limitMs);
  timer.unref();
  return {
    hear(type) {
      // A sign of life says nothing of what comes next: inside of a batch it is given too.
      if (type !== 'alive') last = type;
      timer.refresh();
    },
    close: () => clearTimeout(timer),
  };
}
