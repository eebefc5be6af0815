// Batch normalization: sums over the examples in 64 bits, because a variance is the small difference of large sums. A row has n channels.
// Four channels are taken at a time, some rows of them, then the next four: those rows stay near.

/** Rows of n numbers that fit into a part of the nearest cache, thrice. */
function rowsNear(n: i32): i32 {
  return max(1, 2048 / n);
}

/** The third and fourth of four numbers, in 64 bits. */
function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
}

function addTo(place: usize, low: v128, high: v128): void {
  v128.store(place, f64x2.add(v128.load(place), low));
  v128.store(place, f64x2.add(v128.load(place, 16), high), 16);
}

/** Adds to `sums` the sum of each channel, then of its squares. */
export function channelSums(x: usize, count: i32, n: i32, sums: usize): void {
  const near = rowsNear(n);
  for (let row = 0; row < count; row += near) sumsOfRows(x + ((row * n) << 2), min(near, count - row), n, sums);
}

function sumsOfRows(x: usize, count: i32, n: i32, sums: usize): void {
  let c = 0;
  for (; c + 4 <= n; c += 4) {
    let low = f64x2.splat(0),
      high = f64x2.splat(0),
      lowSquares = f64x2.splat(0),
      highSquares = f64x2.splat(0),
      place: usize = x + (c << 2);
    for (let row = 0; row < count; row++) {
      const value = v128.load(place),
        first = f64x2.promote_low_f32x4(value),
        second = promoteHigh(value);
      low = f64x2.add(low, first);
      high = f64x2.add(high, second);
      lowSquares = f64x2.add(lowSquares, f64x2.mul(first, first));
      highSquares = f64x2.add(highSquares, f64x2.mul(second, second));
      place += n << 2;
    }
    addTo(sums + (c << 3), low, high);
    addTo(sums + ((n + c) << 3), lowSquares, highSquares);
  }
  for (; c < n; c++) {
    let sum: f64 = 0,
      squares: f64 = 0,
      place: usize = x + (c << 2);
    for (let row = 0; row < count; row++) {
      const value = <f64>load<f32>(place);
      sum += value;
      squares += value * value;
      place += n << 2;
    }
    const at: usize = sums + (c << 3),
      second: usize = sums + ((n + c) << 3);
    store<f64>(at, load<f64>(at) + sum);
    store<f64>(second, load<f64>(second) + squares);
  }
}

/** Adds to `sums` the sum of each channel of dy, then of dy × the normalized x. */
export function channelGradients(
  dy: usize,
  x: usize,
  count: i32,
  n: i32,
  mean: usize,
  inverse: usize,
  sums: usize,
): void {
  const near = rowsNear(n);
  for (let row = 0; row < count; row += near) {
    const from: usize = (row * n) << 2;
    gradientsOfRows(dy + from, x + from, min(near, count - row), n, mean, inverse, sums);
  }
}

