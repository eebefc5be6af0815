import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { exists, isInside } from '../node/files/files.ts';
import { ExpectedError } from '../protocol/errors.ts';
import type { Problem } from '../protocol/problem.ts';
import { explainUnknownName } from './packageNames.ts';

/** A module of the project's own code. `file` is relative to the project, with forward slashes. */
export interface UserModule {
  readonly projectRoot: string;
  readonly file: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Characters of an error's own text that are told. */
const MAX_DESCRIPTION = 4000;

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Loads a TypeScript or JavaScript module of the project. A missing file and an error while loading name their place. */
export async function loadUserModule(projectRoot: string, file: string): Promise<UserModule> {
  const absolute = path.join(projectRoot, file);
  if (!(await exists(absolute)))
    throw new ExpectedError('missing-file', `${file} is missing: the training needs it.`, [
      problemAt(start(file), 'missing'),
    ]);
  const exports = await guardUserCode(
    { projectRoot, file, what: 'loading it' },
    async () => (await import(pathToFileURL(absolute).href)) as Readonly<Record<string, unknown>>,
  );
  return { projectRoot, file, exports };
}

/** Calls an exported function of user code. What it throws becomes an {@link ExpectedError} with the place in the source. */
export async function callUserFunction(module: UserModule, name: string, args: readonly unknown[]): Promise<unknown> {
  const found = module.exports[name];
  if (typeof found !== 'function') {
    const names = Object.keys(module.exports);
    const others = names.length === 0 ? 'nothing' : names.join(', ');
    throw userMistake(module, name, `must export a function "${name}"; it exports ${others}.`);
  }
  const { projectRoot, file } = module;
  return guardUserCode(
    { projectRoot, file, what: name },
    async () => (await Reflect.apply(found, undefined, args)) as unknown,
  );
}

/** Something wrong with what user code gave back: the error points at the export that gave it. */
export function userMistake(module: UserModule, exportName: string, message: string): ExpectedError {
  return new ExpectedError('training-failed', `${module.file} ${message}`, [
    problemAt(placeOfExport(module, exportName), message),
  ]);
}

interface Guarded {
  readonly projectRoot: string;
  readonly file: string;
  /** What was being done, for the message. */
  readonly what: string;
}

/** Runs user code; what it throws becomes an {@link ExpectedError} with the place in the source. */
export async function guardUserCode<T>(guarded: Guarded, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toUserError(error, guarded);
  }
}

/** An error that user code threw, with the innermost place in the project's own files. Our own errors pass unchanged. */
function toUserError(error: unknown, { projectRoot, file, what }: Guarded): ExpectedError {
  if (error instanceof ExpectedError) return error;
  const description = describe(error);
  const place = findPlace(error, projectRoot) ?? start(file);
  const at = `${place.file}:${place.line}:${place.column}`;
  return new ExpectedError('training-failed', `${file} failed (${what}): ${description} (${at})`, [
    problemAt(place, description),
  ]);
}

/** What was thrown, in words; of a very long text (a whole data set as JSON) the start. */
function describe(error: unknown): string {
  const text =
    error instanceof Error
      ? `${error.name === 'Error' ? '' : `${error.name}: `}${explainUnknownName(error.message)}`
      : `it threw ${typeof error === 'string' ? error : inspect(error)}`;
  return text.length > MAX_DESCRIPTION ? `${text.slice(0, MAX_DESCRIPTION).toWellFormed()}…` : text;
}

/** Where the project's code made the call in whose course `error` was made; undefined where it did not. */
export function placeOfCall(error: Error, projectRoot: string): Place | undefined {
  return placeOfFrame(error.stack ?? '', realpathSync(projectRoot));
}

/** The first place in the stack that lies in the project and not in one of its packages; undefined where there is none. */
function findPlace(error: unknown, projectRoot: string): Place | undefined {
  if (!(error instanceof Error)) return undefined;
  const stack = error.stack ?? '';
  const root = realpathSync(projectRoot);
  return placeOfSyntaxError(stack, root) ?? placeOfMissingImport(error.message, root) ?? placeOfFrame(stack, root);
}

/** Node heads the stack of a syntax error with `file:///…/x.ts:3`, lines of source, and a line of carets. */
function placeOfSyntaxError(stack: string, root: string): Place | undefined {
  const match = /^(file:\/\/\S+):(\d+)\n(?:.*\n){1,20}?( *)\^/.exec(stack);
  const file = match?.[1] === undefined ? undefined : ownFile(match[1], root);
  if (match === null || file === undefined) return undefined;
  return { file, line: Number(match[2]), column: (match[3] ?? '').length + 1 };
}

function placeOfMissingImport(message: string, root: string): Place | undefined {
  const match = /^Cannot find (?:module|package) '(.+)' imported from (.+)$/.exec(message);
  const file = match?.[2] === undefined ? undefined : ownFile(match[2], root);
  if (match === null || file === undefined) return undefined;
  const wanted = path.basename(match[1] ?? '');
  const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
  const index = lines.findIndex((line) => line.includes('import') && line.includes(wanted));
  return { file, line: Math.max(0, index) + 1, column: Math.max(0, lines[index]?.indexOf(wanted) ?? 0) + 1 };
}

function placeOfFrame(stack: string, root: string): Place | undefined {
  for (const match of stack.matchAll(/^\s+at (?:.*\()?(?:async )?((?:file:\/\/)?[^()]+?):(\d+):(\d+)\)?$/gm)) {
    const file = ownFile(match[1] ?? '', root);
    if (file !== undefined) return { file, line: Number(match[2]), column: Number(match[3]) };
  }
  return undefined;
}

/** A URL or path as a path in the project, with forward slashes; undefined for what lies outside or in node_modules. */
function ownFile(place: string, root: string): string | undefined {
  const file = place.startsWith('file://') ? fileURLToPath(place) : place;
  if (!path.isAbsolute(file) || !isInside(root, file)) return undefined;
  const parts = path.relative(root, file).split(path.sep);
  return parts.includes('node_modules') ? undefined : parts.join('/');
}

/** Where the module exports `name`, or its first line: shown for what has no place of its own. */
function placeOfExport({ projectRoot, file }: UserModule, name: string): Place {
  const lines = readFileSync(path.join(projectRoot, file), 'utf8').split('\n');
  const line = lines.findIndex((text) => text.startsWith('export') && new RegExp(`\\b${name}\\b`).test(text));
  return line === -1 ? start(file) : { file, line: line + 1, column: (lines[line]?.indexOf(name) ?? 0) + 1 };
}

const start = (file: string): Place => ({ file, line: 1, column: 1 });

function problemAt(place: Place, message: string): Problem {
  return { ...place, severity: 'error', message };
}
