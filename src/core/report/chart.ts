import {
  formatCount,
  formatDuration,
  formatTicks,
  formatValue,
  linearTicks,
  logTicks,
  stepTicks,
  type AskedAxis,
  type ChartAnswer,
  type Range,
} from '../charts/charts.ts';
import type { PlannedCard } from './cards.ts';
import { summaryOf } from '../runtable/runtable.ts';
import type { ReportChart } from './plan.ts';
import type { SvgChart, SvgKey, SvgLook } from './svg.ts';

/** Raw lines behind smoothed ones, runs beside means. */
const faint = { width: 1, opacity: 0.3 } as const;

/** Colour of a hue of lines; −1: of what stands for many. */
export type Paint = (hue: number) => string;

/** An answer of the book as a report has it. */
export function toReportChart(card: PlannedCard, answer: ChartAnswer, paint: Paint): ReportChart {
  const { lines, isWide } = card;
  const rows = lines.map(({ label }, index) => toRow(card, label, index, answer.last[index] ?? NaN));
  return { chart: toSvgChart(card, answer, paint), isWide, rows };
}

/** What a metric of one run has been; of means and expressions only where they have ended. */
function toRow({ ask, runs }: PlannedCard, label: string, index: number, end: number): ReportChart['rows'][number] {
  const { runs: members = [], measure = -1 } = ask.lines[index] ?? {};
  const [only, ...others] = members;
  const { text = '', isExpression = true } = ask.measures[measure] ?? {};
  const run = only === undefined || others.length > 0 || isExpression ? undefined : runs[only];
  const summary = run === undefined ? undefined : summaryOf(run, text);
  if (summary === undefined) return { label, last: end, lowest: null, highest: null };
  return { label, last: summary.last.value, lowest: summary.min, highest: summary.max };
}

/** Ready to be drawn. */
function toSvgChart({ title, detail, ask, lines, unit }: PlannedCard, answer: ChartAnswer, paint: Paint): SvgChart {
  const { axis, isLogX, scale, smoothing } = ask;
  const raw = smoothing === null ? [] : ask.raw;
  const keys = lines.map(({ label, hue, dash, isMean }): SvgKey => ({
    label,
    colour: paint(hue),
    width: isMean ? 2 : 1.5,
    dash,
  }));
  const behind = raw.map((index): SvgLook => ({ colour: paint(lines[index]?.hue ?? 0), dash: [], ...faint }));
  // Dashes of dense lines could not be told from the lines themselves.
  const looks = keys.map((key): SvgLook => ({ ...key, dash: answer.isDense ? [] : key.dash }));
  return {
    ...{ title, scale, window: answer.window, range: answer.range, marks: answer.marks, events: [] },
    detail: [detail, ...(answer.outside > 0 ? [`${formatCount(answer.outside)} outliers beyond the edges`] : [])]
      .filter((part) => part !== '')
      .join(', '),
    ticks: (most) => ticksOf(axis, isLogX, answer.window, most),
    axis: nameAxis({ axis, isLogX, unit }),
    x: [...answer.x],
    ys: splitLines(answer),
    looks: [...behind, ...looks],
    names: [
      ...behind.map(() => ''),
      ...keys.map(({ label }, index) => `${label}: last ${formatValue(answer.last[index] ?? NaN)}`),
    ],
    areas: answer.areas.map(([line, area]) => ({
      ...area,
      colour: paint(line < 0 ? -1 : (lines[line]?.hue ?? 0)),
      opacity: line < 0 ? 0.15 : 0.18,
    })),
    rings: ringsOf(
      answer,
      lines.map(({ hue }) => paint(hue)),
      { axis, isLogX, unit },
    ),
    keys: toKeys(lines, keys, paint),
  };
}

/** Training beside the rest is one entry of its own, and each run or group another. */
function toKeys(lines: PlannedCard['lines'], keys: readonly SvgKey[], paint: Paint): readonly SvgKey[] {
  const members = new Map(
    lines.flatMap(({ member, hue }) =>
      member === null
        ? []
        : [[JSON.stringify([member, hue]), { label: member, colour: paint(hue), width: 1.5, dash: [] }]],
    ),
  );
  if (members.size === 0) return keys;
  return [...members.values(), { label: 'dashed: training', colour: paint(-1), width: 1.5, dash: [4, 3] }];
}

