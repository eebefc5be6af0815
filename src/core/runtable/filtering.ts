import { ExpectedError } from '../../protocol/errors.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { columnOfMistake, filterRuns, parseRunFilter } from '../tracking/tracking.ts';

export interface FilterMistake {
  /** One sentence. */
  readonly message: string;
  /** Where in the text, from 1. */
  readonly column: number;
}

/** The runs that fit; with an empty text all of them. A text that is no filter, or asks for what no run has, is a mistake with its place. */
export function applyFilter(
  runs: readonly RunSummary[],
  text: string,
): { readonly runs: readonly RunSummary[] } | { readonly mistake: FilterMistake } {
  if (text.trim() === '') return { runs };
  let unknown = text.search(/\S/) + 1;
  try {
    const filter = parseRunFilter(text);
    const missing = filter.fields.find(({ of }) => !runs.some((run) => of(run) !== undefined));
    if (missing !== undefined) unknown = text.indexOf(missing.text) + 1;
    return { runs: filterRuns(runs, filter) };
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    const { message } = error;
    return { mistake: { message, column: columnOfMistake(message) ?? unknown } };
  }
}
