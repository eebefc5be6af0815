import type { bandNames } from '../../protocol/runsview.ts';
import { linearTicks, formatTicks, tQuantile, valueRange } from '../charts/charts.ts';
import { boxesOf, type Box } from './boxes.ts';
import type { Frame } from './scatter.ts';

type Band = (typeof bandNames)[number];

/** Runs with the same value of a param. */
export interface Group {
  readonly name: string;
  /** Indices of those that have a number. */
  readonly runs: readonly number[];
  readonly box: Box;
  /** Around the mean; nothing where a single value says nothing of it. */
  readonly band: readonly [low: number, high: number] | null;
}

export interface Groups {
  readonly groups: readonly Group[];
  /** How many more there are. */
  readonly more: number;
}

/** More have no room, and compare nothing. */
const mostGroups = 24;

/**
 * Groups in the order of their values. Of more than 24 those of most runs; of runs without a value of the param, or without a finite number of the metric, nothing.
 */
export function groupRuns(
  by: readonly (string | number | null)[],
  values: readonly (string | number | null)[],
  band: Band,
): Groups {
  const known = [...by.keys()].filter((run) => by[run] !== null && Number.isFinite(values[run]));
  const all = [...Map.groupBy(known, (run) => by[run] ?? '')];
  const kept = all.toSorted(([, a], [, b]) => b.length - a.length).slice(0, mostGroups);
  kept.sort(([a], [b]) => compare(a, b));
  const groups = kept.map(([value, runs]) => toGroup(String(value), runs, values, band));
  return { groups, more: all.length - kept.length };
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

function toGroup(
  name: string,
  runs: readonly number[],
  values: readonly (string | number | null)[],
  band: Band,
): Group {
  const own = runs.map((run) => Number(values[run]));
  const [box] = boxesOf(own.map((value) => ({ group: name, value })));
  if (box === undefined) throw new Error('A group has at least one number.');
  return { name, runs, box, band: bandAround(own, box.mean, band) };
}

/** Half widths in standard deviations of the sample, by the number of values. */
const spreads: Readonly<Record<Exclude<Band, 'range'>, (count: number) => number>> = {
  deviation: () => 1,
  error: (count) => 1 / Math.sqrt(count),
  confidence: (count) => tQuantile(0.975, count - 1) / Math.sqrt(count),
};

function bandAround(values: readonly number[], mean: number, band: Band): Group['band'] {
  if (values.length < 2) return null;
  if (band === 'range') return [Math.min(...values), Math.max(...values)];
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const half = spreads[band](values.length) * Math.sqrt(squares / (values.length - 1));
  return [mean - half, mean + half];
}

/** Where groups stand: names at the left, one row each, values along a common axis. */
export interface GroupsPlan extends Frame {
  readonly rows: readonly { readonly middle: number; readonly half: number }[];
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
  readonly x: (value: number) => number;
}

const margins = { top: 12, right: 96, bottom: 44 } as const;
const widestRow = 44;

/** Bars begin at zero, since their length is what is compared; boxes fill the axis. */
export function planGroups(
  groups: readonly Group[],
  kind: 'bars' | 'boxes',
  { width, height, names }: { readonly width: number; readonly height: number; readonly names: number },
): GroupsPlan {
  const ends = groups.flatMap(({ box, band }) =>
    kind === 'bars' ? [0, box.mean, ...(band ?? [])] : [...box.whiskers, ...box.outliers],
  );
  const range = valueRange({ min: Math.min(...ends), max: Math.max(...ends) }, 'linear');
  const [left, right] = [names + 24, Math.max(names + 64, width - margins.right)];
  const x = (value: number): number => left + ((value - range.min) / (range.max - range.min)) * (right - left);
  const room = Math.max(0, height - margins.top - margins.bottom);
  const row = Math.min(widestRow, room / Math.max(1, groups.length));
  const ticks = linearTicks(range.min, range.max, Math.max(2, Math.floor((right - left) / 96)));
  const labels = formatTicks(ticks);
  return {
    ...{ left, right, x, top: margins.top, bottom: margins.top + row * groups.length },
    rows: groups.map((_, i) => ({ middle: margins.top + (i + 0.5) * row, half: row * 0.3 })),
    ticks: ticks.map((tick, i) => ({ x: x(tick), label: labels[i] ?? '' })),
  };
}
