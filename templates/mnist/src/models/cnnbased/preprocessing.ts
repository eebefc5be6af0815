// What happens to a digit before the model sees it. Pure functions: the same digit always becomes the same numbers.
import { prepareDigit } from '../../data/image.ts';

/** Pixels from 0 to 255 become inputs from 0 to 1. */
export function preprocess(xs: ArrayLike<number>, _config: mlops.Config): Float32Array {
  const inputs = new Float32Array(xs.length);
  // A loop: millions of pixels take twenty times as long with a function for each.
  for (let i = 0; i < xs.length; i += 1) inputs[i] = xs[i] / 255;
  return inputs;
}

/** A picture from outside, grey values row by row, becomes 784 pixels as the data set has them. */
export function prepareImage(pixels: Uint8Array, width: number, height: number): Float32Array {
  return prepareDigit(pixels, width, height);
}
