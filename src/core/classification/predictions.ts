import type { Parsed, Problem } from '../../protocol/problem.ts';
import { parseDelimited, toNumber, type Cell, type Table } from '../tables/tables.ts';
import { classify, type Classified } from './classified.ts';

/** What a model made of one split: classes, or amounts where labels are no whole numbers. */
export type PredictedSplit =
  | {
      readonly name: string;
      readonly kind: 'classes';
      readonly examples: Classified;
      /** Of each example its number in the split, from 0: lines that could not be read are counted as well. */
      readonly numbers: Uint32Array;
    }
  | {
      readonly name: string;
      readonly kind: 'amounts';
      readonly actual: Float64Array;
      readonly predicted: Float64Array;
    };

/**
 * Our `predictions.csv`: `split,label,predicted,probabilities`, the last one a number for each class, in the order of their indices, parted by blanks (empty for a model with a single number
 * as its answer). Splits in the order in which they come. Lines that can't be read are warnings and left out.
 */
export function parsePredictions(text: string, file: string): Parsed<readonly PredictedSplit[]> {
  const { value: table, problems } = parseDelimited(text, file, ',');
  if (table === undefined) return { value: undefined, problems };
  const places = ['split', 'label', 'predicted'].map((name) => table.columns.indexOf(name));
  const missing = ['split', 'label', 'predicted'].filter((_, i) => places[i] === -1);
  if (missing.length > 0) {
    const message = `The first line does not name ${missing.map((name) => `"${name}"`).join(', ')}.`;
    return { value: undefined, problems: [...problems, { file, line: 1, column: 1, severity: 'error', message }] };
  }
  const rows = readRows(table);
  const left = table.rows.length - rows.length;
  const leftOut: Problem[] =
    left === 0
      ? []
      : [
          {
            file,
            line: 1,
            column: 1,
            severity: 'warning',
            message: `Lines whose label or prediction is no number are left out: ${left}.`,
          },
        ];
  const splits = [...Map.groupBy(rows, ({ split }) => split)].map(([name, members]) => toSplit(name, members));
  return { value: splits, problems: [...problems, ...leftOut] };
}

/** The split that people are shown: the test split, else the last one that has classes. */
export function shownSplit(
  splits: readonly PredictedSplit[],
): Extract<PredictedSplit, { readonly kind: 'classes' }> | undefined {
  const known = splits.filter((split) => split.kind === 'classes');
  return known.find(({ name }) => name === 'test') ?? known.at(-1);
}

interface Row {
  readonly split: string;
  readonly number: number;
  readonly label: number;
  readonly predicted: number;
  readonly probabilities: readonly number[];
}

function readRows({ columns, rows }: Table): Row[] {
  const at = (row: readonly Cell[], name: string): Cell => row[columns.indexOf(name)] ?? null;
  const counts = new Map<string, number>();
  return rows.flatMap((row): Row[] => {
    const split = String(at(row, 'split') ?? '');
    const number = counts.get(split) ?? 0;
    counts.set(split, number + 1);
    const [label, predicted] = [toNumber(at(row, 'label')), toNumber(at(row, 'predicted'))];
    if (!Number.isFinite(label) || !Number.isFinite(predicted)) return [];
    const text = at(row, 'probabilities');
    const probabilities = typeof text === 'string' && text.trim() !== '' ? text.trim().split(/ +/).map(toNumber) : [];
    return [{ split, number, label, predicted, probabilities }];
  });
}

function toSplit(name: string, rows: readonly Row[]): PredictedSplit {
  const isWhole = rows.every(({ label, predicted }) => Number.isInteger(label) && Number.isInteger(predicted));
  if (!isWhole)
    return {
      name,
      kind: 'amounts',
      actual: Float64Array.from(rows, ({ label }) => label),
      predicted: Float64Array.from(rows, ({ predicted }) => predicted),
    };
  const width = rows[0]?.probabilities.length ?? 0;
  const known = Array.from({ length: width }, (_, index) => String(index));
  // The columns of the probabilities are classes only where every label is one of them.
  const hasScores = width > 1 && rows.every((row) => row.probabilities.length === width && isWithin(row, width));
  const examples = classify(
    rows.map(({ label }) => String(label)),
    rows.map(({ predicted }) => String(predicted)),
    hasScores ? { extra: known, scores: Float64Array.from(rows.flatMap(({ probabilities }) => probabilities)) } : {},
  );
  return { name, kind: 'classes', examples, numbers: Uint32Array.from(rows, ({ number }) => number) };
}

const isWithin = ({ label, predicted }: Row, width: number): boolean =>
  label >= 0 && label < width && predicted >= 0 && predicted < width;
