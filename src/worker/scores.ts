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

/** What a model was asked and what it answered, over a whole split: `width` and `outputWidth` numbers per example. */
export interface SplitAnswers {
  readonly targets: Float32Array;
  readonly width: number;
  readonly outputs: Float32Array;
  readonly outputWidth: number;
}

/** Precision, recall and F1 as {@link scoreClasses}; undefined where the targets are amounts, not classes. */
export function scoreSplit({ targets, width, outputs, outputWidth }: SplitAnswers): Scores | undefined {
  const rule = chooseLabelRule([targets], width, outputWidth);
  return rule.kind === 'amount' ? undefined : scoreClasses(answer(rule, targets, width, outputs, outputWidth));
}

/**
 * Part of the examples whose class is among the `k` likeliest; a tie counts for the model, as in Keras. Undefined for a model
 * with a single number as its answer.
 */
export function scoreTop({ targets, width, outputs, outputWidth }: SplitAnswers, k: number): number | undefined {
  if (outputWidth < 2) return undefined;
  const labels = labelsOf(targets, width);
  let hits = 0;
  labels.forEach((label, index) => {
    const row = outputs.subarray(index * outputWidth, (index + 1) * outputWidth);
    const own = row[label] ?? NaN;
    if (row.reduce((better, value) => better + Number(value > own), 0) < k && !Number.isNaN(own)) hits += 1;
  });
  return hits / labels.length;
}

/**
 * Area under the ROC curve: how probable it is that an example of the class gets a higher score than one of another, ties
 * counting half (Mann and Whitney). With more than two classes the mean over each against the rest. Undefined when no class has
 * examples on both sides, as with amounts.
 */
export function scoreAuc({ targets, width, outputs, outputWidth }: SplitAnswers): number | undefined {
  const labels = labelsOf(targets, width);
  const columns = outputWidth === 1 ? [0] : outputWidth === 2 ? [1] : Array.from({ length: outputWidth }, (_, i) => i);
  const areas = columns.flatMap((column) => {
    const scores = Float64Array.from(labels, (_, index) => outputs[index * outputWidth + column] ?? NaN);
    const positive = outputWidth === 1 ? 1 : column;
    return areaUnder(scores, (index) => labels[index] === positive) ?? [];
  });
  return areas.length === 0 ? undefined : areas.reduce((sum, area) => sum + area, 0) / areas.length;
}

function areaUnder(scores: Float64Array, isPositive: (index: number) => boolean): number | undefined {
  const ranked = Uint32Array.from(scores, (_, index) => index).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let rankSum = 0;
  let positives = 0;
  for (let first = 0; first < ranked.length;) {
    let next = first;
    let among = 0;
    while (next < ranked.length && scores[ranked[next] ?? 0] === scores[ranked[first] ?? 0]) {
      among += Number(isPositive(ranked[next] ?? 0));
      next += 1;
    }
    // NaN equals nothing, itself neither: a place of its own.
    next = Math.max(next, first + 1);
    rankSum += (among * (first + 1 + next)) / 2;
    positives += among;
    first = next;
  }
  const negatives = ranked.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** The number of each example's class: the target itself, or where the greatest of several stands. */
export function labelsOf(targets: Float32Array, width: number): Float64Array {
  return Float64Array.from({ length: targets.length / width }, (_, index) =>
    width > 1 ? indexOfGreatest(targets.subarray(index * width, (index + 1) * width)) : (targets[index] ?? NaN),
  );
}
