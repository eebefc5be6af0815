// How good predictions are, from labels and outputs alone: pure functions. Means over classes are macro means as
// scikit-learn takes them: over every class that occurs among labels or predictions, a quotient with denominator 0 being 0.

export interface Scores {
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Label and prediction of each example; classes are numbers. */
export interface Answers {
  readonly labels: Float64Array;
  readonly predicted: Float64Array;
}

/** Fractions 0 … 1 over at least one example. */
export function scoreClasses({ labels, predicted }: Answers): Scores {
  const classes = new Map<number, { truths: number; guesses: number; hits: number }>();
  const countOf = (label: number): { truths: number; guesses: number; hits: number } => {
    const known = classes.get(label) ?? { truths: 0, guesses: 0, hits: 0 };
    classes.set(label, known);
    return known;
  };
  let hits = 0;
  labels.forEach((label, index) => {
    const guess = predicted[index] ?? NaN;
    countOf(label).truths += 1;
    countOf(guess).guesses += 1;
    if (guess !== label) return;
    countOf(label).hits += 1;
    hits += 1;
  });
  const each = [...classes.values()].map((count) => {
    const precision = quotient(count.hits, count.guesses);
    const recall = quotient(count.hits, count.truths);
    return { precision, recall, f1: quotient(2 * count.hits, count.truths + count.guesses) };
  });
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    accuracy: hits / labels.length,
    precision: mean(each.map(({ precision }) => precision)),
    recall: mean(each.map(({ recall }) => recall)),
    f1: mean(each.map(({ f1 }) => f1)),
  };
}

const quotient = (numerator: number, denominator: number): number => (denominator === 0 ? 0 : numerator / denominator);

/** What the numbers that a model gives mean. */
export type LabelRule =
  /** One number per class: the greatest wins. */
  | { readonly kind: 'classes' }
  /** One number, rounded to a whole label from `low` to `high`: classes in an order, as digits read by their value. */
  | { readonly kind: 'rounded'; readonly low: number; readonly high: number }
  /** One number, as it is. */
  | { readonly kind: 'amount' };

/** Whole numbers further apart are counts, prices or years: amounts, of which a rounded guess hits next to none. */
const maxRoundedLabels = 100;

/** `targets` are those of every split, `width` numbers each; `outputWidth` numbers come out of the model for an example. */
export function chooseLabelRule(targets: readonly Float32Array[], width: number, outputWidth: number): LabelRule {
  if (width > 1 || outputWidth > 1) return { kind: 'classes' };
  let low = Infinity;
  let high = -Infinity;
  for (const values of targets)
    for (const value of values) {
      if (!Number.isInteger(value)) return { kind: 'amount' };
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  return high - low < maxRoundedLabels ? { kind: 'rounded', low, high } : { kind: 'amount' };
}

/** `targets` and `outputs`: `width` and `outputWidth` numbers per example. */
export function answer(
  rule: LabelRule,
  targets: Float32Array,
  width: number,
  outputs: Float32Array,
  outputWidth: number,
): Answers {
  const read = (values: Float32Array, size: number, toLabel: (value: number) => number): Float64Array =>
    Float64Array.from({ length: values.length / size }, (_, i) =>
      size > 1 ? indexOfGreatest(values.subarray(i * size, (i + 1) * size)) : toLabel(values[i] ?? NaN),
    );
  const asIs = (value: number): number => value;
  const toLabel =
    rule.kind === 'rounded'
      ? (value: number): number => Math.min(rule.high, Math.max(rule.low, Math.round(value)))
      : asIs;
  return { labels: read(targets, width, asIs), predicted: read(outputs, outputWidth, toLabel) };
}

function indexOfGreatest(values: Float32Array): number {
  let greatest = 0;
  values.forEach((value, index) => {
    if (value > (values[greatest] ?? -Infinity)) greatest = index;
  });
  return greatest;
}
