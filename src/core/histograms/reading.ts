import type { Histograms } from '../../protocol/histograms.ts';

const MOST_STEPS = 10_000;
const MOST_BINS = 1000;
/** Of all steps together. */
const MOST_COUNTS = 500_000;

/** Histograms, or what keeps the value from being some: a sentence with the place. */
type Read = { readonly histograms: Histograms } | { readonly fault: string };

/** By the name of an artifact. */
export function areHistograms(path: string): boolean {
  return /^histograms\/.+\.json$/i.test(path);
}

/**
 * `{"steps": [0, 10], "edges": [-1, 0, 1], "counts": [[3, 5], [1, 7]]}`: a list of counts for each step. `edges` may be a list of such lists, one for each step. Nothing is guessed or
 * left out: a picture of wrong numbers looks as good as one of right ones.
 */
export function toHistograms(value: unknown): Read {
  try {
    return { histograms: readAll(value) };
  } catch (error) {
    if (error instanceof Fault) return { fault: error.message };
    throw error;
  }
}

/** Caught where the reading began. */
class Fault extends Error {}

function readAll(value: unknown): Histograms {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Fault('It must be a mapping of "steps", "edges" and "counts".');
  const { steps: ownSteps, edges: ownEdges, counts: ownCounts } = value as Readonly<Record<string, unknown>>;
  const steps = listOf(ownSteps, 'steps', { least: 1, most: MOST_STEPS }).map((step, i) => {
    if (!Number.isSafeInteger(step)) throw new Fault(`steps[${i}] is no whole number.`);
    return step as number;
  });
  mustRise(steps, 'steps');
  const edges = readEdges(ownEdges, steps.length);
  const size = steps.reduce((sum, _, i) => sum + (edges[i] ?? edges[0] ?? []).length - 1, 0);
  if (size > MOST_COUNTS) throw new Fault(`There are ${size} bins of all steps; at most ${MOST_COUNTS} are drawn.`);
  const rows = listOf(ownCounts, 'counts', { least: 0, most: MOST_STEPS });
  if (rows.length !== steps.length)
    throw new Fault(`counts has ${rows.length} lists for ${steps.length} steps: each step needs one.`);
  return { steps, edges, counts: rows.map((row, i) => readCounts(row, i, (edges[i] ?? edges[0] ?? []).length - 1)) };
}

function readEdges(value: unknown, steps: number): readonly (readonly number[])[] {
  const lists = listOf(value, 'edges', { least: 1, most: Math.max(MOST_STEPS, MOST_BINS + 1) });
  if (!Array.isArray(lists[0])) return [readEdgeList(lists, 'edges')];
  if (lists.length !== steps)
    throw new Fault(`edges has ${lists.length} lists for ${steps} steps: one for each step, or one list for all.`);
  const read = lists.map((list, i) => readEdgeList(list, `edges[${i}]`));
  return read.length === 1 || read.some((list) => !isSame(list, read[0] ?? [])) ? read : read.slice(0, 1);
}

const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((edge, i) => edge === b[i]);

function readEdgeList(value: unknown, place: string): readonly number[] {
  const edges = listOf(value, place, { least: 2, most: MOST_BINS + 1 }).map((edge, i) => {
    if (typeof edge !== 'number' || !Number.isFinite(edge)) throw new Fault(`${place}[${i}] is no finite number.`);
    return edge;
  });
  mustRise(edges, place);
  if (!Number.isFinite((edges.at(-1) ?? 0) - (edges[0] ?? 0))) throw new Fault(`${place} are too far apart.`);
  return edges;
}

function readCounts(value: unknown, index: number, bins: number): readonly number[] {
  const place = `counts[${index}]`;
  const counts = listOf(value, place, { least: 0, most: MOST_BINS });
  if (counts.length !== bins)
    throw new Fault(`${place} has ${counts.length} numbers for ${bins} bins: one less than there are edges.`);
  return counts.map((count, i) => {
    if (!Number.isSafeInteger(count) || (count as number) < 0)
      throw new Fault(`${place}[${i}] is no whole number from 0 on.`);
    return count as number;
  });
}

function listOf(value: unknown, place: string, { least, most }: { least: number; most: number }): readonly unknown[] {
  if (!Array.isArray(value)) throw new Fault(value === undefined ? `"${place}" is missing.` : `${place} is no list.`);
  if (value.length < least) throw new Fault(`${place} has ${value.length} entries; it needs at least ${least}.`);
  if (value.length > most) throw new Fault(`${place} has ${value.length} entries; at most ${most} are drawn.`);
  return value as unknown[];
}

function mustRise(values: readonly number[], place: string): void {
  const at = values.findIndex((value, i) => i > 0 && value <= (values[i - 1] ?? value));
  if (at >= 0) throw new Fault(`${place}[${at}] is not greater than the one before it.`);
}
