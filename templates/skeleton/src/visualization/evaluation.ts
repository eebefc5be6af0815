// Stage "evaluate": draws, for every trained model, how it learned and how its answers differ from the truth, and writes what it
// reached on the test split to reports/metrics.json ("dvc metrics diff" compares it with another version).
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readCsv } from '../data/csv.ts';
import { drawConfusion, drawCurves, drawScatter, type Answer } from './figures.ts';

type Row = Record<string, string>;

const FIGURES = 'reports/figures';
/** Whole numbers further apart are counts or prices rather than classes. */
const MOST_CLASSES = 100;

const models = readdirSync('models')
  .sort()
  .filter((model) => existsSync(`models/${model}/predictions.csv`));
if (models.length === 0) throw new Error('No trained model stands in models/.');

mkdirSync(FIGURES, { recursive: true });
const metrics: Record<string, Record<string, number>> = {};
for (const model of models) {
  const history = JSON.parse(readFileSync(`models/${model}/history.json`, 'utf8'));
  writeFileSync(`${FIGURES}/${model}_learning_curves.svg`, drawCurves(model, history));

  const rows = readCsv(`models/${model}/predictions.csv`).filter(({ split }) => split === 'test');
  if (rows.length === 0) {
    console.log(`${model}: there are no answers for test examples.`);
    continue;
  }
  const { scores, summary, name, figure } = areAmounts(rows)
    ? evaluateAmounts(model, rows)
    : evaluateClasses(model, rows);
  // By the names that they have in runs and in tests/<model>.checks.yaml.
  metrics[model] = Object.fromEntries(Object.entries(scores).map(([score, value]) => [`test_${score}`, value]));
  writeFileSync(`${FIGURES}/${model}_${name}.svg`, figure);
  console.log(`${model}: ${summary}.`);
}
writeFileSync('reports/metrics.json', `${JSON.stringify(metrics, null, 2)}\n`);

/** Whether the model gives amounts (a regression) rather than classes. */
function areAmounts(rows: Row[]): boolean {
  if (rows.some(({ label, probabilities }) => probabilities !== '' || Number.isNaN(Number(label)))) return false;
  let [low, high] = [Infinity, -Infinity];
  for (const value of rows.flatMap(({ label, predicted }) => [Number(label), Number(predicted)])) {
    if (!Number.isInteger(value)) return true;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low >= MOST_CLASSES;
}

/** Mean absolute error, and the root of the mean squared error: both in the unit of the target. */
function evaluateAmounts(model: string, rows: Row[]) {
  const answers = rows.map(({ label, predicted }) => ({ label: Number(label), predicted: Number(predicted) }));
  const errors = answers.map(({ label, predicted }) => predicted - label);
  const rounded = (value: number) => Number(value.toPrecision(6));
  const scores = {
    mae: rounded(mean(errors.map(Math.abs))),
    rmse: rounded(Math.sqrt(mean(errors.map((error) => error ** 2)))),
  };
  const summary = `off by ${Number(scores.mae.toPrecision(4))} on average, ${rows.length} test examples`;
  return { scores, summary, name: 'scatter', figure: drawScatter(model, summary, answers) };
}

/** Fractions; precision, recall and F1 are means over the classes, each class counting the same (macro). */
function evaluateClasses(model: string, rows: Row[]) {
  const answers = rows.map(({ label, predicted }) => ({ label, predicted }));
  const right = answers.filter(({ label, predicted }) => label === predicted);
  const hits = countBy(right, 'label');
  const truths = countBy(answers, 'label');
  const guesses = countBy(answers, 'predicted');
  const classes = [...new Set([...truths.keys(), ...guesses.keys()])].map((name) => {
    const [hit, truth, guess] = [hits, truths, guesses].map((counts) => counts.get(name) ?? 0);
    return { precision: hit / (guess || 1), recall: hit / (truth || 1), f1: (2 * hit) / (truth + guess) };
  });
  const rounded = (value: number) => Number(value.toFixed(6));
  const scores = {
    accuracy: rounded(right.length / rows.length),
    precision: rounded(mean(classes.map(({ precision }) => precision))),
    recall: rounded(mean(classes.map(({ recall }) => recall))),
    f1: rounded(mean(classes.map(({ f1 }) => f1))),
  };
  const summary = `${(scores.accuracy * 100).toFixed(1)} % of ${rows.length} test examples are right`;
  return { scores, summary, name: 'confusion_matrix', figure: drawConfusion(model, summary, answers) };
}

function countBy(answers: Answer<string>[], key: 'label' | 'predicted'): Map<string, number> {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer[key], (counts.get(answer[key]) ?? 0) + 1);
  return counts;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
