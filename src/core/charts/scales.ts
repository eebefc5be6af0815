import { linearTicks, logTicks, type Range } from './ticks.ts';

/** How an axis is divided. `symlog` is linear around zero and logarithmic beyond, for values of both signs. */
export type ScaleKind = 'linear' | 'log' | 'symlog';

/** An axis: values to places and back, a place being 0 at `range.min` and 1 at `range.max`. A log scale has no place (NaN) for what is not positive. */
export interface Scale {
  readonly place: (value: number) => number;
  readonly value: (place: number) => number;
  /** Round values within the range, at most about `most`: 1-2-5. */
  readonly ticks: (most: number) => number[];
}

/** `range.max > range.min`; both > 0 for a log scale. */
export function createScale(kind: ScaleKind, range: Range): Scale {
  const { forward, backward } = transforms[kind](range);
  const [low, high] = [forward(range.min), forward(range.max)];
  const ticks = {
    linear: (most: number) => linearTicks(range.min, range.max, most),
    log: (most: number) => logTicks(range.min, range.max, most),
    symlog: (most: number) => symlogTicks(range, most),
  };
  return {
    place: (value) => (forward(value) - low) / (high - low),
    value: (place) => backward(low + place * (high - low)),
    ticks: ticks[kind],
  };
}

interface Transform {
  readonly forward: (value: number) => number;
  readonly backward: (value: number) => number;
}

const transforms: Readonly<Record<ScaleKind, (range: Range) => Transform>> = {
  linear: () => ({ forward: (value) => value, backward: (value) => value }),
  log: () => ({ forward: (value) => (value > 0 ? Math.log10(value) : NaN), backward: (value) => 10 ** value }),
  // asinh is x near zero and the logarithm of 2|x| far from it, and smooth between (Webber, "A bi-symmetric log transformation", 2012, has the same shape).
  symlog: (range) => {
    const unit = symlogUnit(range);
    return { forward: (value) => Math.asinh(value / unit), backward: (value) => Math.sinh(value) * unit };
  },
};

/** Where a symlog axis turns from linear to logarithmic: the power of ten that is a thousandth of its farther end. */
export function symlogUnit({ min, max }: Range): number {
  const far = Math.max(Math.abs(min), Math.abs(max));
  return far === 0 ? 1 : 10 ** Math.floor(Math.log10(far) - 3 + 1e-9);
}

/** Zero, and powers of ten of both signs beyond the linear part: every nth where those are too many; linear ticks for a range that stays within it or has none of them. */
function symlogTicks(range: Range, most: number): number[] {
  const { min, max } = range;
  const first = Math.log10(symlogUnit(range));
  const powers = Array.from({ length: 5 }, (_, i) => Number((10 ** (first + i)).toPrecision(12)));
  const within = powers.filter((power) => power <= Math.max(Math.abs(min), Math.abs(max)));
  for (let every = 1; every <= within.length; every += 1) {
    // From the far end, so that the greatest powers stay.
    const kept = within.toReversed().filter((_, i) => i % every === 0);
    const all = [...kept.map((power) => -power), 0, ...kept].filter((tick) => tick >= min && tick <= max);
    if (all.length >= 2 && all.length <= Math.max(2, most)) return all.sort((a, b) => a - b);
  }
  return linearTicks(min, max, most);
}
