import { open } from 'node:fs/promises';
import { parseMetricLines, pointsWithout, type TimedPoint } from '../../core/tracking/tracking.ts';

const READ_AT_ONCE = 256 * 1024;

/** Points of whole lines from byte `start` on, at most so many, and the byte behind the last of them. */
export async function readUnsent(
  file: string,
  start: number,
  most: number,
): Promise<{ readonly points: readonly TimedPoint[]; readonly end: number }> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size <= start) return { points: [], end: start };
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(Math.min(READ_AT_ONCE, size - start)),
      0,
      undefined,
      start,
    );
    let end = 0;
    for (let count = 0; count < most; count += 1) {
      const next = buffer.subarray(0, bytesRead).indexOf(0x0a, end) + 1;
      if (next === 0) break;
      end = next;
    }
    return { points: parseMetricLines(buffer.toString('utf8', 0, end)).points, end: start + end };
  } finally {
    await handle.close();
  }
}

/**
 * The points of bytes `start` to `end` of a metric's file that the server has not. Rows that are equal are counted, as a run may log the same point
 * twice; a database keeps such rows once, and takes one that it has without a word.
 */
export function leaveOutKnown(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  known: readonly TimedPoint[],
): readonly TimedPoint[] {
  const bytes = Buffer.from(text);
  const [earlier, all] = [start, end].map((to) => parseMetricLines(bytes.toString('utf8', 0, to)).points);
  return pointsWithout(all ?? [], known, earlier?.length ?? 0);
}
