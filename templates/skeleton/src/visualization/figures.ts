// What stage "evaluate" draws: learning curves, and answers against the truth.
import { circle, colors, line, move, rect, svg, text, ticks } from './svg.ts';

/** The true label of an example (a number, the name of a class) and what the model made of it. */
export interface Answer<Label> {
  label: Label;
  predicted: Label;
}

/** More points than this hide each other. */
const MOST_POINTS = 1000;

const heading = { 'font-weight': 600, 'font-size': 14 };
const dim = { fill: colors.dim };
const centred = { 'text-anchor': 'middle' };
const small = { 'font-size': 11, 'fill': colors.dim };

/** One chart for the loss and one for the metric: training dashed, validation solid, its best epoch ringed. */
export function drawCurves(model: string, history: Record<string, number[]>): string {
  const names = Object.keys(history)
    .filter((name) => name.startsWith('val_'))
    .map((name) => name.slice('val_'.length));
  return svg(
    names.length * 360 + 20,
    312,
    text(20, 26, `${model}: learning curves`, heading),
    text(20, 44, 'training dashed, validation solid, by epochs', dim),
    ...names.map((name, i) => move(20 + i * 360, 72, drawCurve(name, history))),
  );
}

function drawCurve(name: string, history: Record<string, number[]>): string {
  const [left, top, width, height] = [40, 24, 280, 180];
  const validation = history[`val_${name}`].map(Number);
  const training = (history[`training_${name}`] ?? []).map(Number);
  const values = [...validation, ...training].filter(Number.isFinite);
  if (values.length === 0) return text(0, 4, `${name}: nothing but values that are no numbers.`);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const epochs = Math.max(validation.length, training.length);
  const x = (epoch: number) => left + (epochs === 1 ? width / 2 : ((epoch - 1) / (epochs - 1)) * width);
  const y = (value: number) => top + (1 - (value - low) / (high - low || 1)) * height;
  const places = (series: number[]) =>
    series.map((value, i): [number, number] => [x(i + 1), y(value)]).filter(([, place]) => Number.isFinite(place));

  const best = findBest(name, validation);
  return [
    text(0, 4, name, { 'font-weight': 600 }),
    ...ticks(low, high).flatMap((value) => [
      line(
        [
          [left, y(value)],
          [left + width, y(value)],
        ],
        { stroke: colors.grid },
      ),
      text(left - 8, y(value) + 4, value, { 'text-anchor': 'end', ...small }),
    ]),
    ...ticks(1, epochs)
      .filter((value) => Number.isInteger(value) && value >= 1)
      .map((value) => text(x(value), top + height + 20, value, { ...centred, ...small })),
    line(places(training), { 'stroke': colors.data, 'stroke-width': 1.5, 'stroke-dasharray': '4 3', 'opacity': 0.7 }),
    line(places(validation), { 'stroke': colors.data, 'stroke-width': 1.5 }),
    ...(best === undefined ? [] : markBest(name, best, x(best.epoch), y(best.value), best.epoch > epochs / 2)),
  ].join('\n');
}

/** The validation's best value; undefined when none is a number. */
function findBest(name: string, validation: number[]): { epoch: number; value: number } | undefined {
  const values = validation.filter(Number.isFinite);
  if (values.length === 0) return undefined;
  const value = isBetterHigh(name) ? Math.max(...values) : Math.min(...values);
  return { epoch: validation.indexOf(value) + 1, value };
}

function isBetterHigh(name: string): boolean {
  return /acc|auc|precision|recall|f1|r2/i.test(name);
}

function markBest(
  name: string,
  best: { epoch: number; value: number },
  x: number,
  y: number,
  isLate: boolean,
): string[] {
  return [
    circle(x, y, 4, { 'fill': '#ffffff', 'stroke': colors.data, 'stroke-width': 1.5 }),
    text(x + (isLate ? -8 : 8), y + (isBetterHigh(name) ? 20 : -12), `${best.value.toPrecision(3)} at ${best.epoch}`, {
      'text-anchor': isLate ? 'end' : 'start',
      'stroke': '#ffffff',
      'stroke-width': 3,
      'paint-order': 'stroke',
    }),
  ];
}

