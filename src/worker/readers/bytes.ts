import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { hasCode, isMissing } from '../../node/files/files.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { dataMistake, type DataFile } from './mistakes.ts';

/** Bytes that are read at a time. */
const CHUNK = 1 << 18;

/** Size of a file that is there and can be read; anything else is told. A pipe or a device would never end. */
export async function sizeOf(file: DataFile): Promise<number> {
  const stats = await stat(file.absolute).catch((error: unknown) => {
    throw isMissing(error) ? missing(file) : error;
  });
  if (!stats.isFile()) throw dataMistake(file, `this is ${stats.isDirectory() ? 'a folder' : 'no file'}; give a file.`);
  return stats.size;
}

export function missing({ name }: DataFile): ExpectedError {
  return new ExpectedError(
    'missing-file',
    `${name} is missing. Run the stage that makes it ("mlops run"), or look at data.dataset_path of the config.`,
  );
}

/** The bytes of a file one piece after the other; of one whose name ends in `.gz`, the unpacked ones. */
export async function* readBytes(file: DataFile): AsyncGenerator<Uint8Array> {
  await sizeOf(file);
  const packed = createReadStream(file.absolute, { highWaterMark: CHUNK });
  const stream = isPacked(file) ? packed.pipe(createGunzip({ chunkSize: CHUNK })) : packed;
  // `pipe` hands on no errors.
  packed.once('error', (error) => stream.destroy(error));
  try {
    for await (const piece of stream) yield piece as Uint8Array;
  } catch (error) {
    throw explain(file, error);
  } finally {
    packed.destroy();
    stream.destroy();
  }
}

export function isPacked({ name }: DataFile): boolean {
  return /\.gz$/i.test(name);
}

function explain(file: DataFile, error: unknown): unknown {
  if (hasCode(error, 'Z_BUF_ERROR')) return dataMistake(file, 'the file ends too early. Make or download it again.');
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
    return dataMistake(file, `this is no gzip file, or a damaged one (${error.message}). Make or download it again.`);
  return error;
}