function gradientsOfRows(dy: usize, x: usize, count: i32, n: i32, mean: usize, inverse: usize, sums: usize): void {
  let c = 0;
  for (; c + 4 <= n; c += 4) {
    const middle = v128.load(mean + (c << 2)),
      scale = v128.load(inverse + (c << 2)),
      lowMiddle = f64x2.promote_low_f32x4(middle),
      highMiddle = promoteHigh(middle);
    let low = f64x2.splat(0),
      high = f64x2.splat(0),
      lowProducts = f64x2.splat(0),
      highProducts = f64x2.splat(0),
      at: usize = c << 2;
    for (let row = 0; row < count; row++) {
      const value = v128.load(dy + at),
        given = v128.load(x + at),
        first = f64x2.promote_low_f32x4(value),
        second = promoteHigh(value);
      low = f64x2.add(low, first);
      high = f64x2.add(high, second);
      const lowDistance = f64x2.sub(f64x2.promote_low_f32x4(given), lowMiddle);
      lowProducts = f64x2.add(lowProducts, f64x2.mul(first, lowDistance));
      highProducts = f64x2.add(highProducts, f64x2.mul(second, f64x2.sub(promoteHigh(given), highMiddle)));
      at += n << 2;
    }
    addTo(sums + (c << 3), low, high);
    const lowScaled = f64x2.mul(lowProducts, f64x2.promote_low_f32x4(scale));
    addTo(sums + ((n + c) << 3), lowScaled, f64x2.mul(highProducts, promoteHigh(scale)));
  }
  for (; c < n; c++) {
    let sum: f64 = 0,
      products: f64 = 0,
      at: usize = c << 2;
    const middle = <f64>load<f32>(mean + (c << 2));
    for (let row = 0; row < count; row++) {
      const value = <f64>load<f32>(dy + at);
      sum += value;
      products += value * (<f64>load<f32>(x + at) - middle);
      at += n << 2;
    }
    const first: usize = sums + (c << 3),
      second: usize = sums + ((n + c) << 3);
    store<f64>(first, load<f64>(first) + sum);
    store<f64>(second, load<f64>(second) + products * <f64>load<f32>(inverse + (c << 2)));
  }
}

/** Mean and 1 ÷ √(variance + epsilon) of `from` to `to` of the channels, out of sums in parts; the moving ones move. */
export function channelMoments(
  sums: usize,
  pitch: i32,
  parts: i32,
  n: i32,
  rowsPerExample: i32,
  examples: usize,
  epsilon: f32,
  momentum: f32,
  mean: usize,
  inverse: usize,
  movingMean: usize,
  movingVariance: usize,
  from: i32,
  to: i32,
): void {
  const count = <f64>rowsPerExample * <f64>load<f32>(examples);
  for (let c = from; c < to; c++) {
    let sum: f64 = 0,
      squares: f64 = 0;
    for (let part = 0; part < parts; part++) {
      sum += load<f64>(sums + part * pitch + (c << 3));
      squares += load<f64>(sums + part * pitch + ((n + c) << 3));
    }
    const middle = sum / count,
      variance = max<f64>(0, squares / count - middle * middle);
    store<f32>(mean + (c << 2), <f32>middle);
    store<f32>(inverse + (c << 2), <f32>(1 / Math.sqrt(variance + <f64>epsilon)));
    move(movingMean + (c << 2), <f32>middle, momentum);
    move(movingVariance + (c << 2), <f32>variance, momentum);
  }
}

function move(place: usize, value: f32, momentum: f32): void {
  const old = load<f32>(place);
  store<f32>(place, old - (old - value) * (1 - momentum));
}

/** 1 ÷ √(variance + epsilon). */
export function inverseDeviation(variance: usize, epsilon: f32, inverse: usize, count: i32): void {
  for (let i = 0; i < count; i++)
    store<f32>(inverse + (i << 2), <f32>(1 / Math.sqrt(<f64>load<f32>(variance + (i << 2)) + <f64>epsilon)));
}

/** y = (x − mean) × inverse × gamma + beta; the last two may be missing (0). */
export function normalize(
  x: usize,
  count: i32,
  n: i32,
  mean: usize,
  inverse: usize,
  gamma: usize,
  beta: usize,
  y: usize,
): void {
  const near = rowsNear(n);
  for (let row = 0; row < count; row += near) {
    const from: usize = (row * n) << 2;
    normalizeRows(x + from, min(near, count - row), n, mean, inverse, gamma, beta, y + from);
  }
}

