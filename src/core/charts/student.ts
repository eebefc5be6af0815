/**
 * The quantile of Student's t distribution: the t of which a part `probability` (in (0, 1)) lies below, with `freedom` ≥ 1 degrees of freedom. By bisection of the distribution function, which is told by the
 * regularized incomplete beta function (Abramowitz and Stegun, 26.7.1); exact to about ten digits.
 */
export function tQuantile(probability: number, freedom: number): number {
  if (probability < 0.5) return -tQuantile(1 - probability, freedom);
  let [low, high] = [0, 1];
  while (tDistribution(high, freedom) < probability && high < 1e12) high *= 2;
  for (let i = 0; i < 80; i += 1) {
    const middle = (low + high) / 2;
    if (tDistribution(middle, freedom) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Part of the distribution below t ≥ 0. */
function tDistribution(t: number, freedom: number): number {
  return 1 - incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2;
}

/** Regularized incomplete beta function Iₓ(a, b), by its continued fraction (Abramowitz and Stegun, 26.5.8), on the side where that converges quickly. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a;
  return front / betaFraction(x, a, b);
}

/** 1 + d₁/(1 + d₂/(1 + …)), from its end inwards. 300 terms are more than enough where |d| is below 1. */
function betaFraction(x: number, a: number, b: number): number {
  let fraction = 1;
  for (let n = 300; n >= 1; n -= 1) {
    const m = Math.floor(n / 2);
    const d =
      n % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    fraction = 1 + d / fraction;
  }
  return fraction;
}

/** ln Γ(z) for z > 0: Stirling's series (Abramowitz and Stegun, 6.1.41) beyond 10, recurrence below. */
function logGamma(z: number): number {
  if (z < 10) return logGamma(z + 1) - Math.log(z);
  const inverse = 1 / (z * z);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series;
}
