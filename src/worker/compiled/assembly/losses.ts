import { logOnePlus } from './activations';
import { addTo, weightOf } from './sums';
import { exp1, log1 } from './vectors';

// Losses and metrics of `count` rows of n answers p with targets t. An example has `rowsPerExample` rows and a weight. Sums are added to `sum`,
// which the caller divides; gradients (d, 0: not wanted) are of the mean over all rows: `share` points to 1 ÷ examples.

/** As in the packages: a chance is never nearer to 0 or 1. */
const LEAST: f32 = 1e-7;
const MOST: f32 = 1 - 1e-7;

function isWithin(p: f32): bool {
  return p >= LEAST && p <= MOST;
}

function bounded(p: f32): f32 {
  return p < LEAST ? LEAST : p > MOST ? MOST : p;
}

/** The target of class i in a row: one number for each class, or (`isSparse`) the number of the class. */
function targetOf(t: usize, row: i32, i: i32, n: i32, isSparse: i32): f32 {
  if (isSparse) return <i32>floor(load<f32>(t + (row << 2))) == i ? 1 : 0;
  return load<f32>(t + ((row * n + i) << 2));
}

/**
 * Cross-entropy of classes. With `throughSoftmax` d is the gradient of what the softmax was given, else of p. Chances are divided by their
 * sum first, as the packages do.
 */
export function crossEntropy(
  p: usize,
  t: usize,
  weights: usize,
  count: i32,
  n: i32,
  rowsPerExample: i32,
  isSparse: i32,
  throughSoftmax: i32,
  share: usize,
  d: usize,
  sum: usize,
): void {
  let total: f64 = 0;
  for (let row = 0; row < count; row++) {
    const weight = weightOf(weights, row / rowsPerExample);
    const at: usize = p + ((row * n) << 2),
      out: usize = d + ((row * n) << 2);
    let mass: f32 = 0;
    for (let i = 0; i < n; i++) mass += chanceOf(at, i, isSparse);
    // Σ target over the classes whose chance is not at a bound: those alone have a slope.
    let active: f32 = 0,
      loss: f32 = 0;
    for (let i = 0; i < n; i++) {
      const target = targetOf(t, row, i, n, isSparse),
        q = chanceOf(at, i, isSparse) / mass;
      if (target != 0) loss -= target * log1(bounded(q));
      if (q != q) loss = q;
      if (isWithin(q)) active += target;
    }
    total += <f64>(loss * weight);
    if (!d) continue;
    const factor = (load<f32>(share) / <f32>rowsPerExample) * weight;
    for (let i = 0; i < n; i++) {
      const given = load<f32>(at + (i << 2)),
        q = chanceOf(at, i, isSparse) / mass;
      const target = isWithin(q) ? targetOf(t, row, i, n, isSparse) : 0;
      let slope: f32 = 0;
      if (throughSoftmax) slope = given * active - target;
      else if (!isSparse || isWithin(given)) slope = (active - target / q) / mass;
      store<f32>(out + (i << 2), slope * factor);
    }
  }
  addTo(sum, total);
}

/** Where classes are given by number, the packages bound the chances before they divide. */
function chanceOf(row: usize, i: i32, isSparse: i32): f32 {
  const p = load<f32>(row + (i << 2));
  return isSparse ? bounded(p) : p;
}

export function binaryCrossEntropy(
  p: usize,
  t: usize,
  weights: usize,
  count: i32,
  n: i32,
  rowsPerExample: i32,
  share: usize,
  d: usize,
  sum: usize,
): void {
  let total: f64 = 0;
  for (let row = 0; row < count; row++) {
    const weight = weightOf(weights, row / rowsPerExample);
    const factor = ((load<f32>(share) / <f32>rowsPerExample) * weight) / <f32>n;
    let loss: f32 = 0;
    for (let i = row * n; i < (row + 1) * n; i++) {
      const given = load<f32>(p + (i << 2)),
        target = load<f32>(t + (i << 2)),
        q = bounded(given);
      const x = log1(q / (1 - q));
      loss += given != given ? given : max<f32>(x, 0) - x * target + logOnePlus(exp1(-abs(x)));
      if (d) store<f32>(d + (i << 2), isWithin(given) ? ((q - target) / (q * (1 - q))) * factor : 0);
    }
    total += <f64>((loss / <f32>n) * weight);
  }
  addTo(sum, total);
}

export function squaredError(
  p: usize,
  t: usize,
  weights: usize,
  count: i32,
  n: i32,
  rowsPerExample: i32,
  share: usize,
  d: usize,
  sum: usize,
): void {
  let total: f64 = 0;
  for (let row = 0; row < count; row++) {
    const weight = weightOf(weights, row / rowsPerExample);
    const factor = ((load<f32>(share) / <f32>rowsPerExample) * weight * 2) / <f32>n;
    let loss: f32 = 0;
    for (let i = row * n; i < (row + 1) * n; i++) {
      const error = load<f32>(p + (i << 2)) - load<f32>(t + (i << 2));
      loss += error * error;
      if (d) store<f32>(d + (i << 2), error * factor);
    }
    total += <f64>((loss / <f32>n) * weight);
  }
  addTo(sum, total);
}

export function absoluteError(
  p: usize,
  t: usize,
  weights: usize,
  count: i32,
  n: i32,
  rowsPerExample: i32,
  share: usize,
  d: usize,
  sum: usize,
): void {
  let total: f64 = 0;
  for (let row = 0; row < count; row++) {
    const weight = weightOf(weights, row / rowsPerExample);
    const factor = ((load<f32>(share) / <f32>rowsPerExample) * weight) / <f32>n;
    let loss: f32 = 0;
    for (let i = row * n; i < (row + 1) * n; i++) {
      const error = load<f32>(p + (i << 2)) - load<f32>(t + (i << 2));
      loss += abs(error);
      if (d) store<f32>(d + (i << 2), error > 0 ? factor : error <= 0 ? -factor : error);
    }
    total += <f64>((loss / <f32>n) * weight);
  }
  addTo(sum, total);
}

/** How many rows have their greatest answer at the class. */
export function countHits(p: usize, t: usize, count: i32, n: i32, isSparse: i32, sum: usize): void {
  let hits = 0;
  for (let row = 0; row < count; row++) {
    const at: usize = p + ((row * n) << 2);
    let answer = 0,
      truth = 0;
    for (let i = 1; i < n; i++) {
      if (load<f32>(at + (i << 2)) > load<f32>(at + (answer << 2))) answer = i;
      if (!isSparse && load<f32>(t + ((row * n + i) << 2)) > load<f32>(t + ((row * n + truth) << 2))) truth = i;
    }
    if (isSparse ? <f32>answer == load<f32>(t + (row << 2)) : answer == truth) hits++;
  }
  addTo(sum, <f64>hits);
}

/** How many of all numbers are on the right side of a half, divided by n. */
export function countSides(p: usize, t: usize, count: i32, n: i32, sum: usize): void {
  let hits = 0;
  for (let i = 0; i < count * n; i++) {
    const side: f32 = load<f32>(p + (i << 2)) > 0.5 ? 1 : 0;
    if (side == load<f32>(t + (i << 2))) hits++;
  }
  addTo(sum, <f64>hits / <f64>n);
}
