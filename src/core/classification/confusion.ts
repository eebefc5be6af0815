import type { Classified } from './classified.ts';

/** How often a class (row) was taken for a class (column): `counts[row × n + column]`. */
export interface Confusion {
  readonly classes: readonly string[];
  readonly counts: Uint32Array;
}

export function countConfusion({
  classes,
  actual,
  predicted,
}: Pick<Classified, 'classes' | 'actual' | 'predicted'>): Confusion {
  const counts = new Uint32Array(classes.length ** 2);
  actual.forEach((row, i) => {
    const cell = row * classes.length + (predicted[i] ?? 0);
    counts[cell] = (counts[cell] ?? 0) + 1;
  });
  return { classes, counts };
}

/** Each count as a part of its row (how a class was read), of its column (what a prediction is worth), or of all; NaN in a row or column without examples. */
export function confusionRates({ classes, counts }: Confusion, of: 'row' | 'column' | 'all'): Float64Array {
  const size = classes.length;
  const sums = new Float64Array(size + 1);
  const groupOf = (cell: number): number =>
    of === 'row' ? Math.floor(cell / size) : of === 'column' ? cell % size : size;
  counts.forEach((count, cell) => (sums[groupOf(cell)] = (sums[groupOf(cell)] ?? 0) + count));
  return Float64Array.from(counts, (count, cell) => count / (sums[groupOf(cell)] ?? 0));
}

/** The error that was made most often: `count` of the `of` examples of `actual`. */
export interface WorstError {
  readonly actual: string;
  readonly predicted: string;
  readonly count: number;
  readonly of: number;
}

/** Undefined when there is no error; of equal ones the first by row. */
export function worstError({ classes, counts }: Confusion): WorstError | undefined {
  const size = classes.length;
  let worst = -1;
  counts.forEach((count, cell) => {
    if (cell % (size + 1) !== 0 && count > (counts[worst] ?? 0)) worst = cell;
  });
  if (worst < 0) return undefined;
  const row = Math.floor(worst / size);
  const of = counts.subarray(row * size, (row + 1) * size).reduce((sum, count) => sum + count, 0);
  return { actual: classes[row] ?? '', predicted: classes[worst % size] ?? '', count: counts[worst] ?? 0, of };
}

interface ClassScores {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Examples of the class. */
  readonly support: number;
}

export interface ClassReport {
  readonly perClass: readonly ClassScores[];
  /** NaN without examples. */
  readonly accuracy: number;
  /** Over classes that occur among labels or predictions, each counting alike. */
  readonly macro: ClassScores;
  /** By support. */
  readonly weighted: ClassScores;
}

/** As scikit-learn's `classification_report`: F1 = 2TP / (2TP + FP + FN); a quotient with denominator 0 is 0. */
export function reportClasses({ classes, counts }: Confusion): ClassReport {
  const size = classes.length;
  const sum = (cells: readonly number[]): number => cells.reduce((total, cell) => total + (counts[cell] ?? 0), 0);
  const indices = classes.map((_, index) => index);
  const perClass = classes.map((name, own): ClassScores & { readonly guesses: number } => {
    const hits = counts[own * size + own] ?? 0;
    const support = sum(indices.map((other) => own * size + other));
    const guesses = sum(indices.map((other) => other * size + own));
    const scores = {
      precision: quotient(hits, guesses),
      recall: quotient(hits, support),
      f1: quotient(2 * hits, support + guesses),
    };
    return { name, ...scores, support, guesses };
  });
  const occurring = perClass.filter(({ support, guesses }) => support + guesses > 0);
  const total = sum([...counts.keys()]);
  return {
    perClass: perClass.map(({ name, precision, recall, f1, support }) => ({ name, precision, recall, f1, support })),
    accuracy: sum(indices.map((own) => own * size + own)) / total,
    macro: meanScores('macro', occurring, () => 1, total),
    weighted: meanScores('weighted', occurring, ({ support }) => support, total),
  };
}

function meanScores(
  name: string,
  all: readonly ClassScores[],
  weightOf: (one: ClassScores) => number,
  support: number,
): ClassScores {
  const weight = all.reduce((sum, one) => sum + weightOf(one), 0);
  const mean = (key: 'precision' | 'recall' | 'f1'): number =>
    quotient(
      all.reduce((sum, one) => sum + weightOf(one) * one[key], 0),
      weight,
    );
  return { name, precision: mean('precision'), recall: mean('recall'), f1: mean('f1'), support };
}

const quotient = (numerator: number, denominator: number): number => (denominator === 0 ? 0 : numerator / denominator);
