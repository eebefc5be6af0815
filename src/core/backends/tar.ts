const BLOCK = 512;

/** The bytes of the first plain file in a tar archive (ustar) whose name ends so; undefined when there is none. */
export function findInTar(bytes: Uint8Array, nameEnd: string): Uint8Array | undefined {
  for (let at = 0; at + BLOCK <= bytes.length;) {
    const name = readText(bytes, at, 100);
    const size = Number.parseInt(readText(bytes, at + 124, 12), 8);
    if (name === '' || !Number.isSafeInteger(size) || size < 0) return undefined;
    const isPlain = ['', '0'].includes(readText(bytes, at + 156, 1));
    const start = at + BLOCK;
    if (isPlain && name.endsWith(nameEnd))
      return start + size <= bytes.length ? bytes.subarray(start, start + size) : undefined;
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}

function readText(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end)).trim();
}