/** One behind the other, to lines as the writer has them: NaN joins, infinity is a gap. */
function splitLines({ x, ys }: ChartAnswer): SvgChart['ys'] {
  if (x.length === 0) return [];
  return Array.from({ length: ys.length / x.length }, (_, line) =>
    Array.from(ys.subarray(line * x.length, (line + 1) * x.length), (value) =>
      Number.isNaN(value) ? undefined : Number.isFinite(value) ? value : null,
    ),
  );
}

interface XAxis {
  readonly axis: AskedAxis;
  readonly isLogX: boolean;
  readonly unit: PlannedCard['unit'];
}

function ringsOf({ best }: ChartAnswer, colours: readonly string[], { axis, isLogX, unit }: XAxis): SvgChart['rings'] {
  if (best === null) return [];
  const { x, value, line } = best;
  const at = isLogX ? 10 ** x : x;
  const words = `best ${formatValue(value)} at ${tellX(axis, at, unit)}`;
  return [{ x, value, words, colour: colours[line] ?? '' }];
}

function nameAxis({ axis, isLogX, unit }: XAxis): string {
  const names = { step: unit, epoch: 'epoch', relative: 'time since the start', wall: 'time, UTC' } as const;
  const name = axis.kind === 'metric' ? axis.metric : names[axis.kind];
  return isLogX ? `${name}, log` : name;
}

/** One value of the axis. */
function tellX({ kind }: AskedAxis, value: number, unit: PlannedCard['unit']): string {
  if (kind === 'relative') return formatDuration(value);
  if (kind === 'wall') return formatTime(value, 1);
  return kind === 'metric' ? formatValue(value) : `${kind === 'step' ? unit : kind} ${formatCount(value)}`;
}

interface Tick {
  readonly at: number;
  readonly label: string;
}

function ticksOf({ kind }: AskedAxis, isLogX: boolean, { min, max }: Range, most: number): readonly Tick[] {
  if (isLogX) {
    const ticks = logTicks(10 ** min, 10 ** max, most);
    const labels = formatTicks(ticks);
    return ticks.map((tick, index) => ({ at: Math.log10(tick), label: labels[index] ?? '' }));
  }
  if (kind === 'step' || kind === 'epoch')
    return stepTicks(min, max, most).map((at) => ({ at, label: formatCount(at) }));
  if (kind === 'metric') {
    const ticks = linearTicks(min, max, most);
    const labels = formatTicks(ticks);
    return ticks.map((at, index) => ({ at, label: labels[index] ?? '' }));
  }
  const unit = kind === 'wall' ? 1 : 1000;
  const every = stepOfTime(((max - min) * unit) / most);
  return multiples(min * unit, max * unit, every).map((at) => ({
    at: at / unit,
    label: kind === 'wall' ? formatTime(at, every) : formatSpan(at / 1000, every / 1000),
  }));
}

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
/** Round stretches of time, in milliseconds. */
const stretches = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => n),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => n * day),
];

function stepOfTime(least: number): number {
  return stretches.find((stretch) => stretch >= least) ?? Math.ceil(least / (1000 * day)) * 1000 * day;
}

function multiples(min: number, max: number, every: number): readonly number[] {
  const first = Math.ceil(min / every);
  const count = Math.floor(max / every) - first + 1;
  return Array.from({ length: Math.max(0, Math.min(100, count)) }, (_, i) => (first + i) * every);
}

/** In UTC: whoever opens the report sees the same. Beyond what a date can be, the number. */
function formatTime(time: number, every: number): string {
  if (!(Math.abs(time) <= 8.64e15)) return formatValue(time);
  const iso = new Date(time).toISOString();
  if (every >= day) return iso.slice(0, 10);
  if (every >= minute) return `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
  return every >= second ? iso.slice(11, 19) : iso.slice(11, 23);
}

function formatSpan(seconds: number, every: number): string {
  if (seconds === 0) return '0';
  if (seconds < 0) return `−${formatSpan(-seconds, every)}`;
  return every < 1 ? `${Number(seconds.toFixed(3))} s` : formatDuration(seconds).replace(/\.0 s$/, ' s');
}
