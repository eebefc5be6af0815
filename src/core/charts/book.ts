import type { RunPoints } from '../../protocol/chartfeed.ts';
import type { AskedLine, ChartAnswer, ChartAsk, ChartNumbers, ChartReading, CursorMove, Spark } from './asking.ts';
import { bandOf, mergeSteps, unionOf, type Band } from './bands.ts';
import { parseExpression, type ExpressionProblem } from './expression.ts';
import { drawChart, type LaidChart, type LaidLine } from './laying.ts';
import { lowerBound } from './points.ts';
import { nearestStep, stepBeside, stepBounds, valueAt } from './reading.ts';
import { emptyLine, RunShelf, type Over } from './shelf.ts';
import { toLine, type Line } from './series.ts';
import { createSmoother, type Smoothing } from './smoothing.ts';

/** Runs whose points lie nowhere together are averaged at so many places instead of at every point of each. */
const mostUnaligned = 20_000;
const places = 2000;
/** Pairs of extremes of a tiny line. */
const sparkWidth = 24;

interface Group {
  readonly stamp: string;
  readonly band: Band;
  readonly mean: Line;
  readonly smoothed: Line;
}

/**
 * The points of all runs that a page watches, and what its charts draw of them: by question and answer, so that a worker can hold it. It costs O(1) an appended
 * point, and a drawing as much as there are pixels, whatever the number of points.
 */
export class ChartBook {
  readonly #shelves = new Map<string, RunShelf>();
  readonly #asks = new Map<string, ChartAsk>();
  readonly #groups = new Map<string, Group>();

