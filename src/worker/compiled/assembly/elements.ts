export function zero(place: usize, bytes: i32): void {
  memory.fill(place, 0, bytes);
}

export function add(a: usize, b: usize, out: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4)
    v128.store(out + (i << 2), f32x4.add(v128.load(a + (i << 2)), v128.load(b + (i << 2))));
  for (; i < count; i++) store<f32>(out + (i << 2), load<f32>(a + (i << 2)) + load<f32>(b + (i << 2)));
}

export function multiply(a: usize, b: usize, out: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4)
    v128.store(out + (i << 2), f32x4.mul(v128.load(a + (i << 2)), v128.load(b + (i << 2))));
  for (; i < count; i++) store<f32>(out + (i << 2), load<f32>(a + (i << 2)) * load<f32>(b + (i << 2)));
}

/** The bytes at the end of the place of `count` numbers become those numbers, rounded once, as they are in JavaScript. */
export function scaleBytes(place: usize, count: i32, scale: f64): void {
  const factor = f64x2.splat(scale);
  let from: usize = place + 3 * count,
    i = 0;
  for (; i + 4 <= count; i += 4) {
    const words = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(from)));
    const low = f32x4.demote_f64x2_zero(f64x2.mul(f64x2.convert_low_i32x4_u(words), factor));
    const others = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(words, words, 2, 3, 2, 3));
    const high = f32x4.demote_f64x2_zero(f64x2.mul(others, factor));
    v128.store(place, v128.shuffle<f32>(low, high, 0, 1, 4, 5));
    from += 4;
    place += 16;
  }
  for (; i < count; i++) {
    store<f32>(place, <f32>(<f64>load<u8>(from) * scale));
    from += 1;
    place += 4;
  }
}

/** Runs of `bytes`, from every `fromPitch` bytes to every `toPitch` bytes: joins rows, and parts them. */
export function copyRuns(from: usize, fromPitch: i32, to: usize, toPitch: i32, bytes: i32, runs: i32): void {
  for (let run = 0; run < runs; run++) memory.copy(to + run * toPitch, from + run * fromPitch, bytes);
}

/** The sums of columns, added to `out`. */
export function addColumns(x: usize, count: i32, n: i32, out: usize): void {
  let column = 0;
  for (; column + 4 <= n; column += 4) {
    let sum = v128.load(out + (column << 2)),
      place: usize = x + (column << 2);
    for (let row = 0; row < count; row++) {
      sum = f32x4.add(sum, v128.load(place));
      place += n << 2;
    }
    v128.store(out + (column << 2), sum);
  }
  for (; column < n; column++) {
    let sum: f32 = load<f32>(out + (column << 2)),
      place: usize = x + (column << 2);
    for (let row = 0; row < count; row++) {
      sum += load<f32>(place);
      place += n << 2;
    }
    store<f32>(out + (column << 2), sum);
  }
}

/** The sum of `parts` arrays that lie `pitch` bytes apart. */
function sumParts(from: usize, pitch: i32, parts: i32, out: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    let sum = v128.load(from + (i << 2));
    for (let part = 1; part < parts; part++) sum = f32x4.add(sum, v128.load(from + part * pitch + (i << 2)));
    v128.store(out + (i << 2), sum);
  }
  for (; i < count; i++) {
    let sum = load<f32>(from + (i << 2));
    for (let part = 1; part < parts; part++) sum += load<f32>(from + part * pitch + (i << 2));
    store<f32>(out + (i << 2), sum);
  }
}

/** Of the numbers `start` to `end`. */
export function sumPartsFrom(from: usize, pitch: i32, parts: i32, out: usize, start: i32, end: i32): void {
  sumParts(from + (start << 2), pitch, parts, out + (start << 2), end - start);
}

/** A well mixed number of four counters and two keys. */
function mix(counter: v128, first: i32, second: i32): v128 {
  let h = i32x4.mul(v128.xor(counter, i32x4.splat(first)), i32x4.splat(0x9e3779b1));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(0x21f0aaad));
  h = i32x4.add(v128.xor(h, i32x4.shr_u(h, 15)), i32x4.splat(second));
  h = i32x4.mul(h, i32x4.splat(0x735a2d97));
  h = v128.xor(h, i32x4.shr_u(h, 15));
  h = i32x4.mul(h, i32x4.splat(0x85ebca6b));
  return v128.xor(h, i32x4.shr_u(h, 13));
}

/**
 * Drops each number with a chance, told by its threshold among 2^24, and scales the others. Which ones depends on the keys and on the
 * number's place in the batch alone, so the same again gives the gradient, whatever thread has it.
 */
export function dropout(
  x: usize,
  y: usize,
  count: i32,
  first: i32,
  keys: usize,
  layer: i32,
  threshold: i32,
  scale: f32,
): void {
  const key = load<i32>(keys) ^ (layer * 0x27d4eb2f),
    step = load<i32>(keys + 4);
  const limit = i32x4.splat(threshold),
    factor = f32x4.splat(scale);
  let counter = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const kept = i32x4.ge_s(i32x4.shr_u(mix(counter, key, step), 8), limit);
    v128.store(y + (i << 2), v128.and(f32x4.mul(v128.load(x + (i << 2)), factor), kept));
    counter = i32x4.add(counter, i32x4.splat(4));
  }
  for (; i < count; i++) {
    const kept = i32x4.extract_lane(i32x4.shr_u(mix(i32x4.splat(first + i), key, step), 8), 0) >= threshold;
    store<f32>(y + (i << 2), kept ? load<f32>(x + (i << 2)) * scale : 0);
  }
}

/** Adds the gradient of `l1 × Σ|w| + l2 × Σw²`, and the penalty itself to `sum`. The packages' slope of |w| at 0 is −1. */
export function penalize(w: usize, g: usize, count: i32, l1: f32, l2: f32, sum: usize): void {
  let total: f64 = 0;
  for (let i = 0; i < count; i++) {
    const value = load<f32>(w + (i << 2));
    const sign: f32 = value > 0 ? 1 : -1;
    total += <f64>(l1 * abs(value) + l2 * value * value);
    if (g) store<f32>(g + (i << 2), load<f32>(g + (i << 2)) + l1 * sign + 2 * l2 * value);
  }
  store<f64>(sum, load<f64>(sum) + total);
}

export function clipValues(g: usize, count: i32, limit: f32): void {
  for (let i = 0; i < count; i++) {
    const value = load<f32>(g + (i << 2));
    if (value > limit) store<f32>(g + (i << 2), limit);
    else if (value < -limit) store<f32>(g + (i << 2), -limit);
  }
}

/** Adds the sum of the squares to `sum`. */
export function addSquares(g: usize, count: i32, sum: usize): void {
  let total: f64 = 0;
  for (let i = 0; i < count; i++) {
    const value = <f64>load<f32>(g + (i << 2));
    total += value * value;
  }
  store<f64>(sum, load<f64>(sum) + total);
}

/** Scales by limit ÷ max(length, limit); the squares of the length are given in parts. */
export function clipLength(g: usize, count: i32, squares: usize, pitch: i32, parts: i32, limit: f32): void {
  let total: f64 = 0;
  for (let part = 0; part < parts; part++) total += load<f64>(squares + part * pitch);
  const length = <f32>Math.sqrt(total);
  // The other way round a length that is no number would be taken for a short one.
  const scale: f32 = length <= limit ? 1 : limit / length;
  for (let i = 0; i < count; i++) store<f32>(g + (i << 2), load<f32>(g + (i << 2)) * scale);
}
