import { TINY, multiplyAdd, settled } from './vectors';

// Updates of `count` weights w by their gradients g. What changes from step to step lies in a block of numbers that `h` points to.

export function sgd(w: usize, g: usize, count: i32, h: usize): void {
  const rate = load<f32>(h);
  for (let i = 0; i < count; i++) store<f32>(w + (i << 2), load<f32>(w + (i << 2)) - load<f32>(g + (i << 2)) * rate);
}

/** h: rate, momentum, 1 for Nesterov's. */
export function momentum(w: usize, g: usize, v: usize, count: i32, h: usize): void {
  const rate = load<f32>(h),
    keep = load<f32>(h + 4),
    isNesterov = load<f32>(h + 8) != 0;
  for (let i = 0; i < count; i++) {
    const gradient = load<f32>(g + (i << 2)),
      velocity = settled(load<f32>(v + (i << 2)) * keep + gradient);
    store<f32>(v + (i << 2), velocity);
    const change = isNesterov ? gradient + velocity * keep : velocity;
    store<f32>(w + (i << 2), load<f32>(w + (i << 2)) - change * rate);
  }
}

/**
 * h: step size, factor of the root, the two decays, epsilon, what is left of a weight by weight decay, 1 − each decay (which is rounded
 * after the subtraction: before, a thousandth would lose two digits). Step size and factor hold the corrections of the means.
 */
export function adam(w: usize, g: usize, m: usize, v: usize, count: i32, h: usize): void {
  const size = load<f32>(h),
    factor = load<f32>(h + 4),
    first = load<f32>(h + 8),
    second = load<f32>(h + 12);
  const epsilon = load<f32>(h + 16),
    left = load<f32>(h + 20);
  const firstRest = load<f32>(h + 24),
    secondRest = load<f32>(h + 28);
  // Made once: in the loop each would be made anew for each four, and so would what the compiler knows to be a constant.
  const nothing: f32 = epsilon * 0;
  const keepMean = f32x4.splat(first),
    keepSquare = f32x4.splat(second),
    addMean = f32x4.splat(firstRest),
    addSquare = f32x4.splat(secondRest);
  const sizes = f32x4.splat(size),
    factors = f32x4.splat(factor),
    epsilons = f32x4.splat(epsilon),
    lefts = f32x4.splat(left),
    least = f32x4.splat(TINY + nothing),
    sizeOnly = i32x4.splat(0x7fffffff | (reinterpret<i32>(nothing) & 1));
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = i << 2,
      gradient = v128.load(g + at);
    let mean = multiplyAdd(v128.load(m + at), keepMean, f32x4.mul(gradient, addMean));
    // As `settled`; a square has no sign.
    mean = v128.andnot(mean, f32x4.lt(v128.and(mean, sizeOnly), least));
    let square = multiplyAdd(v128.load(v + at), keepSquare, f32x4.mul(f32x4.mul(gradient, gradient), addSquare));
    square = v128.andnot(square, f32x4.lt(square, least));
    v128.store(m + at, mean);
    v128.store(v + at, square);
    const root = multiplyAdd(f32x4.sqrt(square), factors, epsilons);
    const change = f32x4.div(f32x4.mul(mean, sizes), root);
    v128.store(w + at, f32x4.sub(f32x4.mul(v128.load(w + at), lefts), change));
  }
  for (; i < count; i++) {
    const at = i << 2,
      gradient = load<f32>(g + at);
    const mean = settled(load<f32>(m + at) * first + gradient * firstRest);
    const square = settled(load<f32>(v + at) * second + gradient * gradient * secondRest);
    store<f32>(m + at, mean);
    store<f32>(v + at, square);
    store<f32>(w + at, load<f32>(w + at) * left - (mean * size) / (sqrt(square) * factor + epsilon));
  }
}

/** h: rate, decay, momentum, epsilon, 1 − decay. `mean` is 0 unless the mean is taken off. */
export function rmsprop(w: usize, g: usize, square: usize, velocity: usize, mean: usize, count: i32, h: usize): void {
  const rate = load<f32>(h),
    decay = load<f32>(h + 4),
    keep = load<f32>(h + 8),
    epsilon = load<f32>(h + 12);
  const rest = load<f32>(h + 16);
  for (let i = 0; i < count; i++) {
    const at = i << 2,
      gradient = load<f32>(g + at);
    const s = settled(load<f32>(square + at) * decay + gradient * gradient * rest);
    store<f32>(square + at, s);
    let spread: f32 = s + epsilon;
    if (mean) {
      const middle = settled(load<f32>(mean + at) * decay + gradient * rest);
      store<f32>(mean + at, middle);
      // As the packages have it: epsilon is taken off, too.
      spread = s - (middle * middle + epsilon);
    }
    const v = settled(load<f32>(velocity + at) * keep + (gradient * rate) / sqrt(spread));
    store<f32>(velocity + at, v);
    store<f32>(w + at, load<f32>(w + at) - v);
  }
}

/** h: rate, epsilon. */
export function adagrad(w: usize, g: usize, square: usize, count: i32, h: usize): void {
  const rate = load<f32>(h),
    epsilon = load<f32>(h + 4);
  for (let i = 0; i < count; i++) {
    const at = i << 2,
      gradient = load<f32>(g + at),
      s = load<f32>(square + at) + gradient * gradient;
    store<f32>(square + at, s);
    store<f32>(w + at, load<f32>(w + at) - (gradient * rate) / sqrt(s + epsilon));
  }
}
