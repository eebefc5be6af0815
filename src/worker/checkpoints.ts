import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { nameCheckpoint, newestOfEachFit, planPruning } from '../core/training/training.ts';
import { diskError, isMissing, replaceDirectory, temporaryBeside } from '../node/files/files.ts';
import { ExpectedError } from '../protocol/errors.ts';
import {
  checkpointFile,
  checkpointFormat,
  fromJson,
  toJson,
  type CheckpointHeader,
  type CheckpointPosition,
  type StandingCheckpoint,
} from '../protocol/training.ts';
import { arrayTypes, type NamedNumbers } from './snapshot.ts';

// Checkpoints on disk: a folder each, with `checkpoint.json` (what is asked first, the training's state, a manifest of
// numbers) and `state.bin` (the numbers). A folder is staged and renamed, so it stands whole or not at all.

const STATE_FILE = 'state.bin';
const BEST_FOLDER = 'best';

/** What the training was, beside the numbers: anything that JSON holds. Infinities and NaN are kept. */
type SavedState = Readonly<Record<string, unknown>>;

export interface CheckpointContent {
  readonly position: CheckpointPosition;
  readonly step: number;
  readonly state: SavedState;
  readonly numbers: readonly NamedNumbers[];
}

export interface LoadedCheckpoint {
  readonly name: string;
  readonly header: CheckpointHeader;
  readonly state: SavedState;
  readonly numbers: readonly NamedNumbers[];
}

/** What is the same for every checkpoint of a process. */
export type Circumstances = Pick<CheckpointHeader, 'backend' | 'backendVersion' | 'threads' | 'engineVersion'>;

/** The checkpoints of one run. */
export interface CheckpointFolder {
  /** The checkpoint to go on from in that call of `fit`; undefined when it begins anew. */
  find(fit: number): Promise<LoadedCheckpoint | undefined>;
  /** Writes one, removes what is beyond `keep`, and gives its name. */
  write(content: CheckpointContent, keep: number): Promise<string>;
  /** Replaces the best model; `fill` writes it into the folder that it gets. */
  writeBest(facts: SavedState, fill: (folder: string) => Promise<void>): Promise<void>;
}

interface CheckpointOptions {
  /** Those that the run has already. */
  readonly standing: readonly StandingCheckpoint[];
  readonly circumstances: Circumstances;
  /** False when another process may be reading them. */
  readonly mayPrune: () => boolean;
}

export function openCheckpoints(
  folder: string,
  { standing: given, circumstances, mayPrune }: CheckpointOptions,
): CheckpointFolder {
  const startedFrom = newestOfEachFit(given);
  const standing = [...given];
  return {
    async find(fit) {
      const entry = startedFrom.find((candidate) => candidate.fit === fit);
      return entry === undefined ? undefined : load(folder, entry.name);
    },
    async write({ position, step, state, numbers }, keep) {
      const name = nameCheckpoint(position);
      const header = { format: checkpointFormat, ...position, step, ...circumstances } as const;
      await place(folder, name, (staging) => writeFiles(staging, header, { state, numbers }));
      const others = standing.filter((entry) => entry.name !== name);
      standing.splice(0, standing.length, ...others, { ...position, name });
      for (const outdated of mayPrune() ? planPruning(standing, keep) : []) {
        standing.splice(standing.indexOf(outdated), 1);
        await rm(path.join(folder, outdated.name), { recursive: true, force: true });
      }
      return name;
    },
    writeBest: (facts, fill) =>
      place(folder, BEST_FOLDER, async (staging) => {
        await fill(staging);
        await writeWhole(path.join(staging, 'best.json'), toText(facts));
      }),
  };
}

async function place(folder: string, name: string, fill: (staging: string) => Promise<void>): Promise<void> {
  const target = path.join(folder, name);
  const staging = temporaryBeside(target);
  try {
    await mkdir(staging, { recursive: true });
    await fill(staging);
    await replaceDirectory(staging, target);
    await syncFolder(folder);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw diskError(error, target);
  }
}

interface Entries {
  readonly state: SavedState;
  readonly numbers: readonly NamedNumbers[];
}

async function writeFiles(staging: string, header: CheckpointHeader, { state, numbers }: Entries): Promise<void> {
  const bytes = Buffer.concat(
    numbers.map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  );
  await writeWhole(path.join(staging, STATE_FILE), bytes);
  const manifest = numbers.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  const document = { ...header, sha256: digestOf(bytes), state, numbers: manifest };
  await writeWhole(path.join(staging, checkpointFile), toText(document));
}

async function load(folder: string, name: string): Promise<LoadedCheckpoint> {
  const fail = (reason: string): ExpectedError =>
    new ExpectedError(
      'corrupt',
      `The checkpoint ${path.join(folder, name)} can't be used: ${reason} Remove it to go on from the one before.`,
    );
  try {
    const text = await readFile(path.join(folder, name, checkpointFile), 'utf8');
    const document = JSON.parse(text, fromJson) as CheckpointHeader & {
      readonly sha256: string;
      readonly state: SavedState;
      readonly numbers: readonly Omit<NamedNumbers, 'values'>[];
    };
    const bytes = await readFile(path.join(folder, name, STATE_FILE));
    if (digestOf(bytes) !== document.sha256) throw fail('its numbers are not the ones that it was saved with.');
    return { name, header: document, state: document.state, numbers: cut(bytes, document.numbers) };
  } catch (error) {
    if (isMissing(error)) throw fail('a file of it is missing.');
    throw diskError(error, path.join(folder, name));
  }
}

/** Each array gets memory of its own: it begins where its type wants it. */
function cut(bytes: Buffer, manifest: readonly Omit<NamedNumbers, 'values'>[]): readonly NamedNumbers[] {
  let offset = 0;
  return manifest.map((entry) => {
    const count = entry.shape.reduce((product, size) => product * size, 1);
    const type = arrayTypes[entry.dtype];
    const end = offset + count * type.BYTES_PER_ELEMENT;
    const values = new type(new Uint8Array(bytes.subarray(offset, end)).buffer);
    offset = end;
    return { ...entry, values };
  });
}

async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The rename itself reaches the disk. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, (_key, item: unknown) => toJson(item))}\n`;
}
