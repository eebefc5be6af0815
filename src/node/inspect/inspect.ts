import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import zlib from 'node:zlib';
import { inspectFile, isModelFile, worstRisk, type ByteSource, type Unpack } from '../../core/inspect/inspect.ts';
import { compareCodePoints } from '../../core/names/names.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FileInspection, ModelInspection } from '../../protocol/inspect.ts';
import { diskError, isMissing, isTemporary } from '../files/files.ts';

/** Of a folder at most so many files are looked into, and so many names read. */
const MAX_FILES = 100;
const MAX_NAMES = 100_000;

/**
 * What the files of a model say of themselves: a file, or a folder with all that is known in it. Nothing is executed, imported or loaded, and no
 * more than a part of a file is in memory. Throws `missing-file`.
 */
export async function inspectModel(place: string): Promise<ModelInspection> {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found === undefined) throw new ExpectedError('missing-file', `There is no file or folder ${place}.`);
  if (!found.isDirectory()) {
    const file = readOne(place, path.basename(place));
    return { path: place, bytes: file.bytes, canExecuteCode: file.canExecuteCode, files: [file] };
  }
  const all = await listAll(place);
  const chosen = all.filter(isModelFile).slice(0, MAX_FILES);
  const files = chosen.map((name) => readOne(path.join(place, ...name.split('/')), name));
  const sizes = all.map((name) => statSync(path.join(place, ...name.split('/')), { throwIfNoEntry: false })?.size ?? 0);
  return {
    path: place,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    canExecuteCode: worstRisk(files),
    files,
  };
}

/** MLmodel first: it says what the others are. */
async function listAll(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw diskError(error, folder);
  });
  return entries
    .slice(0, MAX_NAMES)
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && !isTemporary(entry.name))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort((a, b) => Number(b === 'MLmodel') - Number(a === 'MLmodel') || compareCodePoints(a, b));
}

function readOne(file: string, name: string): FileInspection {
  let handle: number | undefined;
  try {
    // Asked before it is opened: a pipe would be waited for.
    if (!statSync(file).isFile()) throw new ExpectedError('missing-file', `${file} is no file.`);
    handle = openSync(file, 'r');
    return inspectFile(name, toFileSource(handle), unpack);
  } catch (error) {
    const known = diskError(error, file);
    if (known instanceof ExpectedError || isMissing(error)) return unreadable(name, known);
    throw error;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** One file that can't be opened hides no other. */
function unreadable(path: string, error: unknown): FileInspection {
  const message = error instanceof ExpectedError ? error.message : 'It is not there any more.';
  return {
    ...{
      path,
      format: 'unknown',
      bytes: 0,
      facts: {},
      inputs: [],
      outputs: [],
      parts: [],
      operations: {},
      imports: [],
    },
    ...{ canExecuteCode: 'unknown', reasons: ['It could not be read.'], problems: [{ offset: null, message }] },
  };
}

function toFileSource(handle: number): ByteSource {
  return {
    length: fstatSync(handle).size,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      let read = 0;
      while (read < length) {
        const count = readSync(handle, bytes, read, length - read, offset + read);
        // Somebody has cut it meanwhile.
        if (count === 0) return bytes.subarray(0, read);
        read += count;
      }
      return bytes;
    },
  };
}

const unpackers = {
  zlib: zlib.inflateSync,
  gzip: zlib.gunzipSync,
  raw: zlib.inflateRawSync,
} as const;

/** Never more than `limit` bytes, whatever the packed ones would become. */
const unpack: Unpack = (kind, bytes, limit) => {
  try {
    return { bytes: unpackers[kind](bytes, { maxOutputLength: limit }), isWhole: true };
  } catch {
    return { bytes: unpackBeginning(kind, bytes, limit), isWhole: false };
  }
};

/** As much as there is of damaged bytes: they may hold what matters most. */
function unpackBeginning(kind: keyof typeof unpackers, bytes: Uint8Array, limit: number): Uint8Array {
  try {
    return unpackers[kind](bytes, { maxOutputLength: limit, finishFlush: zlib.constants.Z_SYNC_FLUSH });
  } catch {
    // Too long, or broken in the middle: nothing of it is known.
    return new Uint8Array(0);
  }
}
