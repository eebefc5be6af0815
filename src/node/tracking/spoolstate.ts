import path from 'node:path';
import { isRecord } from '../../protocol/shapes.ts';
import { readTextIfExists, writeFileAtomic } from '../files/files.ts';

/** How far a run that is written here has come to its server. Kept in the run's own folder, which MLflow's layout overlooks. */
export interface SpoolState {
  /** The server's place of the artifacts. */
  readonly artifactUri: string;
  /** Bytes of each metric's file that the server has. */
  readonly metrics: Readonly<Record<string, number>>;
  /** As `metrics` will be when the batch has come through that was last sent; null when it is known to have. */
  readonly pending: Readonly<Record<string, number>> | null;
  readonly params: readonly string[];
  /** Values that the server has, by name. */
  readonly tags: Readonly<Record<string, string>>;
  /** Artifacts that the server has: size and time of what was sent, by path. */
  readonly files: Readonly<Record<string, string>>;
}

const FILE_NAME = 'spool.json';

export async function writeSpoolState(folder: string, state: SpoolState): Promise<void> {
  await writeFileAtomic(path.join(folder, FILE_NAME), JSON.stringify(state), { stagingFolder: folder });
}

/** Undefined for one that is missing or damaged: then the server has to be asked what it has. */
export async function readSpoolState(folder: string): Promise<SpoolState | undefined> {
  const text = await readTextIfExists(path.join(folder, FILE_NAME));
  try {
    return text === undefined ? undefined : parseState(JSON.parse(text));
  } catch {
    // Cut by a dying disk.
    return undefined;
  }
}

function parseState(value: unknown): SpoolState | undefined {
  if (!isRecord(value)) return undefined;
  const { artifactUri, metrics, pending, params, tags, files } = value;
  const isWhole =
    typeof artifactUri === 'string' &&
    isRecordOf<number>(metrics, Number.isSafeInteger) &&
    (pending === null || isRecordOf<number>(pending, Number.isSafeInteger)) &&
    Array.isArray(params) &&
    isRecordOf<string>(tags, isText) &&
    isRecordOf<string>(files, isText);
  return isWhole ? { artifactUri, metrics, pending, params: params.map(String), tags, files } : undefined;
}

function isRecordOf<T>(value: unknown, check: (one: unknown) => boolean): value is Readonly<Record<string, T>> {
  return isRecord(value) && Object.values(value).every(check);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
