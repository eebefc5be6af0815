import type { PyMap, PyValue } from './values.ts';

/** Where something stands in a dvc.yaml. `file` is relative to the project's root; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A path of dvc.yaml: as written there (what dvc.lock repeats), and resolved. */
export interface StagePath {
  readonly path: string;
  /** Relative to the project's root with forward slashes (`../…` where it leads out of it), or absolute. */
  readonly file: string;
  readonly place: Place;
}

/** Params of one file. No keys: the whole file. */
export interface ParamsFile extends StagePath {
  readonly keys: readonly string[];
}

export interface Out extends StagePath {
  readonly kind: 'out' | 'metric' | 'plot';
  /** Kept in DVC's cache and out of Git. */
  readonly cache: boolean;
  /** Not removed before the stage runs. */
  readonly persist: boolean;
  /** Of a plot with options: how it is drawn. */
  readonly display?: PyMap;
}

/** One stage with every `${…}` filled in. */
export interface Stage {
  /** Address within the project: `train@cnnbased`, or `sub/dvc.yaml:train`. */
  readonly name: string;
  /** Name within its file, as dvc.lock has it. */
  readonly key: string;
  readonly place: Place;
  readonly cmd: string | readonly string[];
  /** Folder in which it runs, relative to the project's root; '' for the root. */
  readonly wdir: string;
  readonly deps: readonly StagePath[];
  readonly params: readonly ParamsFile[];
  readonly outs: readonly Out[];
  readonly frozen: boolean;
  readonly alwaysChanged: boolean;
  readonly desc: string | undefined;
  /** What of it only DVC can do; such a stage is shown, but neither judged nor run. */
  readonly unsupported: readonly string[];
}

/** A stage without inputs and outputs runs every time, as in DVC. */
export function isAlwaysChanged(stage: Stage): boolean {
  return stage.alwaysChanged || (stage.deps.length === 0 && stage.params.length === 0 && stage.outs.length === 0);
}

/** DVC's rule: of ASCII punctuation only - and _ may be used. */
export function isStageName(name: string): boolean {
  return name !== '' && !/[!-,./:-@[-^`{-~]/.test(name);
}

/** A stage of a dvc.yaml in the project's root is known by its name alone. */
export function addressOf(file: string, key: string): string {
  return file === 'dvc.yaml' ? key : `${file}:${key}`;
}

/** Values of params by file and key, as found on disk or in a lock. */
export type ParamValues = ReadonlyMap<string, PyValue>;

/** Commands of a stage, one shell each: a text is run line by line, a list item as a whole. */
export function commandsOf(cmd: Stage['cmd']): readonly string[] {
  if (typeof cmd !== 'string') return cmd;
  const lines = cmd.split(/\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Joins and normalises relative paths with forward slashes; leading `..` remain. '' stands for the root itself. */
export function joinPath(...parts: readonly string[]): string {
  const out: string[] = [];
  for (const part of parts.join('/').split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && out.length > 0 && out.at(-1) !== '..') out.pop();
    else out.push(part);
  }
  return out.join('/');
}

/** An absolute path as seen from the folder `root` (absolute as well); undefined where no relative path leads to it. */
export function relativeTo(root: string, absolute: string): string | undefined {
  const [from, to] = [toSegments(root), toSegments(absolute)];
  const isSameDrive = root.startsWith('/') === absolute.startsWith('/') && (root.startsWith('/') || from[0] === to[0]);
  if (!isSameDrive) return undefined;
  let shared = 0;
  while (shared < from.length && from[shared] === to[shared]) shared += 1;
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/');
}

function toSegments(absolute: string): string[] {
  return joinPath(...absolute.split(/[\\/]/))
    .split('/')
    .filter(Boolean);
}

/** The folder of a relative path; '' for the root. */
export function folderOf(file: string): string {
  const at = file.lastIndexOf('/');
  return at === -1 ? '' : file.slice(0, at);
}

/** How the two paths lie to each other: equal, one inside the other, or apart. */
export function overlaps(a: string, b: string): boolean {
  return a === b || isWithin(a, b) || isWithin(b, a);
}

/** True when `file` lies inside `folder` ('' is the root, which holds every path that does not lead out of it). */
export function isWithin(folder: string, file: string): boolean {
  return folder === '' ? file !== '' && !isOutside(file) : file.startsWith(`${folder}/`);
}

/** True for a resolved path that leads out of the project. */
export function isOutside(file: string): boolean {
  return file === '..' || file.startsWith('../') || isAbsolutePath(file);
}

export function isAbsolutePath(file: string): boolean {
  return /^(?:[a-zA-Z]:)?[\\/]/.test(file);
}
