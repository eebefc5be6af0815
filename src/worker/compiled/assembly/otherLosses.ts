import { logOnePlus } from './activations';
import { addTo, weightOf } from './sums';
import { exp1, log1 } from './vectors';

// Losses by number, as src/core/compiled/step.ts has them; otherwise as in losses.ts.
const PERCENTAGE: i32 = 1;
const LOGARITHMIC: i32 = 2;
const SQUARED_HINGE: i32 = 3;
const HINGE: i32 = 4;
const CATEGORICAL_HINGE: i32 = 5;
const LOGCOSH: i32 = 6;
const DIVERGENCE: i32 = 7;
const POISSON: i32 = 8;

/** As in the packages. */
const LEAST: f32 = 1e-7;

export function otherLoss(
  loss: i32,
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
    const factor = (load<f32>(share) / <f32>rowsPerExample) * weight;
    const at = (row * n) << 2;
    let value: f32;
    if (loss == CATEGORICAL_HINGE) value = categoricalHinge(p + at, t + at, n, factor, d + at);
    else if (loss > POISSON) value = cosineProximity(p + at, t + at, n, factor, d + at);
    else value = ofEach(loss, p + at, t + at, n, factor, d + at);
    total += <f64>(value * weight);
  }
  addTo(sum, total);
}

/** The mean, or of the divergence the sum, of what each number costs. */
function ofEach(loss: i32, p: usize, t: usize, n: i32, factor: f32, d: usize): f32 {
  const divisor: f32 = loss == DIVERGENCE ? 1 : <f32>n;
  let sum: f32 = 0;
  for (let i = 0; i < n; i++) {
    const given = load<f32>(p + (i << 2)),
      target = load<f32>(t + (i << 2));
    sum += given == given ? costOf(loss, given, target) : given;
    store<f32>(d + (i << 2), (slopeOf(loss, given, target) * factor) / divisor);
  }
  return sum / divisor;
}

function bounded(value: f32): f32 {
  return min<f32>(max<f32>(value, LEAST), 1);
}

function costOf(loss: i32, p: f32, t: f32): f32 {
  switch (loss) {
    case PERCENTAGE:
      return <f32>100 * abs((t - p) / max<f32>(abs(t), LEAST));
    case LOGARITHMIC: {
      const apart = log1(<f32>1 + max<f32>(p, LEAST)) - log1(<f32>1 + max<f32>(t, LEAST));
      return apart * apart;
    }
    case SQUARED_HINGE: {
      const short = max<f32>(0, 1 - t * p);
      return short * short;
    }
    case HINGE:
      return max<f32>(0, <f32>1 - t * p);
    case LOGCOSH: {
      const x: f32 = -2 * (p - t);
      return p - t + (max<f32>(x, 0) + logOnePlus(exp1(-abs(x)))) - 0.6931471805599453;
    }
    case DIVERGENCE:
      return t * log1(bounded(t) / bounded(p));
    default: {
      const chance: f32 = LEAST + p;
      // There is no logarithm of less than nothing.
      if (chance <= 0) return chance < 0 ? NaN : p + t * Infinity;
      return p - t * log1(chance);
    }
  }
}

function slopeOf(loss: i32, p: f32, t: f32): f32 {
  switch (loss) {
    case PERCENTAGE: {
      const size = max<f32>(abs(t), LEAST);
      return (t - p) / size > 0 ? <f32>-100 / size : <f32>100 / size;
    }
    case LOGARITHMIC: {
      if (p < LEAST) return 0;
      const more: f32 = 1 + p;
      return ((log1(more) - log1(<f32>1 + max<f32>(t, LEAST))) * 2) / more;
    }
    case SQUARED_HINGE: {
      const short: f32 = 1 - t * p;
      return short > 0 ? short * t * -2 : 0;
    }
    case HINGE:
      return t * p < 1 ? -t : 0;
    case LOGCOSH:
      return <f32>1 - <f32>2 / (exp1((p - t) * 2) + 1);
    case DIVERGENCE:
      return p >= LEAST && p <= 1 ? -t / p : 0;
    default:
      return <f32>1 - t / (LEAST + p);
  }
}

function categoricalHinge(p: usize, t: usize, n: i32, factor: f32, d: usize): f32 {
  let right: f32 = 0,
    wrong: f32 = -Infinity;
  for (let i = 0; i < n; i++) {
    const given = load<f32>(p + (i << 2)),
      target = load<f32>(t + (i << 2));
    right += target * given;
    wrong = max<f32>(wrong, (<f32>1 - target) * given);
  }
  const short: f32 = 1 + (wrong - right);
  // Those that are equally wrong share the gradient.
  let equals: f32 = 0;
  for (let i = 0; i < n; i++) if ((<f32>1 - load<f32>(t + (i << 2))) * load<f32>(p + (i << 2)) == wrong) equals += 1;
  for (let i = 0; i < n; i++) {
    const target = load<f32>(t + (i << 2)),
      rest: f32 = 1 - target;
    const isWorst = rest * load<f32>(p + (i << 2)) == wrong;
    store<f32>(d + (i << 2), short > 0 ? ((isWorst ? rest / equals : 0) - target) * factor : 0);
  }
  return max<f32>(0, short);
}

/** Minus the cosine of the angle between the two, which are made as long as 1. */
function cosineProximity(p: usize, t: usize, n: i32, factor: f32, d: usize): f32 {
  let answers: f32 = 0,
    targets: f32 = 0,
    both: f32 = 0;
  for (let i = 0; i < n; i++) {
    const given = load<f32>(p + (i << 2)),
      target = load<f32>(t + (i << 2));
    answers += given * given;
    targets += target * target;
    both += given * target;
  }
  const length = sqrt<f32>(max<f32>(answers, LEAST)),
    wanted = sqrt<f32>(max<f32>(targets, LEAST));
  const cosine = both / (length * wanted);
  const turned: f32 = answers >= LEAST ? cosine / (length * length) : 0;
  for (let i = 0; i < n; i++) {
    const slope = turned * load<f32>(p + (i << 2)) - load<f32>(t + (i << 2)) / (length * wanted);
    store<f32>(d + (i << 2), slope * factor);
  }
  return -cosine;
}
