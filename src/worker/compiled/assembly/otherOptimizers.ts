import { settled } from './vectors';

// Updates as in optimizers.ts.

/** h: step size with the correction of the mean, the two decays, epsilon, 1 − the first decay. */
export function adamax(w: usize, g: usize, m: usize, u: usize, count: i32, h: usize): void {
  const size = load<f32>(h),
    first = load<f32>(h + 4),
    second = load<f32>(h + 8),
    epsilon = load<f32>(h + 12),
    rest = load<f32>(h + 16);
  for (let i = 0; i < count; i++) {
    const at = i << 2,
      gradient = load<f32>(g + at);
    const mean = settled(load<f32>(m + at) * first + gradient * rest);
    const most = settled(max<f32>(load<f32>(u + at) * second, abs(gradient)));
    store<f32>(m + at, mean);
    store<f32>(u + at, most);
    store<f32>(w + at, load<f32>(w + at) - size * (mean / (most + epsilon)));
  }
}

/** Zeiler's. h: rate, decay, epsilon, 1 − the decay. */
export function adadelta(w: usize, g: usize, square: usize, moved: usize, count: i32, h: usize): void {
  const rate = load<f32>(h),
    keep = load<f32>(h + 4),
    epsilon = load<f32>(h + 8),
    rest = load<f32>(h + 12);
  for (let i = 0; i < count; i++) {
    const at = i << 2,
      gradient = load<f32>(g + at);
    const squares = settled(load<f32>(square + at) * keep + gradient * gradient * rest);
    const before = load<f32>(moved + at);
    const change = (sqrt<f32>(before + epsilon) / sqrt<f32>(squares + epsilon)) * gradient;
    store<f32>(square + at, squares);
    store<f32>(moved + at, settled(before * keep + change * change * rest));
    store<f32>(w + at, load<f32>(w + at) - change * rate);
  }
}
