import { isMap, isScalar } from 'yaml';
import { parseYaml } from '../yaml/yaml.ts';
import type { Parsed } from '../../protocol/problem.ts';
import type { RunStatus } from '../../protocol/tracking.ts';
import { formatMlflowYaml, quoteText } from './yaml.ts';

/** `meta.yaml` of a run in MLflow's file layout. Times in milliseconds since 1970. */
export interface RunMeta {
  readonly runId: string;
  readonly experimentId: string;
  readonly name: string;
  readonly user: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly artifactUri: string;
  readonly isDeleted: boolean;
}

/** `meta.yaml` of an experiment. */
export interface ExperimentMeta {
  readonly experimentId: string;
  readonly name: string;
  readonly artifactLocation: string;
  readonly isDeleted: boolean;
}

/** MLflow's numbers of the statuses, in the file layout. */
const statusNumbers = { RUNNING: 1, SCHEDULED: 2, FINISHED: 3, FAILED: 4, KILLED: 5 } as const satisfies Record<
  RunStatus,
  number
>;
const SOURCE_TYPE_LOCAL = 4;

export function formatRunMeta(meta: Omit<RunMeta, 'isDeleted'>): string {
  return formatMlflowYaml({
    artifact_uri: meta.artifactUri,
    end_time: meta.endTime,
    entry_point_name: '',
    experiment_id: meta.experimentId,
    lifecycle_stage: 'active',
    run_id: meta.runId,
    run_name: meta.name,
    run_uuid: meta.runId,
    source_name: '',
    source_type: SOURCE_TYPE_LOCAL,
    source_version: '',
    start_time: meta.startTime,
    status: statusNumbers[meta.status],
    tags: [],
    user_id: meta.user,
  });
}

export function formatExperimentMeta(meta: Omit<ExperimentMeta, 'isDeleted'>, time: number): string {
  return formatMlflowYaml({
    artifact_location: meta.artifactLocation,
    creation_time: time,
    experiment_id: meta.experimentId,
    last_update_time: time,
    lifecycle_stage: 'active',
    name: meta.name,
  });
}

/** What of a run's meta can change. */
export interface RunMetaChange {
  readonly status?: RunStatus;
  readonly endTime?: number | null;
  readonly name?: string;
  /** When the run was deleted, in milliseconds since 1970; null: it is not (any more). */
  readonly deletedTime?: number | null;
}

/**
 * The text of a run's meta with a change, everything else left as it is: another program's run keeps keys that we don't know. These
 * files are flat, so each key stands at the beginning of a line, and what belongs to a long value is indented.
 */
export function updateRunMeta(text: string, change: RunMetaChange): string {
  const { status, endTime, name, deletedTime } = change;
  const values = {
    ...(status === undefined ? {} : { status: String(statusNumbers[status]) }),
    ...(endTime === undefined ? {} : { end_time: String(endTime) }),
    ...(name === undefined ? {} : { run_name: quoteText(name) }),
    ...(deletedTime === undefined
      ? {}
      : { lifecycle_stage: deletedTime === null ? 'active' : 'deleted', deleted_time: String(deletedTime) }),
  };
  return updateFlat(text, mapValues(values));
}

function mapValues(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, `${key}: ${value}`]));
}

/** A flat mapping's text with whole entries replaced, or added at its end where they are missing. By key, the entry's lines. */
export function updateFlat(text: string, entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries).reduce((result, [key, lines]) => {
    const entry = new RegExp(`^${key}:.*(?:\\r?\\n(?:[ \\t]+.*|(?=\\r?\\n[ \\t])))*$`, 'm');
    return entry.test(result) ? result.replace(entry, () => lines) : `${result.trimEnd()}\n${lines}\n`;
  }, text);
}

export function parseRunMeta(text: string, file: string): Parsed<RunMeta> {
  return parseFlat(text, file, (fields) => ({
    runId: fields.required('run_id', 'run_uuid'),
    experimentId: fields.required('experiment_id'),
    name: fields.optional('run_name') ?? fields.optional('name') ?? '',
    user: fields.optional('user_id') ?? '',
    status: fields.status(),
    startTime: fields.time('start_time') ?? fields.fail('start_time is missing'),
    endTime: fields.time('end_time'),
    artifactUri: fields.required('artifact_uri'),
    isDeleted: fields.optional('lifecycle_stage') === 'deleted',
  }));
}

