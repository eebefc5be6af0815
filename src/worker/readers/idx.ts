import { isPacked, readBytes, sizeOf } from './bytes.ts';
import { dataMistake, type DataFile } from './mistakes.ts';

// IDX, the format of MNIST: two zero bytes, the type of the values, the number of axes, each axis' size as a big-endian number of four
// bytes, then the values.

/** What an IDX file holds: bytes as they are, every other kind of number as 32-bit floats. */
export interface Idx {
  readonly values: Uint8Array | Float32Array;
  /** [60000, 28, 28]: sixty thousand pictures of 28 rows and 28 columns. */
  readonly shape: readonly number[];
}

interface Kind {
  readonly bytes: number;
  /** Undefined for bytes, which need no reading. */
  readonly read?: (view: DataView, at: number) => number;
}

const kinds: Readonly<Record<number, Kind>> = {
  0x08: { bytes: 1 },
  0x09: { bytes: 1, read: (view, at) => view.getInt8(at) },
  0x0b: { bytes: 2, read: (view, at) => view.getInt16(at) },
  0x0c: { bytes: 4, read: (view, at) => view.getInt32(at) },
  0x0d: { bytes: 4, read: (view, at) => view.getFloat32(at) },
  0x0e: { bytes: 8, read: (view, at) => view.getFloat64(at) },
};

/** The most that gzip can make of a byte. */
const MOST_UNPACKED = 1032;

interface Header {
  readonly kind: Kind;
  readonly shape: readonly number[];
  /** Bytes of the header. */
  readonly size: number;
  /** How many values follow. */
  readonly count: number;
}

/** In memory are the values, once, and a piece of the file: `.gz` is unpacked on the way. */
export async function readIdx(file: DataFile): Promise<Idx> {
  const size = await sizeOf(file);
  const most = isPacked(file) ? size * MOST_UNPACKED : size;
  let rest = new Uint8Array(0);
  let header: Header | undefined;
  let values: Uint8Array | Float32Array = rest;
  let done = 0;
  for await (const piece of readBytes(file)) {
    let bytes = rest.length === 0 ? piece : join(rest, piece);
    if (header === undefined) {
      header = parseHeader(file, bytes);
      if (header !== undefined) {
        bytes = bytes.subarray(header.size);
        checkCount(file, header, most);
        values = allocate(file, header);
      }
    }
    const taken = header === undefined ? 0 : take(file, header, { bytes, values, done });
    done += taken;
    rest = bytes.slice(taken * (header?.kind.bytes ?? 1));
  }
  if (header === undefined) throw dataMistake(file, 'the file ends within its header. Make or download it again.');
  if (done < header.count) throw wrongCount(file, header, `ends after ${done}`);
  return { values, shape: header.shape };
}

/** Undefined as long as there are too few bytes for it. */
function parseHeader(file: DataFile, bytes: Uint8Array): Header | undefined {
  if (bytes.length < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [type, axes] = [view.getUint8(2), view.getUint8(3)];
  const kind = kinds[type];
  if (view.getUint16(0) !== 0 || kind === undefined || axes === 0) {
    const found = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw dataMistake(
      file,
      `this is not an IDX file: it begins with the bytes ${found}, not with 00 00, the type of its values and the number of axes.`,
    );
  }
  const size = 4 + 4 * axes;
  if (bytes.length < size) return undefined;
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { kind, shape, size, count: shape.reduce((product, length) => product * length, 1) };
}

/** A damaged header must not ask for more memory than the file can fill. */
function checkCount(file: DataFile, header: Header, most: number): void {
  if (header.count === 0) throw dataMistake(file, `the file holds no values (${header.shape.join(' × ')}).`);
  if (header.count * header.kind.bytes > most) throw wrongCount(file, header, 'is too short for them');
}

function allocate(file: DataFile, { kind, count }: Header): Uint8Array | Float32Array {
  try {
    return kind.read === undefined ? new Uint8Array(count) : new Float32Array(count);
  } catch {
    // Its error says only that there is not so much.
    throw dataMistake(file, `its ${count} values are more than memory can hold. Split the file, and give a stream.`);
  }
}

function wrongCount(file: DataFile, { shape, count }: Header, found: string): Error {
  return dataMistake(
    file,
    `the header promises ${shape.join(' × ')} = ${count} values, and the file ${found}. Make or download it again.`,
  );
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly values: Uint8Array | Float32Array;
  /** Values that are there already. */
  readonly done: number;
}

/** Puts the whole values of a piece in their places and gives how many. */
function take(file: DataFile, header: Header, { bytes, values, done }: Piece): number {
  const { kind, count } = header;
  const taken = Math.floor(bytes.length / kind.bytes);
  if (done + taken > count) throw wrongCount(file, header, 'goes on behind them');
  if (kind.read === undefined) values.set(bytes, done);
  else {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let index = 0; index < taken; index++) values[done + index] = kind.read(view, index * kind.bytes);
  }
  return taken;
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
