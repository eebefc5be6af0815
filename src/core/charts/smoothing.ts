/** How a line is smoothed. All three weaken noise from point to point alike at the same weight. */
export interface Smoothing {
  readonly kind: 'exponential' | 'gaussian' | 'mean';
  /** In [0, 1): how much the past weighs in the exponential average; 0 changes nothing. */
  readonly weight: number;
}

export const smoothingKinds = ['exponential', 'gaussian', 'mean'] as const satisfies readonly Smoothing['kind'][];

/** Smoothed values, of which those before `from` are as they were the last time. */
interface Smoothed {
  readonly values: Float64Array;
  readonly from: number;
}

/** A smoothed line that grows with its values. */
export interface Smoother {
  /** The values of now, of which those before index `from` are as they were. What is no number stays what it is. */
  update(values: Float64Array, from: number): Smoothed;
}

/**
 * - `exponential`: TensorBoard's, the exponential moving average divided by 1 − wⁿ (Kingma and Ba, "Adam", section 3), so that it does not begin at zero; n counts numbers only.
 * - `gaussian`: weights exp(−d²/2σ²) over the distance d in points, cut off at 3 σ, on both sides.
 * - `mean`: the mean of the points around, as many on either side.
 *
 * Over independent values an exponential average leaves (1 − w)/(1 + w) of the variance. The mean of k points leaves 1/k, a Gaussian 1/(2σ√π): so k and σ follow from the weight. All
 * three look at the numbers of the whole series, never at what is drawn of it; a value that is no number is left out of the sums of the others (normalized convolution).
 */
export function createSmoother({ kind, weight }: Smoothing): Smoother {
  if (kind === 'exponential') return createExponential(weight);
  const strength = (1 + weight) / (1 - weight);
  if (kind === 'mean') return createKernel(new Float64Array(Math.floor((strength - 1) / 2) + 1).fill(1));
  const sigma = strength / (2 * Math.sqrt(Math.PI));
  // A weight of 0 leaves all of the variance: nothing is to be smoothed.
  const reach = weight === 0 ? 0 : Math.ceil(3 * sigma);
  return createKernel(Float64Array.from({ length: reach + 1 }, (_, d) => Math.exp(-(d * d) / (2 * sigma * sigma))));
}

/** All values at once. */
export function smooth(values: Float64Array, smoothing: Smoothing): Float64Array {
  return createSmoother(smoothing).update(values, 0).values;
}

/** Goes on where it ended; when something before that has changed, it begins anew, and so gives the same numbers either way. */
function createExponential(weight: number): Smoother {
  let [length, mean, mass] = [0, 0, 0];
  let smoothed = new Float64Array(0);
  return {
    update(values, from) {
      if (from < length) [length, mean, mass] = [0, 0, 0];
      smoothed = withRoom(smoothed, values.length, length);
      const start = length;
      for (; length < values.length; length += 1) {
        const value = values[length] ?? NaN;
        if (!Number.isFinite(value)) {
          smoothed[length] = value;
          continue;
        }
        mean = weight * mean + (1 - weight) * value;
        mass = weight * mass + (1 - weight);
        smoothed[length] = mean / mass;
      }
      return { values: smoothed.subarray(0, length), from: start };
    },
  };
}

/** `kernel[d]` weighs a point at a distance of d. What is nearer to a change than the kernel reaches is computed again. */
function createKernel(kernel: Float64Array): Smoother {
  const reach = kernel.length - 1;
  let smoothed = new Float64Array(0);
  let length = 0;
  return {
    update(values, from) {
      const start = Math.max(0, Math.min(from, length) - reach);
      smoothed = withRoom(smoothed, values.length, start);
      length = values.length;
      for (let i = start; i < length; i += 1) smoothed[i] = kernelMean(values, i, kernel);
      return { values: smoothed.subarray(0, length), from: start };
    },
  };
}

function kernelMean(values: Float64Array, at: number, kernel: Float64Array): number {
  const own = values[at] ?? NaN;
  if (!Number.isFinite(own)) return own;
  const reach = kernel.length - 1;
  let [sum, mass] = [0, 0];
  const end = Math.min(values.length - 1, at + reach);
  for (let i = Math.max(0, at - reach); i <= end; i += 1) {
    const value = values[i] ?? NaN;
    if (!Number.isFinite(value)) continue;
    const weight = kernel[Math.abs(i - at)] ?? 0;
    sum += weight * value;
    mass += weight;
  }
  return sum / mass;
}

/** The same array, or one with twice the room and the first `kept` values. */
function withRoom(array: Float64Array, length: number, kept: number): Float64Array<ArrayBuffer> {
  if (length <= array.length) return array as Float64Array<ArrayBuffer>;
  const larger = new Float64Array(Math.max(length, 2 * array.length));
  larger.set(array.subarray(0, kept));
  return larger;
}
