import { log1 } from './vectors';

/** A well mixed number of a counter and two keys. */
function mix(counter: u32, first: u32, second: u32): u32 {
  let h = (counter ^ first) * 0x9e3779b1;
  h = (h ^ (h >>> 16)) * 0x21f0aaad;
  h = (h ^ (h >>> 15)) + second;
  h *= 0x735a2d97;
  h = (h ^ (h >>> 15)) * 0x85ebca6b;
  return h ^ (h >>> 13);
}

/** Between 0 and 1, neither of them. */
function chanceOf(bits: u32): f32 {
  return (<f32>(bits >>> 9) + 0.5) / 8388608;
}

/** cos(2πu) for 0 < u < 1, by its series over a quarter of the circle. */
function cosine(u: f32): f32 {
  const t: f32 = abs(u - 0.5);
  const isFar = t > 0.25;
  const a: f32 = (isFar ? 0.5 - t : t) * 6.283185307179586;
  const s = a * a;
  let p: f32 = 1.0 / 479001600.0;
  p = p * s - <f32>(1.0 / 3628800.0);
  p = p * s + <f32>(1.0 / 40320.0);
  p = p * s - <f32>(1.0 / 720.0);
  p = p * s + <f32>(1.0 / 24.0);
  p = p * s - <f32>0.5;
  p = p * s + 1;
  return isFar ? p : -p;
}

/**
 * Adds a normal number to each, or multiplies by one around 1. Which ones depends on the keys and on the number's place in the batch alone, so
 * the same again gives the gradient, whatever thread has it.
 */
export function noise(
  x: usize,
  y: usize,
  count: i32,
  first: i32,
  keys: usize,
  layer: i32,
  deviation: f32,
  isFactor: i32,
): void {
  const key = load<u32>(keys) ^ (<u32>layer * 0x27d4eb2f),
    step = load<u32>(keys + 4);
  for (let i = 0; i < count; i++) {
    const place = (<u32>(first + i)) << 1;
    const length = sqrt<f32>(-2 * log1(chanceOf(mix(place, key, step))));
    const normal = length * cosine(chanceOf(mix(place | 1, key, step))) * deviation;
    const value = load<f32>(x + (i << 2));
    store<f32>(y + (i << 2), isFactor ? value * (1 + normal) : value + normal);
  }
}
