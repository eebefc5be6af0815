// The little of the zip format that reading a wheel takes (APPNOTE 6.3): its directory, and where an entry's bytes begin.

export interface ZipEntry {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Of the entry's own header, in the file. */
  readonly offset: number;
}

/** This many bytes at the end of a file hold the end record, with the longest comment there can be. */
export const END_LENGTH = 22 + 0xffff;
const LOCAL_HEADER_LENGTH = 30;
const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;

/** Where the directory is, from the file's last bytes; undefined when they are not the end of a zip, or of one beyond 4 GB. */
export function parseEnd(tail: Uint8Array): { readonly offset: number; readonly size: number } | undefined {
  const view = viewOf(tail);
  for (let at = tail.length - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== END_SIGNATURE) continue;
    const [size, offset] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
    return offset === 0xffffffff ? undefined : { offset, size };
  }
  return undefined;
}

/** Entries of a directory; undefined when it is damaged. */
export function parseDirectory(bytes: Uint8Array): readonly ZipEntry[] | undefined {
  const view = viewOf(bytes);
  const entries: ZipEntry[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== ENTRY_SIGNATURE) return undefined;
    const nameLength = view.getUint16(at + 28, true);
    const length = 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (at + length > bytes.length) return undefined;
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      method: view.getUint16(at + 10, true),
      crc32: view.getUint32(at + 16, true),
      compressedSize: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    at += length;
  }
  return entries;
}

/** Where the bytes of an entry begin, from the first 30 bytes of its own header; undefined when that is none. */
export function entryDataOffset({ offset }: ZipEntry, header: Uint8Array): number | undefined {
  if (header.length < LOCAL_HEADER_LENGTH) return undefined;
  const view = viewOf(header);
  if (view.getUint32(0, true) !== LOCAL_SIGNATURE) return undefined;
  return offset + LOCAL_HEADER_LENGTH + view.getUint16(26, true) + view.getUint16(28, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
