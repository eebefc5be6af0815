import type { RunStatus } from '../../protocol/tracking.ts';
import { isRecord } from '../../protocol/shapes.ts';
import type { TimedPoint } from '../tracking/tracking.ts';

// What an MLflow server answers (specs: REST 2.0), taken for what it is: text from elsewhere. Fields that are not set are absent, whole
// numbers may be texts, and NaN and infinity are. Undefined means "not the shape that MLflow gives".

/** A run as a server tells it: of each metric only the last point. */
export interface ServerRun {
  readonly runId: string;
  readonly name: string;
  readonly experimentId: string;
  readonly user: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly artifactUri: string;
  readonly isDeleted: boolean;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, TimedPoint>>;
}

interface ServerExperiment {
  readonly experimentId: string;
  readonly name: string;
  readonly isDeleted: boolean;
}

export interface ListedArtifact {
  /** From the artifacts' root, as the server says it: not yet looked at. */
  readonly path: string;
  readonly isFolder: boolean;
  readonly bytes: number | null;
}

/** A page of something: what could be read of it, how many could not, and how to ask for the next. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly unreadable: number;
  readonly nextToken: string | null;
}

/** Tag by which a run is found again whose creation was not answered; it says nothing of the run. */
export const creationTag = 'mlops.creation';

function withoutCreation(tags: ServerRun['tags']): ServerRun['tags'] {
  return Object.fromEntries(Object.entries(tags).filter(([name]) => name !== creationTag));
}

const statuses: ReadonlySet<string> = new Set<RunStatus>(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']);

export function parseServerRun(value: unknown): ServerRun | undefined {
  if (!isRecord(value) || !isRecord(value['info'])) return undefined;
  const { info } = value;
  const runId = textOf(info['run_id']) ?? textOf(info['run_uuid']);
  const experimentId = idOf(info['experiment_id']);
  // It becomes part of paths and addresses.
  if (runId === undefined || !/^[\w-]{1,64}$/.test(runId) || experimentId === undefined) return undefined;
  const data = isRecord(value['data']) ? value['data'] : {};
  const tags = withoutCreation(toTexts(data['tags']));
  return {
    ...{ runId, experimentId, tags },
    ...toInfo(info, tags),
    params: toTexts(data['params']),
    metrics: toMetrics(data['metrics']),
  };
}

type RunInfo = Pick<ServerRun, 'name' | 'user' | 'status' | 'startTime' | 'endTime' | 'artifactUri' | 'isDeleted'>;

function toInfo(info: Readonly<Record<string, unknown>>, tags: ServerRun['tags']): RunInfo {
  const [status, endTime] = [textOf(info['status']) ?? '', wholeOf(info['end_time']) ?? 0];
  return {
    name: textOf(info['run_name']) ?? tags['mlflow.runName'] ?? '',
    user: textOf(info['user_id']) ?? tags['mlflow.user'] ?? '',
    status: statuses.has(status) ? (status as RunStatus) : 'FAILED',
    startTime: wholeOf(info['start_time']) ?? 0,
    // A server may say 0 for "not yet".
    endTime: endTime === 0 ? null : endTime,
    artifactUri: textOf(info['artifact_uri']) ?? '',
    isDeleted: info['lifecycle_stage'] === 'deleted',
  };
}

export function parseRunPage(value: unknown): Page<ServerRun> | undefined {
  return parsePage(value, 'runs', parseServerRun);
}

export function parseExperiment(value: unknown): ServerExperiment | undefined {
  if (!isRecord(value)) return undefined;
  const experimentId = idOf(value['experiment_id']);
  const name = textOf(value['name']);
  if (experimentId === undefined || name === undefined) return undefined;
  return { experimentId, name, isDeleted: value['lifecycle_stage'] === 'deleted' };
}

export function parseExperiments(value: unknown): Page<ServerExperiment> | undefined {
  return parsePage(value, 'experiments', parseExperiment);
}

export function parseHistoryPage(value: unknown): Page<TimedPoint> | undefined {
  return parsePage(value, 'metrics', parsePoint);
}

export function parseArtifactList(value: unknown): Page<ListedArtifact> | undefined {
  return parsePage(value, 'files', (file) => {
    const path = isRecord(file) ? textOf(file['path']) : undefined;
    if (!isRecord(file) || path === undefined) return undefined;
    const isFolder = file['is_dir'] === true;
    return { path, isFolder, bytes: isFolder ? null : (wholeOf(file['file_size']) ?? null) };
  });
}

/** As MLflow's JSON has numbers that JSON has not. */
export function toValueText(value: number): number | string {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

/** An answer without the list is one without items: a server leaves out what is empty. */
function parsePage<T>(value: unknown, key: string, parse: (item: unknown) => T | undefined): Page<T> | undefined {
  if (!isRecord(value)) return undefined;
  const list = value[key] ?? [];
  if (!Array.isArray(list)) return undefined;
  const items = list.map(parse).filter((item) => item !== undefined);
  const token = textOf(value['next_page_token']) ?? '';
  return { items, unreadable: list.length - items.length, nextToken: token === '' ? null : token };
}

function parsePoint(value: unknown): TimedPoint | undefined {
  if (!isRecord(value)) return undefined;
  const number = valueOf(value['value'] === undefined ? 0 : value['value']);
  if (number === undefined) return undefined;
  return { value: number, step: wholeOf(value['step']) ?? 0, timestamp: wholeOf(value['timestamp']) ?? 0 };
}

function toMetrics(list: unknown): Readonly<Record<string, TimedPoint>> {
  return toEntries(list, (one) => parsePoint(one));
}

function toTexts(list: unknown): Readonly<Record<string, string>> {
  return toEntries(list, ({ value = '' }) => textOf(value));
}

/** Keys come from elsewhere: one called `__proto__` is a key as any other. */
function toEntries<T>(
  list: unknown,
  read: (one: Readonly<Record<string, unknown>>) => T | undefined,
): Readonly<Record<string, T>> {
  const pairs = (Array.isArray(list) ? list : []).flatMap((one: unknown): [string, T][] => {
    const key = isRecord(one) ? textOf(one['key']) : undefined;
    const value = isRecord(one) && key !== undefined ? read(one) : undefined;
    return key === undefined || value === undefined ? [] : [[key, value]];
  });
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function idOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : textOf(value);
  return text !== undefined && /^[\w-]{1,64}$/.test(text) ? text : undefined;
}

function wholeOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

const words: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

function valueOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : words.get(value);
}