/** Rows are what the examples are, columns what they were taken for. What went wrong is red; what never happened stays blank. */
export function drawConfusion(model: string, summary: string, answers: Answer<string>[]): string {
  const [left, top, cell] = [64, 96, 36];
  const classes = classesOf(answers);
  const cells = countCells(answers);
  const worst = cells
    .filter(({ label, predicted }) => label !== predicted)
    .reduce((most, error) => (error.count > most.count ? error : most), { label: '', predicted: '', count: 0 });
  const size = cell * classes.length;
  return svg(
    Math.max(left + size + 24, 460),
    top + size + 24,
    text(20, 26, `${model}: ${summary}`, heading),
    text(20, 44, describeWorst(worst, answers), dim),
    text(left + size / 2, top - 26, 'was taken for', { ...centred, ...dim }),
    text(20, top + size / 2, 'is', dim),
    ...classes.flatMap((label, i) => [
      text(left + (i + 0.5) * cell, top - 8, label, centred),
      text(left - 12, top + (i + 0.5) * cell + 4, label, { 'text-anchor': 'end' }),
      line(
        [
          [left, top + i * cell],
          [left + size, top + i * cell],
        ],
        { stroke: colors.grid },
      ),
    ]),
    ...cells.map(({ label, predicted, count }) => {
      const [x, y] = [left + classes.indexOf(predicted) * cell, top + classes.indexOf(label) * cell];
      if (label === predicted) return text(x + cell / 2, y + cell / 2 + 4, count, { ...centred, ...dim });
      const strength = 0.15 + 0.85 * (count / worst.count);
      return [
        rect(x + 1, y + 1, cell - 2, cell - 2, { 'fill': colors.error, 'fill-opacity': strength.toFixed(2) }),
        text(x + cell / 2, y + cell / 2 + 4, count, {
          ...centred,
          'font-weight': 600,
          'fill': strength > 0.5 ? '#ffffff' : colors.text,
        }),
      ].join('\n');
    }),
  );
}

/** How often each label was taken for what; only what happened. */
function countCells(answers: Answer<string>[]): (Answer<string> & { count: number })[] {
  const cells = new Map<string, Answer<string> & { count: number }>();
  for (const { label, predicted } of answers) {
    const key = JSON.stringify([label, predicted]);
    const cell = cells.get(key) ?? { label, predicted, count: 0 };
    cell.count += 1;
    cells.set(key, cell);
  }
  return [...cells.values()];
}

function describeWorst(worst: Answer<string> & { count: number }, answers: Answer<string>[]): string {
  if (worst.count === 0) return 'Nothing was confused with anything.';
  const all = answers.filter(({ label }) => label === worst.label).length;
  return `The worst: ${worst.count} of ${all} times, ${worst.label} was taken for ${worst.predicted}.`;
}

function classesOf(answers: Answer<string>[]): string[] {
  const names = new Set(answers.flatMap(({ label, predicted }) => [label, predicted]));
  return [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** Each example as a point: its true value to the right, the predicted one upwards. On the line they are the same. */
export function drawScatter(model: string, summary: string, answers: Answer<number>[]): string {
  const [left, top, size] = [72, 88, 320];
  const points = answers.filter(({ label, predicted }) => Number.isFinite(label) && Number.isFinite(predicted));
  const step = Math.ceil(points.length / MOST_POINTS);
  const shown = points.filter((_, i) => i % step === 0);
  const values = shown.flatMap(({ label, predicted }) => [label, predicted]);
  const [low, high] = values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
  const x = (value: number) => left + ((value - low) / (high - low || 1)) * size;
  const y = (value: number) => top + size - ((value - low) / (high - low || 1)) * size;
  return svg(
    500,
    top + size + 56,
    text(20, 26, `${model}: ${summary}`, heading),
    text(20, 44, `${shown.length} of ${answers.length} test examples; on the line, predicted is true`, dim),
    ...ticks(low, high).flatMap((value) => [
      line(
        [
          [left, y(value)],
          [left + size, y(value)],
        ],
        { stroke: colors.grid },
      ),
      text(left - 8, y(value) + 4, value, { 'text-anchor': 'end', ...small }),
      text(x(value), top + size + 20, value, { ...centred, ...small }),
    ]),
    line(
      [
        [x(low), y(low)],
        [x(high), y(high)],
      ],
      { stroke: colors.dim },
    ),
    ...shown.map(({ label, predicted }) =>
      circle(x(label), y(predicted), 2.5, { 'fill': colors.data, 'fill-opacity': 0.4 }),
    ),
    text(left + size / 2, top + size + 42, 'true', { ...centred, ...dim }),
    text(left, top - 14, 'predicted', { ...centred, ...dim }),
  );
}
