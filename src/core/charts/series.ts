import type { SeriesPoints } from '../../protocol/charts.ts';
import { GrowingPoints, type Points } from './points.ts';
import { Pyramid } from './pyramid.ts';
import { createSmoother, type Smoother, type Smoothing } from './smoothing.ts';

/** Points with the extremes of any range of them at hand: what a chart draws. */
export interface Line extends Points {
  readonly pyramid: Pyramid;
}

/** A line that can be smoothed. */
export interface Series extends Line {
  /** The same steps with smoothed values. */
  smoothed(smoothing: Smoothing): Line;
}

/** Points that do not grow. */
export function toLine(points: Points): Line {
  const pyramid = new Pyramid();
  pyramid.update(points.values, 0);
  return { ...points, pyramid };
}

/** Points of one metric as they arrive, with pyramid and smoothed line kept in step: an appended point costs the same however many there are. */
export class GrowingSeries {
  readonly #points = new GrowingPoints();
  readonly #pyramid = new Pyramid();
  #smoothed: GrowingLine | undefined;

  /** As {@link GrowingPoints.replaceFrom}. */
  replaceFrom(points: Omit<SeriesPoints, 'name'>): number | undefined {
    const before = this.#points.length;
    const changed = this.#points.replaceFrom(points);
    if (changed === undefined) return undefined;
    this.#pyramid.update(this.#points.points.values, changed);
    if (changed < before || changed < this.#points.length) this.#smoothed?.changeFrom(changed);
    return changed;
  }

  /** A view of what is there now; what comes later changes it. */
  get series(): Series {
    const points = this.#points.points;
    return {
      ...points,
      pyramid: this.#pyramid,
      smoothed: (smoothing) => {
        if (this.#smoothed?.isOf(smoothing) !== true) this.#smoothed = new GrowingLine(smoothing);
        return this.#smoothed.of(points);
      },
    };
  }
}

/** A smoothed line: the one of the settings that were asked for last. */
class GrowingLine {
  readonly #smoothing: Smoothing;
  readonly #smoother: Smoother;
  readonly #pyramid = new Pyramid();
  /** Index of the first value that is new to it; undefined when nothing is. */
  #changed: number | undefined = 0;
  #values: Float64Array = new Float64Array(0);

  constructor(smoothing: Smoothing) {
    this.#smoothing = smoothing;
    this.#smoother = createSmoother(smoothing);
  }

  isOf({ kind, weight }: Smoothing): boolean {
    return this.#smoothing.kind === kind && this.#smoothing.weight === weight;
  }

  changeFrom(index: number): void {
    this.#changed = Math.min(this.#changed ?? Infinity, index);
  }

  of({ steps, values, stride }: Points): Line {
    if (this.#changed !== undefined) {
      const smoothed = this.#smoother.update(values, this.#changed);
      this.#values = smoothed.values;
      this.#pyramid.update(smoothed.values, smoothed.from);
      this.#changed = undefined;
    }
    return { steps, values: this.#values, stride, pyramid: this.#pyramid };
  }
}
