import type { Parsed, Problem } from '../../protocol/problem.ts';
import { parseYaml, type YamlFile } from '../yaml/yaml.ts';
import {
  UnreadableValue,
  emitMapping,
  folderOf,
  getKey,
  integer,
  isList,
  isOutside,
  isPyMap,
  joinPath,
  keyText,
  placeOfOffset,
  readHash,
  toPyMap,
  toPyValue,
  type LockedPath,
  type LockedStage,
  type Out,
  type Place,
  type PyMap,
  type PyValue,
  type Stage,
} from '../pipeline/pipeline.ts';

/** Data that a `.dvc` file tracks by itself. */
interface DataOut extends Out {
  /** What the file says of it; without an md5 when nothing is recorded yet. */
  readonly recorded: LockedPath;
}

/** A `.dvc` file. */
export interface DataFile {
  /** Relative to the project's root; also its address. */
  readonly name: string;
  readonly place: Place;
  readonly outs: readonly DataOut[];
  readonly frozen: boolean;
  readonly alwaysChanged: boolean;
  /** A checksum of the whole file, as very old versions of DVC left it. */
  readonly hasChecksum: boolean;
  /** What of it only DVC can judge (imports, remotes); such data is shown, and otherwise left to DVC. */
  readonly unsupported: readonly string[];
  readonly text: string;
}

/** `.dvc` files are small, but one with a list of cloud files has a line for each. */
const LIMITS = { maxLength: 8 << 20, maxDepth: 64 };

// The shape of a .dvc file, as strict as DVC's own schema: an unknown key anywhere is an error.

interface Kind {
  readonly words: string;
  readonly matches: (value: PyValue) => boolean;
}
const text: Kind = { words: 'text', matches: (value) => typeof value === 'string' };
const textOrNothing: Kind = { words: 'text', matches: (value) => value === null || typeof value === 'string' };
const flag: Kind = { words: 'true or false', matches: (value) => typeof value === 'boolean' };
const whole: Kind = { words: 'a whole number', matches: isWhole };
const anything: Kind = { words: 'anything', matches: () => true };
const mapping: Kind = { words: 'a mapping', matches: isPyMap };
const list: Kind = { words: 'a list', matches: isList };
const listOrNothing: Kind = { words: 'a list', matches: (value) => value === null || isList(value) };
const texts: Kind = {
  words: 'a list of texts',
  matches: (value) => isList(value) && value.every((item) => typeof item === 'string'),
};
const checksum: Kind = {
  words: 'a checksum',
  matches: (value) =>
    value === null || (typeof value === 'string' && value.length !== 1 && value.length !== 2) || isWhole(value),
};

const topKeys: Readonly<Record<string, Kind>> = {
  md5: checksum,
  wdir: textOrNothing,
  deps: listOrNothing,
  outs: listOrNothing,
  locked: flag,
  frozen: flag,
  meta: anything,
  always_changed: flag,
  desc: text,
};
const artifactKeys: Readonly<Record<string, Kind>> = {
  md5: checksum,
  checksum,
  etag: checksum,
  size: whole,
  nfiles: whole,
  isexec: flag,
  version_id: text,
  path: text,
  persist: flag,
  cloud: mapping,
  hash: text,
  files: list,
  fs_config: mapping,
};
const outKeys: Readonly<Record<string, Kind>> = {
  ...artifactKeys,
  desc: text,
  type: text,
  labels: texts,
  meta: anything,
  cache: flag,
  remote: text,
  push: flag,
};
const depKeys: Readonly<Record<string, Kind>> = { ...artifactKeys, repo: mapping, db: mapping };

/** Keys of an output whose truth lies in a remote. */
const REMOTE_KEYS = ['checksum', 'etag', 'version_id', 'cloud', 'files', 'fs_config'];

/** Parses a `.dvc` file by DVC's strict schema. Any error leaves it without a value: DVC refuses such a file whole. */
export function parseDataFile(content: string, file: string): Parsed<DataFile> {
  const { value: yaml, problems } = parseYaml(content, file, LIMITS);
  if (yaml === undefined) return { value: undefined, problems };
  try {
    const root = toPyValue(yaml.document.contents, yaml.document) ?? toPyMap([]);
    return readDataFile(root, yaml, content);
  } catch (error) {
    if (!(error instanceof UnreadableValue)) throw error;
    const message = `Not yet supported: ${error.message}.`;
    return {
      value: undefined,
      problems: [{ file, ...placeOfOffset(content, error.offset), severity: 'error', message }],
    };
  }
}

type Report = (path: readonly (string | number)[], message: string, at?: 'key') => void;

function readDataFile(root: PyValue, yaml: YamlFile, content: string): Parsed<DataFile> {
  const problems: Problem[] = [];
  const report: Report = (path, message, at) => void problems.push(yaml.problemAt(path, message, at && { at }));
  checkKeys(root, [], topKeys, report);
  const items = (key: string): readonly PyValue[] => {
    const value = isPyMap(root) ? getKey(root, key) : undefined;
    return isList(value) ? value : [];
  };
  for (const [index, item] of items('outs').entries()) checkKeys(item, ['outs', index], outKeys, report, ['path']);
  for (const [index, item] of items('deps').entries()) checkKeys(item, ['deps', index], depKeys, report, ['path']);
  if (problems.length > 0 || !isPyMap(root)) return { value: undefined, problems };
  const wdir = getKey(root, 'wdir');
  const folder = joinPath(folderOf(yaml.file), typeof wdir === 'string' ? wdir : '');
  const outs = items('outs').flatMap((item, index) =>
    isPyMap(item) ? [readOut(item, folder, { file: yaml.file, ...yaml.place(['outs', index]) })] : [],
  );
  const value: DataFile = {
    name: yaml.file,
    place: { file: yaml.file, line: 1, column: 1 },
    outs,
    frozen: [getKey(root, 'frozen'), getKey(root, 'locked')].includes(true),
    alwaysChanged: getKey(root, 'always_changed') === true,
    hasChecksum: readHash(getKey(root, 'md5')) !== undefined,
    unsupported: findUnsupported(items('outs'), items('deps')),
    text: content,
  };
  return { value, problems };
}

