import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { parseMetricLines } from '../../core/tracking/tracking.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { listFiles } from '../files/files.ts';
import { findLastLineEnd } from './appending.ts';
import { readRegularFile } from './entries.ts';
import { writeStatus, writeTag } from './writer.ts';

const LOST = 'its process is gone';

/** Mends one run that nobody writes: gives what was done, in words. Bytes are moved to `.corrupt/`, never dropped. */
export async function repairRun(folder: string, run: RunSummary): Promise<readonly string[]> {
  if (run.status === 'RUNNING' && !run.lost) return [];
  const actions: string[] = [];
  for (const name of await listFiles(path.join(folder, 'metrics'))) {
    const bytes = await moveTornTail(folder, name);
    if (bytes > 0) actions.push(`moved ${bytes} torn bytes of ${name} to .corrupt/`);
  }
  if (run.lost) {
    await writeTag(folder, 'mlops.reason', LOST);
    await writeStatus(folder, 'FAILED', await lastTime(folder, run));
    actions.push(`FAILED: ${LOST}`);
  }
  return actions;
}

async function moveTornTail(folder: string, name: string): Promise<number> {
  const handle = await open(path.join(folder, 'metrics', ...name.split('/')), 'r+');
  try {
    const { size } = await handle.stat();
    const end = await findLastLineEnd(handle, size);
    if (end === size) return 0;
    const { buffer } = await handle.read(Buffer.alloc(size - end), 0, size - end, end);
    const aside = path.join(folder, '.corrupt', ...name.split('/'));
    await mkdir(path.dirname(aside), { recursive: true });
    const copy = await open(aside, 'a');
    await copy
      .appendFile(buffer)
      .then(() => copy.sync())
      .finally(() => copy.close());
    await handle.truncate(end);
    return size - end;
  } finally {
    await handle.close();
  }
}

/** A lost run ended with its last point, as far as anybody knows. */
async function lastTime(folder: string, run: RunSummary): Promise<number> {
  const times = [run.startTime];
  for (const name of await listFiles(path.join(folder, 'metrics'))) {
    const text = readRegularFile(path.join(folder, 'metrics', ...name.split('/'))) ?? '';
    times.push(
      ...parseMetricLines(text)
        .points.slice(-1)
        .map(({ timestamp }) => timestamp),
    );
  }
  return Math.max(...times);
}
