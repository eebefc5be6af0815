import { open } from 'node:fs/promises';
import { parseMetricLines, type TimedPoint } from '../../core/tracking/tracking.ts';

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
  const bytes = Buffer.from(text).subarray(0, end);
  const counts = new Map<string, number>();
  for (const point of known) counts.set(keyOf(point), (counts.get(keyOf(point)) ?? 0) + 1);
  const take = (point: TimedPoint): boolean => {
    const count = counts.get(keyOf(point)) ?? 0;
    if (count > 0) counts.set(keyOf(point), count - 1);
    return count > 0;
  };
  for (const point of parseMetricLines(bytes.toString('utf8', 0, start)).points) take(point);
  return parseMetricLines(bytes.toString('utf8', start)).points.filter((point) => !take(point));
}

/** A database keeps infinity as the greatest number. */
function keyOf({ timestamp, value, step }: TimedPoint): string {
  const kept = value === Infinity ? Number.MAX_VALUE : value === -Infinity ? -Number.MAX_VALUE : value;
  return `${timestamp} ${kept} ${step}`;
}
