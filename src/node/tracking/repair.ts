import { open } from 'node:fs/promises';
import path from 'node:path';
import { parseMetricLines } from '../../core/tracking/tracking.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { listFiles, makeFolder } from '../files/files.ts';
import { findLastLineEnd } from './appending.ts';
import { readRegularFile } from './entries.ts';
import { writeMeta, writeTag } from './writer.ts';

const LOST = 'its process is gone';

/** One thing to mend in a run that nobody writes. */
export type RepairStep =
  { readonly kind: 'torn'; readonly metric: string; readonly bytes: number } | { readonly kind: 'lost' };

/** `torn`: metrics whose file ended within a line when it was read. */
export async function planRepair(
  folder: string,
  run: RunSummary,
  torn: readonly string[],
): Promise<readonly RepairStep[]> {
  if (run.status === 'RUNNING' && !run.lost) return [];
  const steps: RepairStep[] = [];
  for (const metric of torn) {
    const bytes = await countTornBytes(path.join(folder, 'metrics', ...metric.split('/')));
    if (bytes > 0) steps.push({ kind: 'torn', metric, bytes });
  }
  return run.lost ? [...steps, { kind: 'lost' }] : steps;
}

export function describeRepair(step: RepairStep): string {
  return step.kind === 'lost'
    ? `FAILED: ${LOST}`
    : `${step.bytes} torn bytes at the end of ${step.metric} go to .corrupt/`;
}

/** Bytes are moved to `.corrupt/`, never dropped. */
export async function performRepair(folder: string, run: RunSummary, step: RepairStep): Promise<void> {
  if (step.kind === 'torn') return moveTornTail(folder, step.metric);
  await writeTag(folder, 'mlops.reason', LOST);
  await writeMeta(folder, { status: 'FAILED', endTime: await lastTime(folder, run) });
}

async function countTornBytes(file: string): Promise<number> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    return size - (await findLastLineEnd(handle, size));
  } finally {
    await handle.close();
  }
}

async function moveTornTail(folder: string, name: string): Promise<void> {
  const handle = await open(path.join(folder, 'metrics', ...name.split('/')), 'r+');
  try {
    const { size } = await handle.stat();
    const end = await findLastLineEnd(handle, size);
    if (end === size) return;
    const { buffer } = await handle.read(Buffer.alloc(size - end), 0, size - end, end);
    const aside = path.join(folder, '.corrupt', ...name.split('/'));
    await makeFolder(path.dirname(aside));
    const copy = await open(aside, 'a');
    await copy
      .appendFile(buffer)
      .then(() => copy.sync())
      .finally(() => copy.close());
    await handle.truncate(end);
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