function checkKeys(
  value: PyValue,
  path: readonly (string | number)[],
  kinds: Readonly<Record<string, Kind>>,
  report: Report,
  required: readonly string[] = [],
): void {
  if (!isPyMap(value)) {
    report(path, 'This must be a mapping.');
    return;
  }
  for (const [key, item] of value.entries) {
    const name = keyText(key);
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) report([...path, name], `Unknown key "${name}".`, 'key');
    else if (!kind.matches(item)) report([...path, name], `This must be ${kind.words}.`);
  }
  for (const name of required) if (getKey(value, name) === undefined) report(path, `"${name}" is missing.`);
}

function isWhole(value: PyValue): boolean {
  return typeof value === 'object' && value !== null && !isList(value) && value.kind === 'int';
}

function readOut(item: PyMap, folder: string, place: Place): DataOut {
  const written = pathOf(item);
  const count = (key: string): number | undefined => {
    const value = getKey(item, key);
    return typeof value === 'object' && value !== null && !isList(value) && value.kind === 'int'
      ? Number(value.value)
      : undefined;
  };
  const md5 = readHash(getKey(item, 'md5'));
  const recorded: LockedPath = {
    path: written,
    md5,
    legacy: md5 !== undefined && getKey(item, 'hash') === undefined,
    size: count('size'),
    nfiles: count('nfiles'),
    isexec: getKey(item, 'isexec') === true,
    foreign: [],
  };
  return {
    path: written,
    file: isOutside(written) && !written.startsWith('..') ? written : joinPath(folder, written),
    place,
    kind: 'out',
    cache: getKey(item, 'cache') !== false,
    persist: getKey(item, 'persist') === true,
    recorded,
  };
}

/** Checked to be text before. */
function pathOf(item: PyMap): string {
  const path = getKey(item, 'path');
  return typeof path === 'string' ? path : '';
}

function findUnsupported(outs: readonly PyValue[], deps: readonly PyValue[]): string[] {
  const found = deps.length > 0 ? ['an import'] : [];
  for (const out of outs) {
    if (!isPyMap(out)) continue;
    const path = pathOf(out);
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) found.push(`the remote path ${path}`);
    const keys = REMOTE_KEYS.filter((key) => getKey(out, key) !== undefined);
    if (keys.length > 0) found.push(`${keys.join(', ')} of ${path}`);
  }
  return found;
}

/** The file as a stage without a command, which is what it is to DVC: it is judged by the same rules. */
export function toSourceStage({ name, place, outs, alwaysChanged, frozen, unsupported }: DataFile): Stage {
  return {
    name,
    key: name,
    place,
    cmd: '',
    wdir: '',
    deps: [],
    params: [],
    outs,
    frozen,
    alwaysChanged,
    desc: undefined,
    unsupported,
  };
}

/** What is recorded of it, in the shape of a lock entry. */
export function toSourceLock({ outs, hasChecksum }: DataFile): LockedStage {
  // The checksum of old files is one of a command that is gone: such a file always counts as changed.
  return { cmd: hasChecksum ? null : '', deps: [], params: new Map(), outs: outs.map(({ recorded }) => recorded) };
}

/** What a `.dvc` file records of its data. */
export interface RecordedData {
  readonly md5: string;
  readonly size: number;
  readonly nfiles: number | undefined;
  readonly isexec: boolean;
}

/** The text of a new `.dvc` file for one path beside it, byte for byte as DVC writes it. */
export function formatDataFile(path: string, data: RecordedData): string {
  return emitMapping(toPyMap([['outs', [toPyMap([...toPairs(data), ['hash', 'md5'], ['path', path]])]]]), 0);
}

function toPairs({ md5, size, nfiles, isexec }: RecordedData): [string, PyValue][] {
  return [
    ['md5', md5],
    ['size', integer(size)],
    ...(nfiles === undefined ? [] : [['nfiles', integer(nfiles)] as [string, PyValue]]),
    ...(isexec ? [['isexec', true] as [string, PyValue]] : []),
  ];
}

/**
 * The text of a `.dvc` file with its records replaced, in the order of its outputs; undefined leaves one as it is. Comments, notes
 * and the order of keys stay; new keys come last, as DVC adds them.
 */
export function updateDataFile(
  { text: content, name, outs }: DataFile,
  data: readonly (RecordedData | undefined)[],
): string {
  const { value: yaml } = parseYaml(content, name, LIMITS);
  if (yaml === undefined) throw new Error(`${name} was readable before.`);
  const { document } = yaml;
  for (const [index] of outs.entries()) {
    const record = data[index];
    if (record === undefined) continue;
    const values = { md5: record.md5, size: record.size, nfiles: record.nfiles, isexec: record.isexec || undefined };
    for (const [key, value] of Object.entries({ ...values, hash: 'md5' })) {
      if (value === undefined) document.deleteIn(['outs', index, key]);
      else document.setIn(['outs', index, key], value);
    }
  }
  return document.toString({ indentSeq: false, singleQuote: true, lineWidth: 0, flowCollectionPadding: false });
}