function normalizeRows(
  x: usize,
  count: i32,
  n: i32,
  mean: usize,
  inverse: usize,
  gamma: usize,
  beta: usize,
  y: usize,
): void {
  let c = 0;
  for (; c + 4 <= n; c += 4) {
    const at: usize = c << 2,
      middle = v128.load(mean + at);
    let factor = v128.load(inverse + at);
    if (gamma) factor = f32x4.mul(factor, v128.load(gamma + at));
    const shift = beta ? v128.load(beta + at) : f32x4.splat(0);
    let place: usize = at;
    for (let row = 0; row < count; row++) {
      v128.store(y + place, f32x4.add(f32x4.mul(f32x4.sub(v128.load(x + place), middle), factor), shift));
      place += n << 2;
    }
  }
  for (; c < n; c++) {
    const at: usize = c << 2,
      middle = load<f32>(mean + at);
    const factor = load<f32>(inverse + at) * (gamma ? load<f32>(gamma + at) : 1);
    const shift: f32 = beta ? load<f32>(beta + at) : 0;
    let place: usize = at;
    for (let row = 0; row < count; row++) {
      store<f32>(y + place, (load<f32>(x + place) - middle) * factor + shift);
      place += n << 2;
    }
  }
}

/** Gradients of gamma and beta (0: not wanted), and both sums divided by the rows, for `normalizeInput`; of channels `from` to `to`. */
export function channelGradientSums(
  sums: usize,
  pitch: i32,
  parts: i32,
  n: i32,
  rowsPerExample: i32,
  examples: usize,
  dgamma: usize,
  dbeta: usize,
  means: usize,
  from: i32,
  to: i32,
): void {
  const count = <f64>rowsPerExample * <f64>load<f32>(examples);
  for (let c = from; c < to; c++) {
    let sum: f64 = 0,
      products: f64 = 0;
    for (let part = 0; part < parts; part++) {
      sum += load<f64>(sums + part * pitch + (c << 3));
      products += load<f64>(sums + part * pitch + ((n + c) << 3));
    }
    if (dbeta) store<f32>(dbeta + (c << 2), <f32>sum);
    if (dgamma) store<f32>(dgamma + (c << 2), <f32>products);
    store<f32>(means + (c << 2), <f32>(sum / count));
    store<f32>(means + ((n + c) << 2), <f32>(products / count));
  }
}

/** dx = gamma × inverse × (dy − mean of dy − normalized x × mean of dy × normalized x). */
export function normalizeInput(
  dy: usize,
  x: usize,
  count: i32,
  n: i32,
  mean: usize,
  inverse: usize,
  gamma: usize,
  means: usize,
  dx: usize,
): void {
  const near = rowsNear(n);
  for (let row = 0; row < count; row += near) {
    const from: usize = (row * n) << 2;
    normalizeInputRows(dy + from, x + from, min(near, count - row), n, mean, inverse, gamma, means, dx + from);
  }
}

function normalizeInputRows(
  dy: usize,
  x: usize,
  count: i32,
  n: i32,
  mean: usize,
  inverse: usize,
  gamma: usize,
  means: usize,
  dx: usize,
): void {
  let c = 0;
  for (; c + 4 <= n; c += 4) {
    const at: usize = c << 2,
      middle = v128.load(mean + at),
      scale = v128.load(inverse + at),
      first = v128.load(means + at),
      second = v128.load(means + ((n + c) << 2)),
      factor = gamma ? f32x4.mul(scale, v128.load(gamma + at)) : scale;
    let place: usize = at;
    for (let row = 0; row < count; row++) {
      const normal = f32x4.mul(f32x4.sub(v128.load(x + place), middle), scale);
      const rest = f32x4.sub(f32x4.sub(v128.load(dy + place), first), f32x4.mul(normal, second));
      v128.store(dx + place, f32x4.mul(factor, rest));
      place += n << 2;
    }
  }
  for (; c < n; c++) {
    const at: usize = c << 2,
      middle = load<f32>(mean + at),
      scale = load<f32>(inverse + at);
    const factor = scale * (gamma ? load<f32>(gamma + at) : 1);
    const first = load<f32>(means + at),
      second = load<f32>(means + ((n + c) << 2));
    let place: usize = at;
    for (let row = 0; row < count; row++) {
      const normal = (load<f32>(x + place) - middle) * scale;
      store<f32>(dx + place, factor * (load<f32>(dy + place) - first - normal * second));
      place += n << 2;
    }
  }
}