export function parseExperimentMeta(text: string, file: string): Parsed<ExperimentMeta> {
  return parseFlat(text, file, (fields) => ({
    experimentId: fields.required('experiment_id'),
    name: fields.required('name'),
    artifactLocation: fields.optional('artifact_location') ?? '',
    isDeleted: fields.optional('lifecycle_stage') === 'deleted',
  }));
}

class MetaFailure extends Error {}

/** The scalars of a flat mapping as they are written: ids that look like numbers must stay texts. */
class FlatFields {
  readonly #texts: ReadonlyMap<string, string | null>;

  constructor(texts: ReadonlyMap<string, string | null>) {
    this.#texts = texts;
  }

  optional(key: string): string | null {
    const text = this.#texts.get(key) ?? null;
    return text === '' ? null : text;
  }

  required(...keys: readonly string[]): string {
    for (const key of keys) {
      const text = this.optional(key);
      if (text !== null) return text;
    }
    return this.fail(`${keys[0] ?? 'a key'} is missing`);
  }

  time(key: string): number | null {
    const text = this.optional(key);
    if (text === null) return null;
    const value = Number(text);
    return Number.isFinite(value) ? value : this.fail(`${key} is no time: ${text}`);
  }

  status(): RunStatus {
    const text = this.required('status');
    const found = Object.entries(statusNumbers).find(([name, number]) => text === name || text === String(number));
    return found === undefined ? this.fail(`status ${text} is unknown`) : (found[0] as RunStatus);
  }

  fail(message: string): never {
    throw new MetaFailure(message);
  }
}

/** Reads a mapping by the texts of its scalars; what `read` fails with is a problem with its place. */
export function parseFlat<T>(text: string, file: string, read: (fields: FlatFields) => T): Parsed<T> {
  const plain = readPlainLines(text);
  if (plain !== undefined) {
    try {
      return { value: read(new FlatFields(plain)), problems: [] };
    } catch (error) {
      // What is wrong with it is told with its place, by the long way.
      if (!(error instanceof MetaFailure)) throw error;
    }
  }
  const { value: yaml, problems } = parseYaml(text, file);
  if (yaml === undefined) return { value: undefined, problems };
  const { contents } = yaml.document;
  const texts = new Map<string, string | null>();
  for (const { key, value } of isMap(contents) ? contents.items : []) {
    if (!isScalar(key) || !isScalar(value)) continue;
    texts.set(String(key.value), value.value === null ? null : value.source);
  }
  try {
    return { value: read(new FlatFields(texts)), problems };
  } catch (error) {
    if (!(error instanceof MetaFailure)) throw error;
    return { value: undefined, problems: [...problems, yaml.problemAt([], `${error.message}.`)] };
  }
}

/** A key with nothing, a plain value, one in single quotes, or an empty list. */
const PLAIN_LINE = /^([a-z_]+):(?: ([\w./](?:.*[^\s:])?|'[^']*'|\[\]))?$/;
/** Where a plain value would end or be refused, and characters that a parser of YAML may treat in its own way. */
const UNPLAIN = /: |\s#|[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
const nulls: ReadonlySet<string> = new Set(['', '[]', 'null', 'Null', 'NULL']);
const MAX_PLAIN_LENGTH = 10_000;

/**
 * The scalars of a mapping that has nothing but keys with plain values, each on a line of its own, as MLflow and we write them: ten
 * times as quick as a parser of all of YAML, and a store has thousands of them. Undefined for a text that looks otherwise.
 */
function readPlainLines(text: string): ReadonlyMap<string, string | null> | undefined {
  if (text.length > MAX_PLAIN_LENGTH) return undefined;
  const texts = new Map<string, string | null>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, key, value = ''] = PLAIN_LINE.exec(line) ?? [];
    // A key that stands there twice is a mistake, which the parser tells.
    if (key === undefined || texts.has(key) || UNPLAIN.test(value)) return undefined;
    texts.set(key, nulls.has(value) ? null : value.startsWith("'") ? value.slice(1, -1) : value);
  }
  return texts.size === 0 ? undefined : texts;
}
