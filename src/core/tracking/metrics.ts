import type { MetricHistory, MetricPoint, MetricSummary, Objective } from '../../protocol/tracking.ts';

/** One point as a line of `metrics/<key>` holds it. `timestamp` in milliseconds since 1970. */
export interface TimedPoint extends MetricPoint {
  readonly timestamp: number;
}

export interface ParsedMetric {
  readonly points: readonly TimedPoint[];
  /** Bytes behind the last line end: a torn append, never data, even where they could be read as a point. */
  readonly partial: string;
  /** Whole lines that are no points. */
  readonly badLines: number;
}

/** `<timestamp> <value> <step>` with a line end, the value as Python's repr writes it (specs: MLflow's file layout). */
export function formatMetricLine({ timestamp, value, step }: TimedPoint): string {
  return `${timestamp} ${formatPythonFloat(value)} ${step}\n`;
}

/** Python's repr of a float: `1.0`, `1e-05`, `1e+16`, `nan`, `inf`, `-0.0`. Both languages print the same shortest digits. */
function formatPythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? '-' : '+';
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

const pythonWords: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, infinity: Infinity };
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** The number that a Python float was written from, or undefined. Also takes JavaScript's `NaN` and `Infinity`. */
export function parsePythonFloat(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  const sign = text.startsWith('-') ? -1 : 1;
  const word = pythonWords[text.replace(/^[+-]/, '').toLowerCase()];
  return word === undefined ? undefined : sign * word;
}

/** Points of a metric file in the file's order. Never throws, whatever the bytes: what is no point is counted. */
export function parseMetricLines(text: string): ParsedMetric {
  const points: TimedPoint[] = [];
  let badLines = 0;
  // A byte order mark, which editors of some systems put first.
  let start = text.startsWith('\ufeff') ? 1 : 0;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
    const from = start;
    const to = text[end - 1] === '\r' ? end - 1 : end;
    start = end + 1;
    if (from >= to) continue;
    const point = parsePlainLine(text, from, to) ?? parseMetricLine(text.slice(from, to));
    if (point === undefined) badLines += 1;
    else points.push(point);
  }
  return { points, partial: text.slice(start), badLines };
}

/** What nearly every line is, time, value and step in plain digits, in a third of the time; undefined: look again. */
function parsePlainLine(text: string, from: number, to: number): TimedPoint | undefined {
  let first = from;
  while (first < to && text.charCodeAt(first) !== 32) first += 1;
  let second = first + 1;
  while (second < to && isOfNumber(text.charCodeAt(second))) second += 1;
  if (second === first + 1 || second >= to || text.charCodeAt(second) !== 32) return undefined;
  const time = parseDigits(text, from, first);
  const step = parseDigits(text, second + 1, to);
  const value = Number(text.slice(first + 1, second));
  if (time === undefined || step === undefined || !Number.isFinite(value)) return undefined;
  return { timestamp: toMilliseconds(time), value, step };
}

/** A digit, sign, point or `e`. */
function isOfNumber(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 43 || code === 45 || code === 46 || code === 69 || code === 101;
}

/** Up to 15 digits, which a number holds exactly. */
function parseDigits(text: string, from: number, to: number): number | undefined {
  if (to <= from || to - from > 15) return undefined;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** Two fields (no step), three, or five (with a data set's name and digest, MLflow 3). */
function parseMetricLine(line: string): TimedPoint | undefined {
  const fields = line.split(' ');
  if (fields.length !== 2 && fields.length !== 3 && fields.length !== 5) return undefined;
  const [time = '', valueText = '', stepText = '0'] = fields;
  const value = parsePythonFloat(valueText);
  if (value === undefined || !/^-?\d+$/.test(time) || !/^-?\d+$/.test(stepText)) return undefined;
  return { timestamp: toMilliseconds(Number(time)), value, step: Number(stepText) };
}

/** Very old files have seconds; as milliseconds such a number would lie in January 1970. */
function toMilliseconds(time: number): number {
  return time >= 1e9 && time < 1e10 ? time * 1000 : time;
}

/** Ordered by step, then time; points of one step and time keep the file's order. */
export function toHistory(points: readonly TimedPoint[]): MetricHistory {
  const compare = (a: TimedPoint, b: TimedPoint): number => a.step - b.step || a.timestamp - b.timestamp;
  const isSorted = points.every((point, index) => index === 0 || compare(points[index - 1] ?? point, point) <= 0);
  const sorted = isSorted ? points : points.toSorted(compare);
  return {
    steps: sorted.map(({ step }) => step),
    values: sorted.map(({ value }) => value),
    timestamps: sorted.map(({ timestamp }) => timestamp),
  };
}

/** A metric in short, its best point not chosen yet; undefined without points. */
export function summarize(points: readonly TimedPoint[]): MetricSummary | undefined {
  const [first] = points;
  if (first === undefined) return undefined;
  let last = first;
  let min: TimedPoint | null = null;
  let max: TimedPoint | null = null;
  for (const point of points) {
    if (isLater(point, last)) last = point;
    if (Number.isNaN(point.value)) continue;
    if (min === null || point.value < min.value || isEarlierTie(point, min)) min = point;
    if (max === null || point.value > max.value || isEarlierTie(point, max)) max = point;
  }
  return {
    points: points.length,
    last: toPoint(last),
    min: toPointOrNull(min),
    max: toPointOrNull(max),
    best: null,
  };
}

/** The metrics of a run with the best point of its objective's. */
export function chooseBest(
  metrics: Readonly<Record<string, MetricSummary>>,
  objective: Objective | null,
): Readonly<Record<string, MetricSummary>> {
  if (objective === null || !Object.hasOwn(metrics, objective.metric)) return metrics;
  const own = metrics[objective.metric];
  if (own === undefined) return metrics;
  const best = objective.direction === 'minimize' ? own.min : own.max;
  return { ...metrics, [objective.metric]: { ...own, best } };
}

/** MLflow's order of the latest metric: by step, then time, then value; NaN is below every value. */
function isLater(a: TimedPoint, b: TimedPoint): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return a.value > b.value || (Number.isNaN(b.value) && !Number.isNaN(a.value));
}

function isEarlierTie(a: TimedPoint, b: TimedPoint): boolean {
  return a.value === b.value && a.step < b.step;
}

function toPoint({ value, step }: TimedPoint): MetricPoint {
  return { value, step };
}

function toPointOrNull(point: TimedPoint | null): MetricPoint | null {
  return point === null ? null : toPoint(point);
}
