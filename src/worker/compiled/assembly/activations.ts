import { exp1, exp4, log1, sum4 } from './vectors';

// Kinds of activation; src/core/compiled/activations.ts has the same numbers. Each gradient is a function of the answer, so that nothing else
// has to be kept.
const RELU: i32 = 1;
const RELU6: i32 = 2;
const LEAKY_RELU: i32 = 3;
const ELU: i32 = 4;
const SELU: i32 = 5;
const SIGMOID: i32 = 6;
const HARD_SIGMOID: i32 = 7;
const TANH: i32 = 8;
const SOFTPLUS: i32 = 9;
const SOFTSIGN: i32 = 10;

const SELU_SCALE: f32 = 1.0507009873554805;
const SELU_ALPHA: f32 = 1.7580993408473768;

export function activate(kind: i32, alpha: f32, x: usize, y: usize, count: i32): void {
  let i = 0;
  // The one of nearly all nets, without a choice for each four.
  if (kind == RELU)
    for (; i + 4 <= count; i += 4) v128.store(y + (i << 2), f32x4.pmax(v128.load(x + (i << 2)), f32x4.splat(0)));
  for (; i + 4 <= count; i += 4) v128.store(y + (i << 2), activateFour(kind, alpha, v128.load(x + (i << 2))));
  if (i == count) return;
  for (; i < count; i++)
    store<f32>(y + (i << 2), f32x4.extract_lane(activateFour(kind, alpha, f32x4.splat(load<f32>(x + (i << 2)))), 0));
}

function activateFour(kind: i32, alpha: f32, x: v128): v128 {
  const zero = f32x4.splat(0),
    one = f32x4.splat(1);
  switch (kind) {
    case RELU:
      return f32x4.pmax(x, zero);
    case RELU6:
      return f32x4.pmin(f32x4.pmax(x, zero), f32x4.splat(6));
    case LEAKY_RELU:
      return v128.bitselect(f32x4.mul(x, f32x4.splat(alpha)), x, f32x4.lt(x, zero));
    case ELU:
      return v128.bitselect(f32x4.mul(expLessOne(x), f32x4.splat(alpha)), x, f32x4.lt(x, zero));
    case SELU:
      return v128.bitselect(
        f32x4.mul(expLessOne(x), f32x4.splat(SELU_ALPHA)),
        f32x4.mul(x, f32x4.splat(SELU_SCALE)),
        f32x4.lt(x, zero),
      );
    case SIGMOID:
      return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
    case HARD_SIGMOID: {
      const line = f32x4.add(f32x4.mul(x, f32x4.splat(0.2)), f32x4.splat(0.5));
      return f32x4.pmin(f32x4.pmax(line, zero), one);
    }
    case TANH:
      return tanhFour(x);
    case SOFTPLUS:
      return eachOf(x, kind);
    default:
      return f32x4.div(x, f32x4.add(one, f32x4.abs(x)));
  }
}

/** Exact near zero too, where e^x − 1 would cancel: there by its series. */
function expLessOne(x: v128): v128 {
  const near = f32x4.lt(f32x4.abs(x), f32x4.splat(0.25));
  let p = f32x4.splat(1.0 / 5040.0);
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 720.0));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 120.0));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 24.0));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 6.0));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(0.5));
  const series = f32x4.add(f32x4.mul(f32x4.mul(p, x), x), x);
  return v128.bitselect(series, f32x4.sub(exp4(x), f32x4.splat(1)), near);
}

/** (e^2x − 1) ÷ (e^2x + 1), for x below zero and mirrored, so that nothing overflows. */
function tanhFour(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const e = expLessOne(f32x4.mul(f32x4.abs(x), f32x4.splat(-2)));
  const y = f32x4.div(f32x4.neg(e), f32x4.add(e, f32x4.splat(2)));
  return v128.or(y, sign);
}

function eachOf(x: v128, kind: i32): v128 {
  return f32x4(
    softplus(f32x4.extract_lane(x, 0)),
    softplus(f32x4.extract_lane(x, 1)),
    softplus(f32x4.extract_lane(x, 2)),
    softplus(f32x4.extract_lane(x, 3)),
  );
}

function softplus(x: f32): f32 {
  return max<f32>(x, 0) + logOnePlus(exp1(-abs(x)));
}

/** log(1 + e) for 0 ≤ e ≤ 1, exact for small ones: the rounding of 1 + e is divided out again. */
export function logOnePlus(e: f32): f32 {
  const u: f32 = 1 + e;
  if (u == 1) return e;
  return (log1(u) * e) / (u - 1);
}

