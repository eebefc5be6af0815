import { exp4 } from './vectors';

// Activations whose slope is not told by their answer; src/core/compiled/activations.ts has the same numbers. And leaks that are learnt.
const SWISH: i32 = 1;
const MISH: i32 = 2;
const GELU: i32 = 3;

const ROOT_HALF: f32 = 0.7071067811865476;
/** √(2 ÷ π) */
const WIDTH: f32 = 0.7978845608028654;
const BEND: f32 = 0.044715;

export function curve(kind: i32, x: usize, y: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(y + (i << 2), curveFour(kind, v128.load(x + (i << 2))));
  for (; i < count; i++)
    store<f32>(y + (i << 2), f32x4.extract_lane(curveFour(kind, f32x4.splat(load<f32>(x + (i << 2)))), 0));
}

/** dx = dy × the slope at x; dx may be dy. */
export function curveGradient(kind: i32, dy: usize, x: usize, dx: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4)
    v128.store(dx + (i << 2), f32x4.mul(v128.load(dy + (i << 2)), slopeFour(kind, v128.load(x + (i << 2)))));
  for (; i < count; i++) {
    const slope = f32x4.extract_lane(slopeFour(kind, f32x4.splat(load<f32>(x + (i << 2)))), 0);
    store<f32>(dx + (i << 2), load<f32>(dy + (i << 2)) * slope);
  }
}

function curveFour(kind: i32, x: v128): v128 {
  switch (kind) {
    case SWISH:
      return f32x4.mul(x, sigmoid(x));
    case MISH:
      return f32x4.mul(x, tanhOfSoftplus(x));
    case GELU:
      return f32x4.mul(x, chance(x));
    default:
      return f32x4.mul(x, halfOf(tanh(bent(x))));
  }
}

function slopeFour(kind: i32, x: v128): v128 {
  const one = f32x4.splat(1);
  switch (kind) {
    case SWISH: {
      const s = sigmoid(x);
      return f32x4.add(s, f32x4.mul(f32x4.mul(x, s), f32x4.sub(one, s)));
    }
    case MISH: {
      const t = tanhOfSoftplus(x);
      const rest = f32x4.mul(f32x4.sub(one, f32x4.mul(t, t)), sigmoid(x));
      return f32x4.add(t, f32x4.mul(x, rest));
    }
    case GELU: {
      const half = f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5));
      return f32x4.add(chance(x), f32x4.mul(x, f32x4.mul(exp4(half), f32x4.splat(0.3989422804014327))));
    }
    default: {
      const t = tanh(bent(x));
      const steep = f32x4.add(one, f32x4.mul(f32x4.mul(x, x), f32x4.splat(3 * BEND)));
      const rest = f32x4.mul(f32x4.sub(one, f32x4.mul(t, t)), f32x4.mul(steep, f32x4.splat(0.5 * WIDTH)));
      return f32x4.add(halfOf(t), f32x4.mul(x, rest));
    }
  }
}

function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** (1 + t) ÷ 2 */
function halfOf(t: v128): v128 {
  return f32x4.mul(f32x4.add(t, f32x4.splat(1)), f32x4.splat(0.5));
}

/** tanh(log(1 + e^x)) = n ÷ (n + 2) of n = e^x (e^x + 2), which is exact for small e^x. From 20 on it is 1. */
function tanhOfSoftplus(x: v128): v128 {
  const e = exp4(f32x4.pmin(x, f32x4.splat(20)));
  const n = f32x4.mul(e, f32x4.add(e, f32x4.splat(2)));
  return f32x4.div(n, f32x4.add(n, f32x4.splat(2)));
}

function bent(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), x);
  return f32x4.mul(f32x4.add(x, f32x4.mul(cube, f32x4.splat(BEND))), f32x4.splat(WIDTH));
}

/** By e^−2|x|, so that nothing overflows. */
function tanh(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000)),
    one = f32x4.splat(1);
  const e = exp4(f32x4.mul(f32x4.abs(x), f32x4.splat(-2)));
  return v128.or(f32x4.div(f32x4.sub(one, e), f32x4.add(one, e)), sign);
}

/** How much of the normal distribution lies below x, by formula 7.1.26 of Abramowitz and Stegun, as the packages have it. */
function chance(x: v128): v128 {
  const one = f32x4.splat(1);
  const u = f32x4.mul(f32x4.abs(x), f32x4.splat(ROOT_HALF)),
    sign = v128.and(x, i32x4.splat(0x80000000));
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(u, f32x4.splat(0.3275911))));
  let p = f32x4.splat(1.061405429);
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-1.453152027));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(1.421413741));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-0.284496736));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.254829592));
  const rest = f32x4.mul(f32x4.mul(p, t), exp4(f32x4.neg(f32x4.mul(u, u))));
  return halfOf(v128.or(f32x4.sub(one, rest), sign));
}

/** Of rows of n numbers, each of whose places has its own slope below zero. */
export function prelu(x: usize, alpha: usize, y: usize, count: i32, n: i32): void {
  for (let row = 0; row < count; row++)
    for (let i = 0; i < n; i++) {
      const at = (row * n + i) << 2,
        value = load<f32>(x + at);
      store<f32>(y + at, value >= 0 ? value : value * load<f32>(alpha + (i << 2)));
    }
}

export function preluInput(dy: usize, x: usize, alpha: usize, dx: usize, count: i32, n: i32): void {
  for (let row = 0; row < count; row++)
    for (let i = 0; i < n; i++) {
      const at = (row * n + i) << 2,
        slope: f32 = load<f32>(x + at) > 0 ? 1 : load<f32>(alpha + (i << 2));
      store<f32>(dx + at, load<f32>(dy + at) * slope);
    }
}

/** Added to `dalpha`. */
export function preluWeights(dy: usize, x: usize, dalpha: usize, count: i32, n: i32): void {
  for (let row = 0; row < count; row++)
    for (let i = 0; i < n; i++) {
      const at = (row * n + i) << 2,
        value = load<f32>(x + at),
        place: usize = dalpha + (i << 2);
      if (value <= 0) store<f32>(place, load<f32>(place) + value * load<f32>(dy + at));
    }
}
