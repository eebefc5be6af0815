import type { DrawnPlot, PlotsMessage, PlotsQuestion, PointsPlot } from './plots.ts';
import {
  count,
  flag,
  isRecord,
  listOf,
  oneOf,
  orNull,
  parserOf,
  shaped,
  text,
  type Check,
  type Shapes,
} from './shapes.ts';

// Parsers of what the page of runs and the extension tell each other about plots. Both sides take them over beside the parsers of the rest
// (`runtablecodec.ts`).

export const plotsVersion = 1;

const numbers: Check = (value) => value instanceof Float64Array;
const head = { id: text, title: text, xLabel: text, yLabel: text, left: count };
const line = shaped({ revision: text, label: text, x: numbers, y: numbers });
const series: Check = (value) =>
  line(value) && isRecord(value) && (value['x'] as Float64Array).length === (value['y'] as Float64Array).length;
const lines = { ...head, names: listOf(text), series: listOf(series) };
const bars = shaped({ revision: text, label: text, values: numbers });
const matrix: Check = (value) =>
  shaped({ revision: text, label: text, classes: listOf(text) })(value) &&
  isRecord(value) &&
  value['counts'] instanceof Uint32Array &&
  value['counts'].length === (value['classes'] as readonly string[]).length ** 2;
const image = shaped({ revision: text, file: text, bytes: (value) => value instanceof Uint8Array });

const plots: Readonly<Record<DrawnPlot['kind'], Readonly<Record<string, Check>>>> = {
  lines,
  smooth: lines,
  points: lines,
  bars: { ...head, names: listOf(text), series: listOf(bars) },
  confusion: { ...head, isNormalized: flag, matrices: listOf(matrix) },
  vega: { ...head, plot: text },
  images: { ...head, images: listOf(image) },
};
const plot: Check = (value) =>
  isRecord(value) &&
  oneOf(...Object.keys(plots))(value['kind']) &&
  shaped(plots[value['kind'] as DrawnPlot['kind']])(value);
const problem = shaped({ file: text, line: count, column: count, severity: oneOf('error', 'warning'), message: text });

/** The page's question, for the table of all that it asks. */
export const plotsQuestions: Shapes<PlotsQuestion> = {
  askPlots: { question: count, revisions: listOf(text), runIds: listOf(text) },
};

const messages: Shapes<PlotsMessage> = {
  plots: {
    protocol: (value) => value === plotsVersion,
    question: count,
    plots: listOf(plot),
    problems: listOf(problem),
    failure: orNull(text),
  },
};

export const parsePlotsMessage: (value: unknown) => PlotsMessage | undefined = parserOf(messages);

const pointsPlot = shaped({
  ...{ kind: oneOf('points'), id: text, title: text, template: text, x: text, y: text, xLabel: text, yLabel: text },
  series: listOf(shaped({ revision: text, label: text, file: text, column: text, rows: listOf(isRecord) })),
});

/** A plot as it came as JSON; undefined for what is none. */
export function parsePointsPlot(json: string): PointsPlot | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return pointsPlot(value) ? (value as PointsPlot) : undefined;
  } catch {
    // No JSON: no plot either.
    return undefined;
  }
}
