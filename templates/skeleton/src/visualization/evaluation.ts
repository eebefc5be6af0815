// Stage "evaluate": draws, for every trained model, how it learned and what it confuses, and writes what it reached on the test
// split to reports/metrics.json ("dvc metrics diff" compares it with another version).
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readCsv } from '../data/csv.ts';
import { circle, colors, line, move, rect, svg, text, ticks } from './svg.ts';

const FIGURES = 'reports/figures';

interface Answer {
  label: string;
  predicted: string;
}

const models = readdirSync('models')
  .sort()
  .filter((model) => existsSync(`models/${model}/predictions.csv`));
if (models.length === 0) throw new Error('No trained model stands in models/.');

mkdirSync(FIGURES, { recursive: true });
const metrics: Record<string, ReturnType<typeof score>> = {};
for (const model of models) {
  const history = JSON.parse(readFileSync(`models/${model}/history.json`, 'utf8'));
  const answers = readCsv(`models/${model}/predictions.csv`)
    .filter(({ split }) => split === 'test')
    .map(({ label, predicted }) => ({ label, predicted }));
  metrics[model] = score(answers);
  writeFileSync(`${FIGURES}/${model}_learning_curves.svg`, drawCurves(model, history));
  writeFileSync(`${FIGURES}/${model}_confusion_matrix.svg`, drawConfusion(model, answers));
  console.log(`${model}: ${percent(metrics[model].accuracy)} of ${answers.length} test digits are right.`);
}
writeFileSync('reports/metrics.json', `${JSON.stringify(metrics, null, 2)}\n`);

/** Fractions; precision, recall and F1 are means over the classes, each class counting the same (macro). */
function score(answers: Answer[]) {
  const right = answers.filter(({ label, predicted }) => label === predicted).length;
  const classes = classesOf(answers).map((label) => {
    const isRight = answers.filter((answer) => answer.label === label && answer.predicted === label).length;
    const precision = share(isRight, answers.filter(({ predicted }) => predicted === label).length);
    const recall = share(isRight, answers.filter((answer) => answer.label === label).length);
    return { precision, recall, f1: share(2 * precision * recall, precision + recall) };
  });
  const mean = (name: 'precision' | 'recall' | 'f1') =>
    share(
      classes.reduce((sum, scores) => sum + scores[name], 0),
      classes.length,
    );
  const rounded = (value: number) => Number(value.toFixed(6));
  return {
    accuracy: rounded(share(right, answers.length)),
    precision: rounded(mean('precision')),
    recall: rounded(mean('recall')),
    f1: rounded(mean('f1')),
  };
}

/** One chart for the loss and one for the metric: training dashed, validation solid, its best epoch ringed. */
function drawCurves(model: string, history: Record<string, number[]>): string {
  const names = Object.keys(history)
    .filter((name) => name.startsWith('val_'))
    .map((name) => name.slice('val_'.length));
  return svg(
    names.length * 360 + 20,
    312,
    text(20, 26, `${model}: learning curves`, { 'font-weight': 600, 'font-size': 14 }),
    text(20, 44, 'training dashed, validation solid, by epochs', { fill: colors.dim }),
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
      text(left - 8, y(value) + 4, value, { 'text-anchor': 'end', 'font-size': 11, 'fill': colors.dim }),
    ]),
    ...ticks(1, epochs)
      .filter((value) => Number.isInteger(value) && value >= 1)
      .map((value) =>
        text(x(value), top + height + 20, value, { 'text-anchor': 'middle', 'font-size': 11, 'fill': colors.dim }),
      ),
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
  return name.includes('acc');
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

/** Rows are what the digits are, columns what they were taken for. What went wrong is red; what never happened stays blank. */
function drawConfusion(model: string, answers: Answer[]): string {
  const [left, top, cell] = [64, 96, 36];
  const classes = classesOf(answers);
  const count = (label: string, predicted: string) =>
    answers.filter((answer) => answer.label === label && answer.predicted === predicted).length;
  const cells = classes.flatMap((label, row) =>
    classes.map((predicted, column) => ({ label, predicted, row, column, count: count(label, predicted) })),
  );
  const errors = cells.filter(({ label, predicted }) => label !== predicted);
  const worst = errors.reduce((most, error) => (error.count > most.count ? error : most));
  const size = cell * classes.length;
  const centred = { 'text-anchor': 'middle' };
  return svg(
    Math.max(left + size + 24, 460),
    top + size + 24,
    text(20, 26, `${model}: ${percent(score(answers).accuracy)} of ${answers.length} right`, {
      'font-weight': 600,
      'font-size': 14,
    }),
    text(20, 44, describeWorst(worst, answers), { fill: colors.dim }),
    text(left + size / 2, top - 26, 'was read as', { ...centred, fill: colors.dim }),
    text(20, top + size / 2, 'is', { fill: colors.dim }),
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
    ...cells
      .filter((each) => each.count > 0)
      .map(({ label, predicted, row, column, count: found }) => {
        const [x, y] = [left + column * cell, top + row * cell];
        if (label === predicted) return text(x + cell / 2, y + cell / 2 + 4, found, { ...centred, fill: colors.dim });
        const strength = 0.15 + 0.85 * (found / worst.count);
        return [
          rect(x + 1, y + 1, cell - 2, cell - 2, { 'fill': colors.error, 'fill-opacity': strength.toFixed(2) }),
          text(x + cell / 2, y + cell / 2 + 4, found, {
            ...centred,
            'font-weight': 600,
            'fill': strength > 0.5 ? '#ffffff' : colors.text,
          }),
        ].join('\n');
      }),
  );
}

function describeWorst(worst: Answer & { count: number }, answers: Answer[]): string {
  if (worst.count === 0) return 'Nothing was confused with anything.';
  const all = answers.filter(({ label }) => label === worst.label).length;
  return `The worst: ${worst.count} of ${all} times, a ${worst.label} was read as a ${worst.predicted}.`;
}

function classesOf(answers: Answer[]): string[] {
  const names = new Set(answers.flatMap(({ label, predicted }) => [label, predicted]));
  return [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}
