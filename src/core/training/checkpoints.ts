import type { CheckpointPosition } from '../../protocol/training.ts';

// Which checkpoint is which: names, the newest, and what may go.

/** 'epoch-0003', 'epoch-0003-batch-00017' within the fourth epoch, 'epoch-0012-end'; those of a second fit begin with 'fit-2-'. */
export function nameCheckpoint({ fit, epoch, batch, isEnd }: CheckpointPosition): string {
  const prefix = fit === 1 ? '' : `fit-${fit}-`;
  const suffix = isEnd ? '-end' : batch === 0 ? '' : `-batch-${String(batch).padStart(5, '0')}`;
  return `${prefix}epoch-${String(epoch).padStart(4, '0')}${suffix}`;
}

/** The newest of every call of `fit`, in their order. */
export function newestOfEachFit<T extends CheckpointPosition>(checkpoints: readonly T[]): readonly T[] {
  const newest = new Map<number, T>();
  for (const checkpoint of [...checkpoints].sort(compare)) newest.set(checkpoint.fit, checkpoint);
  return [...newest.values()];
}

/** What goes when `keep` of the newest are to stay; the end of an earlier fit stays too, as a later one is built upon it. */
export function planPruning<T extends CheckpointPosition>(checkpoints: readonly T[], keep: number): readonly T[] {
  const newestFirst = [...checkpoints].sort(compare).reverse();
  const ends = new Set(newestOfEachFit(checkpoints).filter(({ isEnd }) => isEnd));
  return newestFirst.slice(keep).filter((checkpoint) => !ends.has(checkpoint));
}

function compare(a: CheckpointPosition, b: CheckpointPosition): number {
  return a.fit - b.fit || a.epoch - b.epoch || a.batch - b.batch || Number(a.isEnd) - Number(b.isEnd);
}
