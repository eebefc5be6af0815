import { isMap, isScalar, type Pair, type YAMLMap } from 'yaml';
import { type Parsed, type Problem } from '../../protocol/problem.ts';
import { compareCodePoints } from '../names/names.ts';
import { parseYaml, type YamlFile } from '../yaml/yaml.ts';
import { readBlockYaml } from './blockyaml.ts';
import { emitMapping } from './emit.ts';
import type { ParamValues } from './stage.ts';
import {
  UnreadableValue,
  getKey,
  integer,
  isList,
  isPyMap,
  keyText,
  toPyMap,
  toPyValue,
  type PyMap,
  type PyValue,
} from './values.ts';

/** A hash as dvc.lock keeps it. `legacy`: an entry of DVC 2, whose md5 was taken after turning CRLF into LF in text. */
export interface LockedPath {
  readonly path: string;
  /** Lower-case hex, with `.dir` for a folder; undefined where the lock has none. */
  readonly md5: string | undefined;
  readonly legacy: boolean;
  /** Bytes; of all members for a folder. */
  readonly size: number | undefined;
  readonly nfiles: number | undefined;
  readonly isexec: boolean;
  /** Keys that only DVC's remotes understand (etag, version_id, cloud, files, dataset). */
  readonly foreign: readonly string[];
}

export interface LockedStage {
  readonly cmd: PyValue;
  readonly deps: readonly LockedPath[];
  readonly params: ReadonlyMap<string, ParamValues>;
  readonly outs: readonly LockedPath[];
}

export interface LockFile {
  /** The text as read; formatting changes only the entries that it is asked to change. '' for a new file. */
  readonly text: string;
  readonly stages: ReadonlyMap<string, LockedStage>;
}

export const emptyLock: LockFile = { text: '', stages: new Map() };

/** Locks are written by machines and may be big: 5,000 stages make 1.3 MB. DVC writes a param that stands in two keys as an alias. */
const LOCK_LIMITS = { maxLength: 64 << 20, maxDepth: 64, maxAliases: 10_000 };
const PATH_KEYS = new Set(['path', 'hash', 'md5', 'size', 'nfiles', 'isexec']);
const FOREIGN_KEYS = new Set(['checksum', 'etag', 'version_id', 'cloud', 'files', 'remote', 'dataset', 'isdir']);

/** Parses a dvc.lock (schema 2.0, see DVC's own schema). A lock of any other shape is refused whole, as DVC does. */
export function parseLock(text: string, file: string): Parsed<LockFile> {
  if (text.trim() === '') return { value: { ...emptyLock, text }, problems: [] };
  const conflict = text.split('\n').findIndex((line) => line.startsWith('<<<<<<< '));
  if (conflict !== -1)
    return refused(
      file,
      'Unresolved merge conflict. Keep either side and run the pipeline, which mends it.',
      conflict + 1,
    );
  const plain = text.length <= LOCK_LIMITS.maxLength ? readBlockYaml(text) : undefined;
  const quick = plain === undefined ? undefined : readLock(plain, text, () => undefined);
  if (quick?.value !== undefined) return quick;
  const { value: yaml, problems } = parseYaml(text, file, LOCK_LIMITS);
  if (yaml === undefined) return { value: undefined, problems };
  try {
    const root = toPyValue(yaml.document.contents, yaml.document);
    return readLock(root, text, (path, message) => yaml.problemAt(path, message));
  } catch (error) {
    if (!(error instanceof UnreadableValue)) throw error;
    const { line, column } = placeOfOffset(text, error.offset);
    return refused(file, `Not yet supported: ${error.message}.`, line, column);
  }
}

function refused(file: string, message: string, line = 1, column = 1): Parsed<LockFile> {
  return { value: undefined, problems: [{ file, line, column, severity: 'error', message }] };
}