  /** False when some of them do not fit what is known. */
  take(series: readonly RunPoints[]): boolean {
    return series.map((points) => this.#shelfOf(points.runId).take(points)).every((fits) => fits);
  }

  /** What is watched from now on; the rest is forgotten. */
  keep(runIds: readonly string[], metrics: readonly string[]): void {
    const [runs, names] = [new Set(runIds), new Set(metrics)];
    for (const runId of this.#shelves.keys()) if (!runs.has(runId)) this.#shelves.delete(runId);
    for (const shelf of this.#shelves.values()) shelf.keep(names);
    this.#groups.clear();
  }

  clear(): void {
    this.#shelves.clear();
    this.#groups.clear();
  }

  draw(ask: ChartAsk): ChartAnswer {
    this.#asks.set(ask.id, ask);
    return drawChart(this.#lay(ask), ask, problemOf(ask));
  }

  /** Undefined for a card that has not been drawn, or has no points. */
  read(id: string, move: CursorMove): ChartReading | undefined {
    const ask = this.#asks.get(id);
    if (ask === undefined) return undefined;
    const { lines } = this.#lay(ask);
    const points = lines.map(({ line }) => line);
    const x = cursorOf(points, move);
    if (x === undefined) return undefined;
    return {
      ...{ id, x },
      values: Float64Array.from(points, (line) => valueNear(line, x)),
      raw: Float64Array.from(lines, ({ raw }) => valueNear(raw, x)),
    };
  }

  /** The last `most` points of some lines of a card. */
  numbers(id: string, wanted: readonly number[], most: number): ChartNumbers {
    const ask = this.#asks.get(id);
    const laid = ask === undefined ? [] : this.#lay(ask).lines;
    const lines = wanted.map((index) => laid[index]?.line ?? emptyLine);
    const all = unionOf(lines.map(({ steps }) => steps.subarray(Math.max(0, steps.length - 4 * most))));
    const x = all.subarray(Math.max(0, all.length - most)).toReversed();
    const values = new Float64Array(x.length * lines.length);
    lines.forEach((line, at) => x.forEach((step, i) => (values[at * x.length + i] = valueAt(line, step) ?? NaN)));
    return { x, values, total: Math.max(0, ...lines.map(({ steps }) => steps.length)) };
  }

  /** The course of a metric in a few points; nothing of runs that have none. */
  sparks(runIds: readonly string[], metric: string): readonly Spark[] {
    return runIds.flatMap((runId) => {
      const line = this.#shelves.get(runId)?.series(metric);
      return line === undefined ? [] : [{ runId, ...thin(line) }];
    });
  }

  #shelfOf(runId: string): RunShelf {
    const known = this.#shelves.get(runId) ?? new RunShelf();
    this.#shelves.set(runId, known);
    return known;
  }

  #lay(ask: ChartAsk): LaidChart {
    return {
      lines: ask.lines.map((line, index) =>
        line.runs.length === 1 && !isGroup(line, ask) ? this.#single(line, ask) : this.#group(line, index, ask),
      ),
      crowd: ask.crowd.map((line) => this.#single(line, ask).line),
    };
  }

  #single({ runs: [run = -1], measure }: AskedLine, ask: ChartAsk): LaidLine {
    const [own, what] = [ask.runs[run], ask.measures[measure]];
    const shelf = own === undefined ? undefined : this.#shelves.get(own.runId);
    if (own === undefined || what === undefined || shelf === undefined) return { line: emptyLine, raw: emptyLine };
    const over = { axis: ask.axis, isLog: ask.isLogX, run: own };
    const raw = shelf.line(what, over, null);
    return { raw, line: ask.smoothing === null ? raw : shelf.line(what, over, ask.smoothing) };
  }

  /** The mean of runs, which is smoothed; its band is what was measured. */
  #group(asked: AskedLine, index: number, ask: ChartAsk): LaidLine {
    const what = ask.measures[asked.measure];
    const members = asked.runs.flatMap((place) => ask.runs[place] ?? []);
    if (what === undefined) return { line: emptyLine, raw: emptyLine };
    const shelved = members.flatMap((run) => {
      const shelf = this.#shelves.get(run.runId);
      const over: Over = { axis: ask.axis, isLog: ask.isLogX, run };
      return shelf === undefined ? [] : [{ shelf, over }];
    });
    const stamp = JSON.stringify([
      ...[what, ask.axis, ask.isLogX, ask.band, ask.smoothing],
      shelved.map(({ shelf, over }) => `${over.run.runId} ${shelf.stampOf(what, over)}`),
    ]);
    const key = `${ask.id} ${index}`;
    let group = this.#groups.get(key);
    if (group?.stamp !== stamp) {
      const lines = shelved.map(({ shelf, over }) => shelf.line(what, over, null));
      group = { stamp, ...groupOf(lines, ask) };
      this.#groups.set(key, group);
    }
    const { mean, smoothed, band } = group;
    return { raw: mean, line: smoothed, area: { x: band.steps, low: band.low, high: band.high } };
  }
}

/** A group of one is a group as well where others are of several: its line looks like theirs. */
const isGroup = ({ runs }: AskedLine, { lines }: ChartAsk): boolean =>
  runs.length > 1 || lines.some((other) => other.runs.length > 1);

function groupOf(lines: readonly Line[], { band: kind, smoothing }: ChartAsk): Omit<Group, 'stamp'> {
  const filled = lines.filter(({ steps }) => steps.length > 0);
  const band = bandOf(filled, kind, stepsOf(filled));
  const mean = toLine({ steps: band.steps, values: band.mean });
  return { band, mean, smoothed: smoothing === null ? mean : smoothedBy(mean, smoothing) };
}

function smoothedBy({ steps, values }: Line, smoothing: Smoothing): Line {
  return toLine({ steps, values: createSmoother(smoothing).update(values, 0).values });
}

/** All places where any run has a point, or evenly many where those are different for each run and too many. */
function stepsOf(lines: readonly Line[]): Float64Array {
  const longest = Math.max(0, ...lines.map(({ steps }) => steps.length));
  const total = lines.reduce((sum, { steps }) => sum + steps.length, 0);
  const bounds = stepBounds(lines);
  const isShared = lines.every(({ steps }) => steps.length === 0 || steps[0] === bounds?.min);
  if (bounds === undefined || total <= mostUnaligned || (isShared && total <= 4e7))
    return unionWithin(lines, Math.max(mostUnaligned, 2 * longest)) ?? evenly(bounds ?? { min: 0, max: 0 });
  return evenly(bounds);
}

function unionWithin(lines: readonly Line[], most: number): Float64Array | undefined {
  let all: Float64Array = new Float64Array(0);
  for (const { steps } of lines) {
    all = mergeSteps(all, steps);
    if (all.length > most) return undefined;
  }
  return all;
}

function evenly({ min, max }: { readonly min: number; readonly max: number }): Float64Array {
  return Float64Array.from({ length: places }, (_, i) => min + ((max - min) * i) / (places - 1));
}

function problemOf({ measures }: ChartAsk): ExpressionProblem | null {
  for (const { text, isExpression } of measures) {
    const parsed = isExpression ? parseExpression(text) : undefined;
    if (parsed !== undefined && 'problem' in parsed) return parsed.problem;
  }
  return null;
}

function cursorOf(lines: readonly Line[], move: CursorMove): number | undefined {
  const ends = stepBounds(lines);
  if (ends === undefined || typeof move === 'string') return move === 'first' ? ends?.min : ends?.max;
  return 'near' in move ? nearestStep(lines, move.near) : stepBeside(lines, move.from, move.by);
}

/** The value at a place: of the point there, else of the nearest; NaN before the first and behind the last. */
function valueNear(line: Line, x: number): number {
  const exact = valueAt(line, x);
  if (exact !== undefined) return exact;
  const { steps, values } = line;
  const after = lowerBound(steps, x);
  const [left, right] = [steps[after - 1], steps[after]];
  if (left === undefined || right === undefined) return NaN;
  return (x - left <= right - x ? values[after - 1] : values[after]) ?? NaN;
}

/** The least and the greatest of each stretch, in the order in which they came. */
function thin({ steps, values, pyramid }: Line): { readonly steps: Float64Array; readonly values: Float64Array } {
  const stretch = Math.max(1, Math.ceil(values.length / sparkWidth));
  const kept: number[] = [];
  for (let start = 0; start < values.length; start += stretch) {
    const { low, high } = pyramid.extremes(start, Math.min(values.length, start + stretch));
    if (low < 0) continue;
    kept.push(...(low === high ? [low] : [Math.min(low, high), Math.max(low, high)]));
  }
  return {
    steps: Float64Array.from(kept, (i) => steps[i] ?? NaN),
    values: Float64Array.from(kept, (i) => values[i] ?? NaN),
  };
}
