import type { PlotRow } from '../../protocol/plots.ts';
import { toNumber } from '../tables/tables.ts';
import type { PlotProps } from './definitions.ts';
import type { PlotData } from './reading.ts';

// Tables that runs have logged (MLflow's `log_table`, what `mlflow.evaluate` leaves). Nothing says how they are to be drawn: their columns do.

/** MLflow's own list of them, a tag of the run. */
export const loggedTag = 'mlflow.loggedArtifacts';
const MOST_TABLES = 20;
/** More are amounts, or answers of a language model, and make no matrix. */
const MOST_CLASSES = 60;

const truths = /^(?:actual|true|truth|targets?|labels?|y_true|ground_truth)$/i;
const guesses = /^(?:predicted|predictions?|preds?|y_pred|outputs?)$/i;
const counters = /^(?:step|epoch|iteration|batch|round)$/i;

/** A run among revisions: its tables are of no commit. */
export const revisionOfRun = (runId: string): string => `run:${runId}`;

/** Paths of tables among the artifacts; none for a tag that is not MLflow's. */
export function listLoggedTables(tag: string | undefined): readonly string[] {
  try {
    const entries: unknown = JSON.parse(tag ?? '[]');
    if (!Array.isArray(entries)) return [];
    const paths = entries.flatMap((entry: unknown) => {
      const { path, type } = (entry ?? {}) as Readonly<Record<string, unknown>>;
      return type === 'table' && typeof path === 'string' && path.endsWith('.json') ? [path] : [];
    });
    return [...new Set(paths)].slice(0, MOST_TABLES);
  } catch {
    // Somebody else's tag of that name.
    return [];
  }
}

/** How a table is drawn: answers against the truth, numbers over steps, numbers against each other. Undefined where nothing in it is a number or a class. */
export function guessProps({ rows }: PlotData): PlotProps | undefined {
  const columns = Object.keys(rows[0] ?? {});
  const find = (pattern: RegExp): string | undefined => columns.find((name) => pattern.test(name));
  const [truth, guess] = [find(truths), find(guesses)];
  const numeric = columns.filter((name) => isNumeric(rows, name));
  if (truth !== undefined && guess !== undefined) {
    if (areClasses(rows, truth) && areClasses(rows, guess)) return { template: 'confusion', x: truth, y: guess };
    if (numeric.includes(truth) && numeric.includes(guess)) return { template: 'scatter', x: truth, y: guess };
  }
  const counter = find(counters);
  const values = numeric.filter((name) => name !== counter);
  if (counter !== undefined && values.length > 0) return { template: 'linear', x: counter, y: values };
  const [x, y] = values;
  if (x === undefined) return undefined;
  return y === undefined ? { template: 'linear', y: x } : { template: 'scatter', x, y };
}

function isNumeric(rows: readonly PlotRow[], name: string): boolean {
  const cells = rows.map((row) => row[name]).filter((cell) => cell !== null && cell !== undefined);
  return (
    cells.length > 0 &&
    cells.every((cell) => typeof cell === 'number' || (typeof cell === 'string' && !Number.isNaN(toNumber(cell))))
  );
}

/** A few texts, or a few whole numbers. */
function areClasses(rows: readonly PlotRow[], name: string): boolean {
  const cells = new Set(rows.map((row) => row[name]).filter((cell) => cell !== null && cell !== undefined));
  return (
    cells.size > 0 &&
    cells.size <= MOST_CLASSES &&
    [...cells].every((cell) => typeof cell === 'string' || typeof cell === 'boolean' || Number.isInteger(cell))
  );
}
