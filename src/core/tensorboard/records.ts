import { viewOf } from './wire.ts';

// TensorFlow's TFRecord: length (8 bytes), checksum of the length (4), data, checksum of the data (4); little-endian, checksums masked CRC-32C.

const HEAD = 12;
const TAIL = 4;
/** A longer record is no event of any writer: its length is broken. */
const LONGEST = 1 << 30;

/** What whole records at the beginning of some bytes hold. */
export interface RecordsReading {
  readonly records: readonly Uint8Array[];
  /** Bytes that are done with; what is behind them is the beginning of a record that is still being written. */
  readonly length: number;
  /** Records that were passed over because their bytes are not those that were written. */
  readonly damaged: number;
  /** The length of a record is broken: nothing behind it can be found. */
  readonly isLost: boolean;
}

export function readRecords(bytes: Uint8Array): RecordsReading {
  const view = viewOf(bytes);
  const records: Uint8Array[] = [];
  let [at, damaged] = [0, 0];
  while (bytes.length - at >= HEAD) {
    const length = Number(view.getBigUint64(at, true));
    const isWhole = view.getUint32(at + 8, true) === maskedCrc(bytes.subarray(at, at + 8));
    if (!isWhole || length > LONGEST) return { records, length: at, damaged, isLost: true };
    const end = at + HEAD + length + TAIL;
    if (end > bytes.length) break;
    const data = bytes.subarray(at + HEAD, end - TAIL);
    if (view.getUint32(end - TAIL, true) === maskedCrc(data)) records.push(data);
    else damaged += 1;
    at = end;
  }
  return { records, length: at, damaged, isLost: false };
}

/** CRC-32C (Castagnoli), masked as TensorFlow does, so that a checksum of data that holds checksums is no nearer to them. */
export function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  crc = (crc ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0x82f63b78 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});
