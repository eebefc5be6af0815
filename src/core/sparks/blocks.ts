import type { Objective } from '../../protocol/tracking.ts';

const blocks = '▁▂▃▄▅▆▇█';
/** Where there is nothing: as wide as a block, and no block. */
const GAP = '·';
/** Values of which all are the same. */
const LEVEL = '▄';

/** A line of block characters from the least value to the greatest. */
export function toBlocks(values: readonly (number | null)[]): string {
  return listBlocks(values).join('');
}

/** A block for each value. */
export function listBlocks(values: readonly (number | null)[]): readonly string[] {
  const known = values.filter((value) => value !== null && Number.isFinite(value)) as readonly number[];
  const [least, greatest] = [Math.min(...known), Math.max(...known)];
  return values.map((value) => toBlock(value, least, greatest));
}

function toBlock(value: number | null, least: number, greatest: number): string {
  if (value === null || !Number.isFinite(value)) return GAP;
  if (least === greatest) return LEVEL;
  // Halves, because the distance of the greatest and the least number may be more than a number holds.
  const place = (value / 2 - least / 2) / (greatest / 2 - least / 2);
  return blocks[Math.min(blocks.length - 1, Math.floor(place * blocks.length))] ?? LEVEL;
}

/** Beyond so many times the distance of the middle value from the best, values are drawn as if they were that far. */
const REACH = 3;

/** What a single exploded run would otherwise do to all others: they would be one flat line. */
export function clipWorst(
  values: readonly (number | null)[],
  direction: Objective['direction'],
): readonly (number | null)[] {
  const sign = direction === 'minimize' ? 1 : -1;
  const known = values.flatMap((value) => (value === null || Number.isNaN(value) ? [] : [sign * value]));
  const sorted = known.sort((a, b) => a - b);
  const [best = 0, middle = 0] = [sorted[0], sorted[Math.floor((sorted.length - 1) / 2)]];
  const bound = best + REACH * (middle - best);
  if (!(bound > best) || !Number.isFinite(bound)) return values;
  return values.map((value) => (value === null || Number.isNaN(value) ? value : sign * Math.min(sign * value, bound)));
}
