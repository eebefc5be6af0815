import { toOneLine } from './text.ts';

/** Another place that a problem is about. */
export interface RelatedPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Something wrong with the user's input, with its place. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** The other places that have to do with it: an editor leads there. */
  readonly related?: readonly RelatedPlace[];
}

/** What a parser of user input gives: whatever could be read, and every problem it met on the way. */
export interface Parsed<T> {
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
}

/** One line, safe for a terminal: names and messages may quote whatever stands in a file. */
export function formatProblem({ file, line, column, severity, message }: Problem): string {
  return toOneLine(`${file}:${line}:${column}: ${severity}: ${message}`);
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}
