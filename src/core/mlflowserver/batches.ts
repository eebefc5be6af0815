/** Most metrics, params and tags together in one `runs/log-batch` (a server refuses more). */
export const mostEntities = 1000;
/** Most params, and most tags, in one. */
export const mostTexts = 100;
const MOST_BYTES = 900_000;

/** How many of the first items make one batch: at least one, at most `most`, and less than MLflow's megabyte as JSON. */
export function cutBatch(sizes: readonly number[], most: number): number {
  let [count, bytes] = [0, 0];
  for (const size of sizes.slice(0, most)) {
    bytes += size;
    if (count > 0 && bytes > MOST_BYTES) break;
    count += 1;
  }
  return count;
}
