import type { LiveProcess } from '../../protocol/engine.ts';
import type { MetricHistory } from '../../protocol/tracking.ts';
import type { Project } from '../project/project.ts';
import { listProcesses } from './listing.ts';
import { MetricTail } from './metrics.ts';

const BUSY_MS = 250;
const IDLE_MS = 2000;
/** After a start, a process needs some time to take its lock. */
const ALERT_MS = 10_000;

export interface ProjectFollower {
  /** Look now, and closely for a while: something was started, or a lock has changed. */
  alert(): void;
  close(): void;
}

interface FollowOptions {
  /** The folder of a run that has just begun; undefined when it can't be found (yet). */
  readonly findRunFolder: (runId: string) => Promise<string | undefined>;
  readonly onProcesses: (processes: readonly LiveProcess[]) => void;
  readonly onPoints: (runId: string, metric: string, from: number, points: MetricHistory) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Tells which processes live in a project whenever that changes, and the new points of the runs they write. */
export function followProject(project: Project, options: FollowOptions): ProjectFollower {
  const tails = new Map<string, MetricTail>();
  let before = '[]';
  let alertUntil = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let looking = false;
  let again = false;

  const look = async (): Promise<boolean> => {
    const processes = await listProcesses(project);
    const live = new Set(processes.flatMap(({ runId }) => (runId === null ? [] : [runId])));
    for (const runId of live) if (!tails.has(runId)) await openTail(runId);
    for (const [runId, tail] of tails) {
      await tail.read((metric, from, points) => options.onPoints(runId, metric, from, points));
      // Its last points were read after it was gone.
      if (!live.has(runId)) tails.delete(runId);
    }
    const now = JSON.stringify(processes);
    if (now !== before && !closed) options.onProcesses(processes);
    before = now;
    return processes.length > 0;
  };
  const openTail = async (runId: string): Promise<void> => {
    const folder = await options.findRunFolder(runId);
    if (folder !== undefined) tails.set(runId, new MetricTail(folder));
  };
  const tick = async (): Promise<void> => {
    if (looking) return void (again = true);
    looking = true;
    let busy = false;
    try {
      busy = await look();
    } catch (error) {
      options.onFailure(error);
    }
    looking = false;
    if (closed) return;
    const isAlert = busy || performance.now() < alertUntil;
    timer = setTimeout(() => void tick(), again ? 0 : isAlert ? BUSY_MS : IDLE_MS);
    again = false;
  };
  void tick();
  return {
    alert() {
      alertUntil = performance.now() + ALERT_MS;
      clearTimeout(timer);
      void tick();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
