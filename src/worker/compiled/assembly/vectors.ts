/** What a product of matrices does beside multiplying: bits of its mode. */
export const BIAS: i32 = 1;
export const ACCUMULATE: i32 = 2;
export const RELU: i32 = 4;

/** a × b + c, rounded once where the processor can, else twice. */
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** So little moves no weight. Times a rate it has still all its digits. */
export const TINY: f32 = 1e-30;

/**
 * Zero in the place of what is less than `TINY`. What decays from step to step, as means of gradients do where none comes any more, would stay
 * for ever among the numbers that have not all their digits, for which processors take a hundred times as long.
 */
export function settled(x: f32): f32 {
  return abs(x) < TINY ? 0 : x;
}

/** e^x with an error of about 1e-7 of it: 2^n times a polynomial of the rest (the coefficients are those of Cephes' expf). */
export function exp4(given: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(given, f32x4.splat(88.3762626647949)), f32x4.splat(-103.9));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504088896341)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let p = f32x4.splat(1.98756915e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  // In two steps, as 2^n itself may be less than the least normal number.
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  const power = f32x4.mul(powerOfTwo(half), powerOfTwo(i32x4.sub(whole, half)));
  return f32x4.mul(p, power);
}

function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}

/** Natural logarithm of a normal number above zero (the coefficients are those of Cephes' logf). */
export function log1(x: f32): f32 {
  let bits = reinterpret<i32>(x);
  let exponent = ((bits >> 23) & 255) - 126;
  let m: f32 = reinterpret<f32>((bits & 0x7fffff) | 0x3f000000);
  if (m < 0.707106781186547524) {
    exponent -= 1;
    m = m + m - 1;
  } else m -= 1;
  const z = m * m;
  let p: f32 = 7.0376836292e-2;
  p = p * m - 1.151461031e-1;
  p = p * m + 1.167699874e-1;
  p = p * m - 1.2420140846e-1;
  p = p * m + 1.4249322787e-1;
  p = p * m - 1.6668057665e-1;
  p = p * m + 2.0000714765e-1;
  p = p * m - 2.4999993993e-1;
  p = p * m + 3.3333331174e-1;
  const e = <f32>exponent;
  let y: f32 = m * z * p + e * <f32>-2.1219444e-4 - <f32>0.5 * z;
  return m + y + e * <f32>0.693359375;
}

/** The sum of four. */
export function sum4(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}
