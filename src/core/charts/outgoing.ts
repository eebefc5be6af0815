import type { RunPoints } from '../../protocol/chartfeed.ts';
import type { SeriesPlace } from '../../protocol/chartfeedreading.ts';

/** Columns of points; `from` is the number of the first one in its series. */
export type Chunk = Pick<RunPoints, 'from' | 'steps' | 'values' | 'times'>;

/** Points of one series on their way to a page: only what has not left yet is kept, and where the series ends. */
export class OutgoingSeries {
  #place: SeriesPlace | undefined;
  /** In order and without a gap. */
  #chunks: Chunk[] = [];
  /** What the page has is not what is there: the next points must be all of them. */
  #isForgotten = false;

  /** Where the series ends for the page, once all that waits has come to it; undefined: it has nothing. */
  get place(): SeriesPlace | undefined {
    return this.#place;
  }

  get isWaiting(): boolean {
    return this.#chunks.length > 0;
  }

  /** Number of points that wait. */
  get size(): number {
    return this.#chunks.reduce((sum, { steps }) => sum + steps.length, 0);
  }

  /**
   * Takes over points that follow what is known, repeat its end, or replace all of it. False, changing nothing, for others (some are
   * missing between, steps descend): then the series must be read as a whole.
   */
  add(points: Chunk): boolean {
    const rest = this.#skipKnown(points);
    const count = this.#place?.count ?? 0;
    // Already there: an older reading of a series that has grown since.
    if (rest.from > 0 && rest.from + rest.steps.length <= count) return true;
    if (rest.from === 0 && (count > 0 || this.#isForgotten)) {
      this.forget();
      this.#isForgotten = false;
    } else if (!this.#follows(rest)) return false;
    else if (rest.steps.length === 0) return true;
    this.#chunks.push(rest);
    this.#place = placeOf(rest);
    return true;
  }

  #follows({ from, steps }: Chunk): boolean {
    if (this.#isForgotten || from !== (this.#place?.count ?? 0)) return false;
    return steps.length === 0 || (steps[0] ?? NaN) >= (this.#place?.step ?? -Infinity);
  }

  forget(): void {
    [this.#place, this.#chunks, this.#isForgotten] = [undefined, [], true];
  }

  /** The first `most` points that wait, in parts that follow each other; an empty part: behind it there is nothing any more. */
  cut(most: number): readonly Chunk[] {
    const parts: Chunk[] = [];
    let room = most;
    for (let chunk = this.#chunks[0]; chunk !== undefined && room > 0; chunk = this.#chunks[0]) {
      const size = chunk.steps.length;
      parts.push(slice(chunk, 0, Math.min(size, room)));
      if (size > room) this.#chunks[0] = slice(chunk, room, size);
      else this.#chunks.shift();
      room -= size;
    }
    return parts;
  }

  /** Nobody knows whether the page has got this part: it goes once more. */
  putBack(part: Chunk): void {
    const [next] = this.#chunks;
    // What waits may replace it.
    if (this.#isForgotten || (next !== undefined && next.from < part.from + part.steps.length)) return;
    this.#chunks.unshift(part);
  }

  #skipKnown(points: Chunk): Chunk {
    const { from, steps, values } = points;
    const place = this.#place;
    const last = place === undefined ? -1 : place.count - 1 - from;
    const isKnown = last >= 0 && steps[last] === place?.step && Object.is(values[last], place?.value);
    return isKnown ? slice(points, last + 1, steps.length) : points;
  }
}

function placeOf({ from, steps, values }: Chunk): SeriesPlace | undefined {
  const count = from + steps.length;
  return count === 0 ? undefined : { count, step: steps.at(-1) ?? NaN, value: values.at(-1) ?? NaN };
}

function slice({ from, steps, values, times }: Chunk, start: number, end: number): Chunk {
  return {
    from: from + start,
    steps: steps.subarray(start, end),
    values: values.subarray(start, end),
    times: times.subarray(start, end),
  };
}

/** Series of one message: all their columns lie in one buffer, because a channel carries buffers one by one. */
export function packSeries(
  cuts: readonly { readonly runId: string; readonly metric: string; readonly parts: readonly Chunk[] }[],
): readonly RunPoints[] {
  const sizes = cuts.map(({ parts }) => parts.reduce((sum, { steps }) => sum + steps.length, 0));
  const all = new Float64Array(3 * sizes.reduce((sum, size) => sum + size, 0));
  let offset = 0;
  return cuts.map(({ runId, metric, parts }, index) => {
    const size = sizes[index] ?? 0;
    const [steps = all, values = all, times = all] = [0, 1, 2].map((column) =>
      all.subarray(offset + column * size, offset + (column + 1) * size),
    );
    let at = 0;
    for (const part of parts) {
      steps.set(part.steps, at);
      values.set(part.values, at);
      times.set(part.times, at);
      at += part.steps.length;
    }
    offset += 3 * size;
    return { runId, metric, from: parts[0]?.from ?? 0, steps, values, times };
  });
}
