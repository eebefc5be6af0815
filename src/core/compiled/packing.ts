// Blocks in one memory, each for a while.

interface Block {
  readonly storage: number;
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
}

/** Offsets of blocks such that those in use at the same time do not overlap: the largest first, each as low as it can. */
export function pack(blocks: readonly Block[]): {
  readonly offsets: ReadonlyMap<number, number>;
  readonly total: number;
} {
  const offsets = new Map<number, number>();
  const placed: (Block & { readonly offset: number })[] = [];
  for (const block of [...blocks].sort((a, b) => b.bytes - a.bytes)) {
    const inTheWay = placed
      .filter(({ first, last }) => first <= block.last && block.first <= last)
      .sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const other of inTheWay) {
      if (offset + block.bytes <= other.offset) break;
      offset = Math.max(offset, other.offset + other.bytes);
    }
    placed.push({ ...block, offset });
    offsets.set(block.storage, offset);
  }
  return { offsets, total: Math.max(0, ...placed.map(({ offset, bytes }) => offset + bytes)) };
}
