import { shownSplit, type PredictedSplit } from './predictions.ts';

/** Examples of one cell of the confusion matrix. */
export interface ChosenExamples {
  readonly split: string;
  /** All of the cell. */
  readonly total: number;
  /** The first of them: of errors the surest, of right answers the least sure, then in the order of the split. */
  readonly examples: readonly ChosenExample[];
  /** Of all examples of the split: what it must have for these numbers to mean the same examples. Null where lines could not be read. */
  readonly labels: readonly number[] | null;
}

interface ChosenExample {
  /** In the split, from 0. */
  readonly number: number;
  /** Of the class that was given; null where the model gave none. */
  readonly probability: number | null;
}

/** Undefined when there are no such classes. */
export function chooseExamples(
  splits: readonly PredictedSplit[],
  { actual, predicted, most }: { readonly actual: string; readonly predicted: string; readonly most: number },
): ChosenExamples | undefined {
  const shown = shownSplit(splits);
  if (shown === undefined) return undefined;
  const { name, examples, numbers } = shown;
  const { classes, scores } = examples;
  const [row, column] = [classes.indexOf(actual), classes.indexOf(predicted)];
  if (row < 0 || column < 0) return undefined;
  const found = [...examples.actual.keys()]
    .filter((i) => examples.actual[i] === row && examples.predicted[i] === column)
    .map((i): ChosenExample => ({
      number: numbers[i] ?? i,
      probability: scores === null ? null : (scores[i * classes.length + column] ?? null),
    }));
  const sign = row === column ? 1 : -1;
  const sorted = found.toSorted((a, b) => sign * ((a.probability ?? 0) - (b.probability ?? 0)) || a.number - b.number);
  const isWhole = numbers.every((number, i) => number === i);
  const labels = isWhole ? Array.from(examples.actual, (index) => Number(classes[index])) : null;
  return { split: name, total: found.length, examples: sorted.slice(0, most), labels };
}
