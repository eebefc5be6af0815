import type { ArtifactView } from '../../protocol/runpage.ts';
import { formatProblem } from '../../protocol/problem.ts';
import { areHistograms, toHistograms } from '../histograms/histograms.ts';
import { parseJson } from '../plots/plots.ts';
import { tableOf } from '../tables/tables.ts';

/** Whole texts only: half a table of JSON is none. */
export const parsedJsonBytes = 8 << 20;

type Drawn = Extract<ArtifactView, { readonly kind: 'drawn' }>['drawn'];

/** What is drawn of JSON instead of its text: histograms by their name, tables by their shape. Undefined for all other. */
export function drawJson(
  path: string,
  text: string,
  toView: (columns: readonly string[], rows: readonly (readonly string[])[]) => Drawn,
): Drawn | undefined {
  const { value, problems } = parseJson(quoteLong(text), path);
  const [problem] = problems;
  if (areHistograms(path)) {
    if (problem !== undefined) return { kind: 'broken', text: formatProblem(problem) };
    const read = toHistograms(value);
    return 'fault' in read ? { kind: 'broken', text: read.fault } : { kind: 'histograms', histograms: read.histograms };
  }
  const table = problem === undefined ? tableOf(value) : undefined;
  if (table === undefined || table.columns.length === 0) return undefined;
  return toView(
    table.columns,
    table.rows.map((row) => row.map((cell) => (cell === null ? '' : String(cell)))),
  );
}

/** Whole numbers that would be rounded stand as text, so that each digit of an id is shown. */
function quoteLong(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
}
