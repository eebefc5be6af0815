/** The smallest of 1, 2, 5 × 10ⁿ that is not below `raw` (> 0). */
function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5].find((candidate) => candidate * power >= raw * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Multiples of `step` within [min, max], free of the dust of floating point. */
function multiples(min: number, max: number, step: number): number[] {
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => tidy((first + i) * step));
}

const tidy = (value: number): number => (value === 0 ? 0 : Number(value.toPrecision(12)));

/** Round values (1-2-5 steps) within [min, max], at most `most` of them. */
export function linearTicks(min: number, max: number, most: number): number[] {
  if (!(max > min)) return [min];
  const parts = Math.max(1, most);
  // Each bound by itself: the width of ±1e308 is no number.
  let step = roundStep(max / parts - min / parts);
  while (multiples(min, max, step).length > most) step = roundStep(step * 1.5);
  return multiples(min, max, step);
}

/**
 * Ticks of an axis of whole steps: the first and the last one, and round ones between that do not crowd them
 * (1 5 10 15 20 24).
 */
export function stepTicks(min: number, max: number, most: number): number[] {
  const [first, last] = [Math.ceil(min), Math.floor(max)];
  if (last <= first) return [first];
  const step = Math.max(1, roundStep((last - first) / Math.max(1, most - 1)));
  const inner = multiples(first, last, step).filter(
    (value) => value - first >= 0.6 * step && last - value >= 0.6 * step,
  );
  return [first, ...inner, last];
}

/**
 * 1-2-5 values within [min, max] (> 0); where there are more than `most`, 1-5 values, then whole decades, then every nth of
 * those; linear ticks where fewer than two fit.
 */
export function logTicks(min: number, max: number, most: number): number[] {
  const [low, high] = [Math.floor(Math.log10(min) + 1e-9), Math.ceil(Math.log10(max) - 1e-9)];
  const within = (value: number): boolean => value >= min * (1 - 1e-9) && value <= max * (1 + 1e-9);
  const decades = Array.from({ length: high - low + 1 }, (_, i) => tidy(10 ** (low + i)));
  const fine = decades.flatMap((decade) => [decade, tidy(2 * decade), tidy(5 * decade)]).filter(within);
  if (fine.length < 2) return linearTicks(min, max, most);
  if (fine.length <= most) return fine;
  const halves = decades.flatMap((decade) => [decade, tidy(5 * decade)]).filter(within);
  if (halves.length <= most) return halves;
  const whole = decades.filter(within);
  const every = Math.max(1, Math.ceil(whole.length / most));
  return whole.filter((_, i) => i % every === 0);
}

/** Seconds that people divide time by. */
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** Ticks of an axis of seconds, on whole seconds, minutes, hours or days, at most `most` of them; on parts of a second where the axis is that short. */
export function timeTicks(min: number, max: number, most: number): number[] {
  const least = (max - min) / Math.max(1, most);
  if (!(max > min) || least < 0.5) return linearTicks(min, max, most);
  const step = timeSteps.find((candidate) => candidate >= least * (1 - 1e-9)) ?? 86_400 * roundStep(least / 86_400);
  return multiples(min, max, step);
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * The range of a value axis: widened to round values, so that it changes seldom while points arrive. Infinite bounds (no
 * finite value at all) give [0, 1]. With `log` both bounds are 1-2-5 values > 0, with `symlog` such values of either sign, or 0.
 */
export function valueRange({ min, max }: Range, scale: 'linear' | 'log' | 'symlog'): Range {
  if (!(min <= max) || !Number.isFinite(min) || !Number.isFinite(max))
    return scale === 'log' ? { min: 0.1, max: 1 } : { min: 0, max: 1 };
  // The width of a range must be a number too.
  if (max - min === Infinity) return { min: -8e307, max: 8e307 };
  if (scale === 'log' && min > 0) return logRange({ min, max });
  if (scale === 'symlog' && min < max) return { min: min < 0 ? -roundUp(-min) : 0, max: max > 0 ? roundUp(max) : 0 };
  if (min === max) {
    // A constant lies in the middle, and zero is on the axis: a flat line must not look like a zoomed-in one.
    return min === 0
      ? { min: -1, max: 1 }
      : valueRange({ min: Math.min(0, 2 * min), max: Math.max(0, 2 * max) }, 'linear');
  }
  const step = roundStep((max - min) / 5);
  return {
    min: Math.max(-1.7e308, tidy(Math.floor(min / step + 1e-9) * step)),
    max: bounded(Math.ceil(max / step - 1e-9) * step),
  };
}

/** Beyond the greatest number there is none. */
const bounded = (value: number): number => tidy(Math.min(value, 1.7e308));
const roundUp = (value: number): number => bounded(roundStep(value));

function logRange({ min, max }: Range): Range {
  const power = 10 ** Math.floor(Math.log10(min) + 1e-9);
  const below = [5, 2, 1].find((factor) => factor * power <= min * (1 + 1e-9)) ?? 1;
  const low = tidy(below * power);
  const high = tidy(roundStep(max));
  return high > low ? { min: low, max: high } : { min: low, max: tidy(low * 10) };
}

/**
 * The end of a step axis that still grows: the planned end where it is known, else the next round number beyond `last`, so
 * that the view does not move with every point.
 */
export function growingEnd(last: number, planned: number | null): number {
  if (planned !== null && planned >= last) return planned;
  if (last <= 10) return 10;
  const power = 10 ** Math.floor(Math.log10(last));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8].find((factor) => factor * power >= last) ?? 10) * power;
}
