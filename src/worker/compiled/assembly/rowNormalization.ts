// Layer normalization: of `count` rows of n numbers. Moments are two numbers of each row: its mean, and 1 ÷ its deviation.

export function normalizeRows(
  x: usize,
  count: i32,
  n: i32,
  epsilon: f32,
  gamma: usize,
  beta: usize,
  moments: usize,
  y: usize,
): void {
  for (let row = 0; row < count; row++) {
    let sum: f64 = 0,
      squares: f64 = 0;
    for (let i = 0; i < n; i++) sum += <f64>load<f32>(x + (i << 2));
    const mean = <f32>(sum / <f64>n);
    for (let i = 0; i < n; i++) {
      const apart = load<f32>(x + (i << 2)) - mean;
      squares += <f64>(apart * apart);
    }
    const inverse: f32 = 1 / sqrt<f32>(<f32>(squares / <f64>n) + epsilon);
    store<f32>(moments, mean);
    store<f32>(moments, inverse, 4);
    for (let i = 0; i < n; i++) {
      const scaled = (load<f32>(x + (i << 2)) - mean) * inverse * (gamma ? load<f32>(gamma + (i << 2)) : 1);
      store<f32>(y + (i << 2), scaled + (beta ? load<f32>(beta + (i << 2)) : 0));
    }
    x += n << 2;
    y += n << 2;
    moments += 8;
  }
}

export function normalizeRowsInput(
  dy: usize,
  x: usize,
  count: i32,
  n: i32,
  moments: usize,
  gamma: usize,
  dx: usize,
): void {
  for (let row = 0; row < count; row++) {
    const mean = load<f32>(moments),
      inverse = load<f32>(moments, 4);
    let sum: f64 = 0,
      along: f64 = 0;
    for (let i = 0; i < n; i++) {
      const g = load<f32>(dy + (i << 2)) * (gamma ? load<f32>(gamma + (i << 2)) : 1);
      sum += <f64>g;
      along += <f64>(g * (load<f32>(x + (i << 2)) - mean) * inverse);
    }
    const common = <f32>(sum / <f64>n),
      slope = <f32>(along / <f64>n);
    for (let i = 0; i < n; i++) {
      const g = load<f32>(dy + (i << 2)) * (gamma ? load<f32>(gamma + (i << 2)) : 1);
      const normal = (load<f32>(x + (i << 2)) - mean) * inverse;
      store<f32>(dx + (i << 2), inverse * (g - common - normal * slope));
    }
    dy += n << 2;
    x += n << 2;
    dx += n << 2;
    moments += 8;
  }
}

/** Added to `dgamma`. */
export function normalizeRowsWeights(dy: usize, x: usize, count: i32, n: i32, moments: usize, dgamma: usize): void {
  for (let row = 0; row < count; row++) {
    const mean = load<f32>(moments),
      inverse = load<f32>(moments, 4);
    for (let i = 0; i < n; i++) {
      const place: usize = dgamma + (i << 2);
      const normal = (load<f32>(x + (i << 2)) - mean) * inverse;
      store<f32>(place, load<f32>(place) + load<f32>(dy + (i << 2)) * normal);
    }
    dy += n << 2;
    x += n << 2;
    moments += 8;
  }
}
