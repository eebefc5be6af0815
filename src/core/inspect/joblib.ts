import { FormatFailure, toSource } from './bytes.ts';
import type { Reading } from './draft.ts';
import { readPickle } from './pickle.ts';

// What joblib saves is a pickle with arrays between its opcodes, often packed as a whole.

/** A file is not read into memory, or unpacked to, more than this. */
const MAX_UNPACKED = 256 << 20;

interface Packing {
  readonly name: string;
  readonly magic: readonly number[];
  readonly kind: 'zlib' | 'gzip' | null;
}

const packings: readonly Packing[] = [
  { name: 'gzip', magic: [0x1f, 0x8b], kind: 'gzip' },
  { name: 'zlib', magic: [0x78], kind: 'zlib' },
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68], kind: null },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], kind: null },
  { name: 'lzma', magic: [0x5d, 0x00], kind: null },
  { name: 'lz4', magic: [0x04, 0x22, 0x4d, 0x18], kind: null },
];

export function findPacking(head: Uint8Array): Packing | undefined {
  return packings.find(({ magic }) => magic.every((byte, index) => head[index] === byte));
}

/** A pickle, packed or not. */
export function readJoblib(reading: Reading): void {
  const { source, draft, unpack } = reading;
  const packing = findPacking(source.read(0, Math.min(8, source.length)));
  if (packing === undefined) {
    readPickle(reading);
    return;
  }
  draft.facts['packed'] = packing.name;
  if (packing.kind === null) {
    draft.canExecuteCode = 'unknown';
    draft.reasons.push(`It is packed with ${packing.name}, which is not opened here: nobody has looked into it.`);
    return;
  }
  if (source.length > MAX_UNPACKED)
    throw new FormatFailure(`The file has ${source.length} bytes; at most ${MAX_UNPACKED} are unpacked`, 0);
  const { bytes, isWhole } = unpack(packing.kind, source.read(0, source.length), MAX_UNPACKED);
  readPickle({ ...reading, source: toSource(bytes) });
  if (!isWhole)
    throw new FormatFailure('The packed bytes are cut or damaged, or far more than they may be', source.length);
}
