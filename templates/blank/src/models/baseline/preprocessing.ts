// What happens to a row before the model sees it. A pure function: the same row always becomes the same numbers.

/** Nothing yet; the model scales the columns by itself. */
export function preprocess(xs: Float32Array, _config: mlops.Config): Float32Array {
  return xs;
}
