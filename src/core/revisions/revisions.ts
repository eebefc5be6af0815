import {
  folderOf,
  formatPythonJson,
  getKey,
  isList,
  isPyMap,
  joinPath,
  keyText,
  parseParams,
  pickParams,
  type PipelineFile,
  type PyMap,
  type PyValue,
  type Stage,
} from '../pipeline/pipeline.ts';
import { toGatheredRun, type GatheredRun } from '../tracking/tracking.ts';

// Commits as rows: the metrics and params that their pipelines name, as `dvc exp show`, `dvc metrics diff` and `dvc params diff` have them.

/** What the pipelines of a revision name, relative to the project's root. */
export interface NamedFiles {
  readonly metrics: readonly string[];
  /** Keys of each file; none: all of it. */
  readonly params: ReadonlyMap<string, readonly string[]>;
}

const DEFAULT_PARAMS = 'params.yaml';

/** `all`: the files of the revision, among which a folder that is named is looked up. */
export function collectNames(
  pipelines: readonly { readonly pipeline: PipelineFile; readonly stages: readonly Stage[] }[],
  all: readonly string[],
): NamedFiles {
  const metrics = new Set<string>();
  const params = new Map<string, readonly string[]>();
  const addParams = (file: string, keys: readonly string[]): void => {
    const known = params.get(file);
    // The whole file wins over some of its keys.
    params.set(file, known?.length === 0 || keys.length === 0 ? [] : [...new Set([...(known ?? []), ...keys])]);
  };
  for (const { pipeline, stages } of pipelines) {
    for (const { outs, params: own } of stages) {
      for (const out of outs) if (out.kind === 'metric') metrics.add(out.file);
      for (const { file, keys } of own) addParams(file, keys);
    }
    for (const file of listTop(pipeline, 'metrics')) metrics.add(file);
    for (const file of listTop(pipeline, 'params')) addParams(file, []);
  }
  if (all.includes(DEFAULT_PARAMS)) addParams(DEFAULT_PARAMS, []);
  const expand = (file: string): readonly string[] => {
    const below = all.filter((name) => name.startsWith(`${file}/`));
    return below.length > 0 ? below : [file];
  };
  return {
    metrics: [...metrics].flatMap(expand),
    params: new Map([...params].flatMap(([file, keys]) => expand(file).map((name) => [name, keys] as const))),
  };
}

/** Files that a dvc.yaml names outside of its stages. */
function listTop({ file, root }: PipelineFile, key: 'metrics' | 'params'): readonly string[] {
  const list = getKey(root, key);
  return isList(list)
    ? list.flatMap((entry) => (typeof entry === 'string' ? [joinPath(folderOf(file), entry)] : []))
    : [];
}

/** What is known of a revision beside its files. */
export interface RevisionFacts {
  /** The whole hash of the commit. */
  readonly runId: string;
  readonly name: string;
  readonly experiment: string;
  readonly parentRunId: string | null;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly tags: Readonly<Record<string, string>>;
}

interface RevisionReading {
  readonly gathered: GatheredRun;
  /** Files that can't be read as what they are. */
  readonly warnings: readonly { readonly file: string; readonly message: string }[];
}

/** `texts`: of the files that are named, as far as they are there. */
export function toRevisionRun(
  facts: RevisionFacts,
  names: NamedFiles,
  texts: ReadonlyMap<string, string>,
): RevisionReading {
  const warnings: { file: string; message: string }[] = [];
  const read = (file: string): PyMap | undefined => {
    const text = texts.get(file);
    if (text === undefined) return undefined;
    const { value, problems } = parseParams(text, file);
    if (value === undefined) warnings.push({ file, message: problems[0]?.message ?? 'It can’t be read.' });
    return value;
  };
  const params = [...names.params].flatMap(([file, keys]) => {
    const content = read(file);
    const picked = content === undefined ? [] : [...pickParams(content, keys).values];
    return picked.flatMap(([key, value]) => leavesOf(value, key)).map(([key, value]): Leaf => ({ file, key, value }));
  });
  const metrics = names.metrics.flatMap((file) => {
    const content = read(file);
    return content === undefined ? [] : leavesOf(content, '').map(([key, value]): Leaf => ({ file, key, value }));
  });
  const { time, parentRunId, ...rest } = facts;
  const points = toUnique(metrics).flatMap(([name, leaf]) => {
    const value = toNumber(leaf);
    return value === undefined ? [] : [[name, [{ value, step: 0, timestamp: time }]] as const];
  });
  const { run, points: kept } = toGatheredRun({
    ...{ ...rest, startTime: time, endTime: time, artifacts: null },
    params: Object.fromEntries(toUnique(params).map(([name, value]) => [name, toText(value)])),
    points: new Map(points),
  });
  return { gathered: { run: { ...run, parentRunId }, points: kept }, warnings };
}

interface Leaf {
  readonly file: string;
  readonly key: string;
  readonly value: PyValue;
}

/** Named by their keys alone where no other file has the same, as DVC's table has them. */
function toUnique(leaves: readonly Leaf[]): readonly (readonly [string, PyValue])[] {
  const files = Map.groupBy(leaves, ({ key }) => key);
  return leaves.map(({ file, key, value }) => [(files.get(key)?.length ?? 0) > 1 ? `${file}:${key}` : key, value]);
}

/** Leaves of mappings in mappings, their keys joined by dots; an empty mapping is none. */
function leavesOf(value: PyValue, name: string): readonly (readonly [string, PyValue])[] {
  if (!isPyMap(value)) return [[name, value]];
  return value.entries.flatMap(([key, item]) => leavesOf(item, name === '' ? keyText(key) : `${name}.${keyText(key)}`));
}

/** Booleans count, as in Python. Lists and texts are no metrics here. */
function toNumber(value: PyValue): number | undefined {
  if (typeof value === 'boolean') return Number(value);
  if (value === null || typeof value === 'string' || isList(value)) return undefined;
  return value.kind === 'int' || value.kind === 'float' ? Number(value.value) : undefined;
}

function toText(value: PyValue): string {
  return typeof value === 'string' ? value : formatPythonJson(value);
}