/** dx = dy × the slope at the answer y; dx may be dy. */
export function activationGradient(kind: i32, alpha: f32, dy: usize, y: usize, dx: usize, count: i32): void {
  let i = 0;
  if (kind == RELU)
    for (; i + 4 <= count; i += 4)
      v128.store(dx + (i << 2), v128.and(v128.load(dy + (i << 2)), f32x4.gt(v128.load(y + (i << 2)), f32x4.splat(0))));
  for (; i + 4 <= count; i += 4)
    v128.store(dx + (i << 2), slopeTimes(kind, alpha, v128.load(dy + (i << 2)), v128.load(y + (i << 2))));
  for (; i < count; i++)
    store<f32>(
      dx + (i << 2),
      f32x4.extract_lane(
        slopeTimes(kind, alpha, f32x4.splat(load<f32>(dy + (i << 2))), f32x4.splat(load<f32>(y + (i << 2)))),
        0,
      ),
    );
}

function slopeTimes(kind: i32, alpha: f32, dy: v128, y: v128): v128 {
  const zero = f32x4.splat(0),
    one = f32x4.splat(1);
  switch (kind) {
    case RELU:
      return v128.and(dy, f32x4.gt(y, zero));
    case RELU6:
      return v128.and(dy, v128.and(f32x4.gt(y, zero), f32x4.lt(y, f32x4.splat(6))));
    case LEAKY_RELU:
      return v128.bitselect(dy, f32x4.mul(dy, f32x4.splat(alpha)), f32x4.gt(y, zero));
    case ELU:
      return v128.bitselect(dy, f32x4.mul(dy, f32x4.add(y, f32x4.splat(alpha))), f32x4.ge(y, zero));
    case SELU:
      return f32x4.mul(
        dy,
        v128.bitselect(f32x4.splat(SELU_SCALE), f32x4.add(y, f32x4.splat(SELU_ALPHA)), f32x4.gt(y, zero)),
      );
    case SIGMOID:
      return f32x4.mul(dy, f32x4.mul(y, f32x4.sub(one, y)));
    case HARD_SIGMOID:
      return v128.and(f32x4.mul(dy, f32x4.splat(0.2)), v128.and(f32x4.gt(y, zero), f32x4.lt(y, one)));
    case TANH:
      return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(y, y)));
    case SOFTPLUS:
      return f32x4.mul(dy, f32x4.neg(expLessOne(f32x4.neg(y))));
    default: {
      const rest = f32x4.sub(one, f32x4.abs(y));
      return f32x4.mul(dy, f32x4.mul(rest, rest));
    }
  }
}

/** Of each row of n numbers; y may be x. */
export function softmax(x: usize, y: usize, count: i32, n: i32): void {
  for (let row = 0; row < count; row++) {
    let highest = load<f32>(x);
    for (let i = 1; i < n; i++) {
      const value = load<f32>(x + (i << 2));
      // The other way round a number that is none would be passed over.
      if (!(value <= highest)) highest = value;
    }
    let sum: f32 = 0,
      i = 0;
    const shift = f32x4.splat(highest);
    if (n >= 4) {
      let sums = f32x4.splat(0);
      for (; i + 4 <= n; i += 4) {
        const e = exp4(f32x4.sub(v128.load(x + (i << 2)), shift));
        v128.store(y + (i << 2), e);
        sums = f32x4.add(sums, e);
      }
      sum = sum4(sums);
    }
    for (; i < n; i++) {
      const e = exp1(load<f32>(x + (i << 2)) - highest);
      store<f32>(y + (i << 2), e);
      sum += e;
    }
    for (let k = 0; k < n; k++) store<f32>(y + (k << 2), load<f32>(y + (k << 2)) / sum);
    x += n << 2;
    y += n << 2;
  }
}

export function softmaxGradient(dy: usize, y: usize, dx: usize, count: i32, n: i32): void {
  for (let row = 0; row < count; row++) {
    let sum: f32 = 0;
    for (let i = 0; i < n; i++) sum += load<f32>(dy + (i << 2)) * load<f32>(y + (i << 2));
    for (let i = 0; i < n; i++) store<f32>(dx + (i << 2), load<f32>(y + (i << 2)) * (load<f32>(dy + (i << 2)) - sum));
    dy += n << 2;
    y += n << 2;
    dx += n << 2;
  }
}
