import type { SeriesPoints } from '../../protocol/charts.ts';

/** Steps ascending, values may be NaN or infinite ("no number here"); equal lengths. */
export interface Points {
  readonly steps: Float64Array;
  readonly values: Float64Array;
  /** Where it is known: steps are whole numbers that lie so far apart, so that each follows from the first one. */
  readonly stride?: number | undefined;
}

/** Points of one metric that grow at the end; room is doubled, so that a live series costs O(1) a point. */
export class GrowingPoints {
  #steps = new Float64Array(64);
  #values = new Float64Array(64);
  #length = 0;
  /** So many of the first steps lie evenly, each so far from the one before. */
  #even = 0;
  #stride = 0;

  get length(): number {
    return this.#length;
  }

  /** A view of what is there now; later appends may leave it behind, replacing points changes it. */
  get points(): Points {
    return {
      steps: this.#steps.subarray(0, this.#length),
      values: this.#values.subarray(0, this.#length),
      stride: this.#even === this.#length && this.#stride > 0 ? this.#stride : undefined,
    };
  }

  /** A copy of the points from index `from` on, to be sent. */
  copyFrom(name: string, from: number): SeriesPoints {
    return {
      name,
      from,
      steps: this.#steps.slice(from, this.#length),
      values: this.#values.slice(from, this.#length),
    };
  }

  /**
   * Puts points at index `from` and forgets what stood behind them. Returns the index of the first point that changed
   * (the length, when nothing did), or undefined, changing nothing, if that would leave a gap or steps that descend.
   */
  replaceFrom({ from, steps, values }: Omit<SeriesPoints, 'name'>): number | undefined {
    if (from > this.#length) return undefined;
    const before = from === 0 ? -Infinity : (this.#steps[from - 1] ?? -Infinity);
    if (steps.length > 0 && (steps[0] ?? NaN) < before) return undefined;
    let same = 0;
    while (same < steps.length && from + same < this.#length && this.#isSame(from + same, steps[same], values[same]))
      same += 1;
    this.#reserve(from + steps.length);
    this.#steps.set(steps.subarray(same), from + same);
    this.#values.set(values.subarray(same), from + same);
    this.#length = from + steps.length;
    this.#measure(from + same);
    return from + same;
  }

  /** Steps before index `from` are as they were. */
  #measure(from: number): void {
    const steps = this.#steps;
    this.#even = Math.min(this.#even, from);
    if (this.#even < 2) {
      const stride = (steps[1] ?? NaN) - (steps[0] ?? NaN);
      const isWhole = Number.isSafeInteger(steps[0]) && Number.isSafeInteger(stride) && stride > 0;
      this.#stride = this.#length > 1 && isWhole ? stride : 0;
      this.#even = Math.min(this.#length, 2);
    }
    if (this.#stride === 0) return;
    while (this.#even < this.#length && steps[this.#even] === (steps[this.#even - 1] ?? NaN) + this.#stride)
      this.#even += 1;
  }

  #isSame(index: number, step: number | undefined, value: number | undefined): boolean {
    return this.#steps[index] === step && Object.is(this.#values[index], value);
  }

  #reserve(length: number): void {
    if (length <= this.#steps.length) return;
    const room = Math.max(length, this.#steps.length * 2);
    const [steps, values] = [new Float64Array(room), new Float64Array(room)];
    steps.set(this.#steps.subarray(0, this.#length));
    values.set(this.#values.subarray(0, this.#length));
    [this.#steps, this.#values] = [steps, values];
  }
}

/** Columns of a stored history as points, sorted by step; of equal steps the order stays. */
export function toPoints(steps: readonly number[], values: readonly number[]): Points {
  const count = Math.min(steps.length, values.length);
  const order = Array.from({ length: count }, (_, i) => i).filter((i) => Number.isFinite(steps[i]));
  if (order.some((index, i) => i > 0 && (steps[index] ?? 0) < (steps[order[i - 1] ?? 0] ?? 0)))
    order.sort((a, b) => (steps[a] ?? 0) - (steps[b] ?? 0));
  return {
    steps: Float64Array.from(order, (i) => steps[i] ?? NaN),
    values: Float64Array.from(order, (i) => values[i] ?? NaN),
  };
}

/** Index of the first step that is not below `step` (the length, if none). */
export function lowerBound(steps: Float64Array, step: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] ?? NaN) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}
