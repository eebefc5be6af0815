import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { listFiles, writeFileAtomic } from '../files/files.ts';
import { readRegularFile } from './entries.ts';

/**
 * Takes points that are to be logged anew out of the files of a run that nobody writes. They are moved to `.replaced/` in the
 * run, never dropped. Killed on its way, it does the rest the next time.
 */
export async function rewindMetrics(folder: string, keeps: (metric: string, step: number) => boolean): Promise<void> {
  for (const metric of await listFiles(path.join(folder, 'metrics'))) {
    const file = path.join(folder, 'metrics', ...metric.split('/'));
    // What stands behind the last line end is torn, and no data.
    const [torn = '', ...whole] = (readRegularFile(file) ?? '').split('\n').reverse();
    const lines = whole.reverse().filter((line) => line !== '');
    const kept = lines.filter((line) => isKept(line, metric, keeps));
    if (kept.length === lines.length) continue;
    const aside = path.join(folder, '.replaced', ...metric.split('/'));
    await mkdir(path.dirname(aside), { recursive: true });
    await appendFile(
      aside,
      toText([...lines.filter((line) => !isKept(line, metric, keeps)), ...(torn === '' ? [] : [torn])]),
    );
    await writeFileAtomic(file, toText(kept), { stagingFolder: folder });
  }
}

/** A line is `time value step`; one that is not stays, as nothing is known of it. */
function isKept(line: string, metric: string, keeps: (metric: string, step: number) => boolean): boolean {
  const step = /^\S+ \S+ (-?\d+)$/.exec(line)?.[1];
  return step === undefined || keeps(metric, Number(step));
}

function toText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
