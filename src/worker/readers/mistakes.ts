import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';

/** A place in a text file, counted from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** A file of data as messages name it, and where it is. */
export interface DataFile {
  readonly absolute: string;
  /** From the project's root, with forward slashes; as it is for a file outside. */
  readonly name: string;
}

export function toDataFile(projectRoot: string, file: string): DataFile {
  const absolute = path.resolve(projectRoot, file);
  const relative = path.relative(projectRoot, absolute);
  const isOutside = relative === '' || relative.startsWith('..') || path.isAbsolute(relative);
  return { absolute, name: isOutside ? absolute : relative.split(path.sep).join('/') };
}

/** Something wrong in a file of data. `sentence` says what, and what to do; a text file has a place. */
export function dataMistake({ name }: DataFile, sentence: string, place?: TextPlace): ExpectedError {
  if (place === undefined) return new ExpectedError('training-failed', `${name}: ${sentence}`);
  const { line, column } = place;
  return new ExpectedError('training-failed', `${name}:${line}:${column}: ${sentence}`, [
    { file: name, line, column, severity: 'error', message: sentence },
  ]);
}

/** Something wrong with how a reader is called. */
export function argumentMistake(sentence: string): ExpectedError {
  return new ExpectedError('training-failed', sentence);
}

/** How a message shows a value: quoted, and the start of a long one. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text);
}
