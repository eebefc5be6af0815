// IDX, the file format of MNIST: two zero bytes, the type of the values (8: unsigned bytes), the number of dimensions, each
// dimension's size as a big-endian number of four bytes, then the values themselves. Names ending in .gz are gzipped.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

export interface Idx {
  /** [60000, 28, 28]: sixty thousand pictures of 28 rows and 28 columns. */
  shape: number[];
  data: Uint8Array;
}

/** Bytes of one labelled digit: its label, then 28 × 28 pixels, row by row, 0 (paper) to 255 (ink). */
export const RECORD = 1 + 28 * 28;

/** Labelled digits, one behind the other, as all their labels and all their pixels. */
export function splitRecords(data: Uint8Array | Float32Array): { labels: Uint8Array; pixels: Uint8Array } {
  const labels = new Uint8Array(data.length / RECORD);
  const pixels = new Uint8Array(labels.length * (RECORD - 1));
  labels.forEach((_, i) => {
    labels[i] = data[i * RECORD];
    pixels.set(data.subarray(i * RECORD + 1, (i + 1) * RECORD), i * (RECORD - 1));
  });
  return { labels, pixels };
}

export function readIdx(file: string): Idx {
  const bytes = readFileSync(file);
  try {
    return parseIdx(file.endsWith('.gz') ? gunzipSync(bytes) : bytes);
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : error}`);
  }
}

export function writeIdx(file: string, { shape, data }: Idx): void {
  const bytes = formatIdx({ shape, data });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, file.endsWith('.gz') ? gzipSync(bytes) : bytes);
}

export function parseIdx(bytes: Uint8Array): Idx {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0) throw new Error('this is not an IDX file.');
  if (bytes[2] !== 8) throw new Error(`values of type ${bytes[2]} instead of unsigned bytes (8).`);
  const header = 4 + 4 * bytes[3];
  if (bytes.length < header) throw new Error('the file ends within its header.');
  const shape = Array.from({ length: bytes[3] }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = shape.reduce((product, size) => product * size, 1);
  if (bytes.length !== header + length)
    throw new Error(`${bytes.length - header} values instead of ${shape.join(' × ')}.`);
  return { shape, data: bytes.subarray(header) };
}

export function formatIdx({ shape, data }: Idx): Uint8Array {
  const header = 4 + 4 * shape.length;
  const bytes = new Uint8Array(header + data.length);
  const view = new DataView(bytes.buffer);
  bytes[2] = 8;
  bytes[3] = shape.length;
  shape.forEach((size, axis) => view.setUint32(4 + 4 * axis, size));
  bytes.set(data, header);
  return bytes;
}