export function placeOfOffset(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** `locate` makes a problem of something wrong; a reader that knows no places has the file read again by one that does. */
function readLock(
  root: PyValue,
  text: string,
  locate: (path: readonly (string | number)[], message: string) => Problem | undefined,
): Parsed<LockFile> {
  const problems: Problem[] = [];
  const faults: string[] = [];
  const report: Report = (path, message) => {
    faults.push(message);
    problems.push(...[locate(path, message)].filter((problem) => problem !== undefined));
  };
  const stages = new Map<string, LockedStage>();
  if (!isPyMap(root)) report([], 'A lock file must be a mapping.');
  else if (getKey(root, 'schema') !== '2.0')
    report(['schema'], "This is not a lock file of DVC 2 or 3 (schema: '2.0').");
  else readStages(root, stages, report);
  return { value: faults.length === 0 ? { text, stages } : undefined, problems };
}

function readStages(root: PyMap, stages: Map<string, LockedStage>, report: Report): void {
  for (const [key] of root.entries)
    if (!['schema', 'stages', 'datasets'].includes(keyText(key)))
      report([keyText(key)], `Unknown key "${keyText(key)}".`);
  const entries = getKey(root, 'stages') ?? null;
  if (entries !== null && !isPyMap(entries)) report(['stages'], 'stages must be a mapping.');
  for (const [name, entry] of isPyMap(entries) ? entries.entries : []) {
    if (typeof name !== 'string') report(['stages'], 'Stage names must be text.');
    else
      stages.set(
        name,
        readStage(entry, (path, message) => report(['stages', name, ...path], message)),
      );
  }
}

type Report = (path: readonly (string | number)[], message: string) => void;

function readStage(entry: PyValue, report: Report): LockedStage {
  const empty: LockedStage = { cmd: null, deps: [], params: new Map(), outs: [] };
  if (!isPyMap(entry)) {
    report([], 'An entry must be a mapping.');
    return empty;
  }
  for (const [key] of entry.entries)
    if (!['cmd', 'deps', 'params', 'outs'].includes(keyText(key)))
      report([keyText(key)], `Unknown key "${keyText(key)}".`);
  const cmd = getKey(entry, 'cmd') ?? null;
  if (typeof cmd !== 'string' && !isList(cmd)) report(['cmd'], 'cmd must be text or a list.');
  return {
    cmd,
    deps: readPaths(getKey(entry, 'deps'), (path, message) => report(['deps', ...path], message)),
    params: readParams(getKey(entry, 'params'), (path, message) => report(['params', ...path], message)),
    outs: readPaths(getKey(entry, 'outs'), (path, message) => report(['outs', ...path], message)),
  };
}

function readParams(value: PyValue | undefined, report: Report): ReadonlyMap<string, ParamValues> {
  const files = new Map<string, ParamValues>();
  if (value === undefined) return files;
  if (!isPyMap(value)) report([], 'params must be a mapping of files.');
  for (const [file, keys] of isPyMap(value) ? value.entries : []) {
    if (typeof file !== 'string' || !isPyMap(keys)) {
      report([], 'params must be a mapping of files to mappings.');
      continue;
    }
    const values = new Map<string, PyValue>();
    for (const [key, item] of keys.entries) {
      if (typeof key === 'string') values.set(key, item);
      else report([file], 'Names of params must be text.');
    }
    files.set(file, values);
  }
  return files;
}

function readPaths(value: PyValue | undefined, report: Report): LockedPath[] {
  if (value === undefined) return [];
  if (!isList(value)) {
    report([], 'This must be a list.');
    return [];
  }
  return value.flatMap((item, index) => {
    const path = isPyMap(item) ? getKey(item, 'path') : undefined;
    if (!isPyMap(item) || typeof path !== 'string') {
      report([index], 'Each entry must be a mapping with a path.');
      return [];
    }
    const names = item.entries.map(([key]) => keyText(key));
    for (const name of names)
      if (!PATH_KEYS.has(name) && !FOREIGN_KEYS.has(name)) report([index, name], `Unknown key "${name}".`);
    const hash = getKey(item, 'hash');
    return [
      {
        path,
        md5: readHash(getKey(item, 'md5')),
        legacy: hash === undefined,
        size: readCount(getKey(item, 'size')),
        nfiles: readCount(getKey(item, 'nfiles')),
        isexec: getKey(item, 'isexec') === true,
        foreign: names.filter((name) => FOREIGN_KEYS.has(name)),
      },
    ];
  });
}

/** DVC reads unquoted digits as the text that they are, and compares in lower case. */
export function readHash(value: PyValue | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value.toLowerCase();
  const isInteger = typeof value === 'object' && value !== null && !isList(value) && value.kind === 'int';
  return isInteger ? String(value.value) : undefined;
}

function readCount(value: PyValue | undefined): number | undefined {
  const isInteger = typeof value === 'object' && value !== null && !isList(value) && value.kind === 'int';
  return isInteger ? Number(value.value) : undefined;
}

/** The mapping that DVC writes for a stage: what dvc.lock and the run-cache hold. */
export function toLockMapping(stage: LockedStage): PyMap {
  const entries: [string, PyValue][] = [['cmd', stage.cmd]];
  if (stage.deps.length > 0) entries.push(['deps', stage.deps.toSorted(byPath).map(toPathMapping)]);
  if (stage.params.size > 0) entries.push(['params', toParamsMapping(stage.params)]);
  if (stage.outs.length > 0) entries.push(['outs', stage.outs.toSorted(byPath).map(toPathMapping)]);
  return toPyMap(entries);
}

function byPath(a: { path: string }, b: { path: string }): number {
  return compareCodePoints(a.path, b.path);
}

function toPathMapping(item: LockedPath): PyMap {
  const entries: [string, PyValue][] = [['path', item.path]];
  if (!item.legacy) entries.push(['hash', 'md5']);
  if (item.md5 !== undefined) entries.push(['md5', item.md5]);
  if (item.size !== undefined) entries.push(['size', integer(item.size)]);
  if (item.nfiles !== undefined) entries.push(['nfiles', integer(item.nfiles)]);
  if (item.isexec) entries.push(['isexec', true]);
  return toPyMap(entries);
}

const DEFAULT_PARAMS = 'params.yaml';

/** The default file first, the others by name; keys sorted, values as they stand in their file. */
function toParamsMapping(params: LockedStage['params']): PyMap {
  const files = [...params].toSorted(
    ([a], [b]) => Number(b === DEFAULT_PARAMS) - Number(a === DEFAULT_PARAMS) || compareCodePoints(a, b),
  );
  return toPyMap(
    files.map(
      ([file, values]) => [file, toPyMap([...values].toSorted(([a], [b]) => compareCodePoints(a, b)))] as const,
    ),
  );
}

/**
 * The lock's text with one stage's entry replaced or added. Everything else stays as it is, byte by byte: comments, entries
 * of other stages, keys that we don't know. A file whose stages are no block mapping is written anew. A new entry is the last
 * one, or stands before that of the stage `before`.
 */
export function formatLock(lock: LockFile, name: string, stage: LockedStage, before?: string): string {
  const text = replaceEntry(lock, name, stage, before);
  if (!HAS_PITFALLS.test(lock.text) || parseLock(text, 'dvc.lock').value?.stages.has(name) === true) return text;
  return rewrite(parseYaml(lock.text, 'dvc.lock', LOCK_LIMITS).value, name, stage);
}

/** An end marker, line ends of Windows, an anchor or alias: what may not survive when a part of the text is replaced. */
const HAS_PITFALLS = /\r|^\.\.\.|(?:^|[\s,:[{-])[&*][^\s&*]/m;

function replaceEntry(lock: LockFile, name: string, stage: LockedStage, before: string | undefined): string {
  const entry = emitMapping(toPyMap([[name, toLockMapping(stage)]]), 2);
  const text = lock.text.trim() === '' ? "schema: '2.0'\nstages:\n" : withFinalBreak(lock.text);
  const quick = spliceLines(text, { name, before }, entry);
  if (quick !== undefined) return quick;
  const { value: yaml } = parseYaml(text, 'dvc.lock', LOCK_LIMITS);
  const root = yaml?.document.contents;
  const pairs = isMap(root) ? root.items : [];
  const section = pairs.find(({ key }) => isScalar(key) && key.value === 'stages');
  if (section === undefined) return `${text}stages:\n${entry}`;
  const stages = section.value;
  if (isMap(stages) && isBlockAt(stages, text, 2)) return spliceEntry(text, stages, { name, before }, entry);
  if (isScalar(stages) && /^stages:[ \t]*$/m.test(text))
    return text.replace(/^stages:[ \t]*\n/m, (line) => line + entry);
  return rewrite(yaml, name, stage);
}

/** {@link formatLock} for a lock as DVC and we write it, in which a stage begins at each line that is indented by two. */
function spliceLines(
  text: string,
  { name, before }: { readonly name: string; readonly before: string | undefined },
  entry: string,
): string | undefined {
  const root = readBlockYaml(text);
  const stages = root === undefined ? undefined : getKey(root, 'stages');
  if (!isPyMap(stages)) return undefined;
  const lines = text.split('\n');
  const section = lines.indexOf('stages:');
  const starts: number[] = [];
  let end = section + 1;
  for (; lines[end]?.startsWith('  ') === true; end += 1) if (lines[end]?.[2] !== ' ') starts.push(end);
  if (section === -1 || starts.length !== stages.entries.length) return undefined;
  const find = (wanted: string | undefined): number => stages.entries.findIndex(([key]) => key === wanted);
  const [own, next] = [find(name), find(before)];
  const from = starts[own === -1 ? next : own] ?? end;
  const to = own === -1 ? from : (starts[own + 1] ?? end);
  return [...lines.slice(0, from), entry.slice(0, -1), ...lines.slice(to)].join('\n');
}

function withFinalBreak(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function isBlockAt(map: YAMLMap, text: string, indent: number): boolean {
  return (
    map.flow !== true &&
    map.items.length > 0 &&
    map.items.every(({ key }) => {
      const start = isScalar(key) ? key.range?.[0] : undefined;
      return start !== undefined && text.slice(text.lastIndexOf('\n', start - 1) + 1, start) === ' '.repeat(indent);
    })
  );
}

function spliceEntry(
  text: string,
  stages: YAMLMap,
  { name, before }: { readonly name: string; readonly before: string | undefined },
  entry: string,
): string {
  const find = (wanted: string | undefined): Pair | undefined =>
    stages.items.find(({ key }) => isScalar(key) && key.value === wanted);
  const [own, next] = [find(name), find(before)];
  const [start, end] = own !== undefined ? rangeOf(text, own) : placeForNew(text, stages, next);
  return text.slice(0, start) + entry + text.slice(end);
}

function placeForNew(text: string, stages: YAMLMap, next: Pair | undefined): [number, number] {
  if (next === undefined) return endOf(text, stages.items.at(-1));
  const [start] = rangeOf(text, next);
  return [start, start];
}

/** From the start of the entry's first line to the end of its last one; comments below it are not its own. */
function rangeOf(text: string, pair: Pair): [number, number] {
  const start = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
  return [text.lastIndexOf('\n', start - 1) + 1, endOf(text, pair)[1]];
}

function endOf(text: string, pair: Pair | undefined): [number, number] {
  const node = pair?.value as { range?: [number, number, number] | null } | null | undefined;
  const end = node?.range?.[1] ?? text.length;
  const last = text.slice(0, end).trimEnd().length;
  const lineEnd = text.indexOf('\n', last);
  const at = lineEnd === -1 ? text.length : lineEnd + 1;
  return [at, at];
}

function rewrite(yaml: YamlFile | undefined, name: string, stage: LockedStage): string {
  const root = yaml === undefined ? undefined : toPyValue(yaml.document.contents, yaml.document);
  const others = isPyMap(root) ? root.entries.filter(([key]) => key !== 'stages') : [];
  const stages = isPyMap(root) ? getKey(root, 'stages') : undefined;
  const kept = isPyMap(stages) ? stages.entries.filter(([key]) => key !== name) : [];
  return emitMapping(
    {
      kind: 'map',
      entries: [...others, ['stages', { kind: 'map', entries: [...kept, [name, toLockMapping(stage)]] }]],
    },
    0,
  );
}
