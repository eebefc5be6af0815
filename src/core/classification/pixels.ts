// What a model was given, as a picture again: the numbers of an example and their shape are all that there is.

/** Of one example, in the order of its shape. */
export type Numbers = readonly number[] | Float32Array | Uint8Array;

/** Row by row, a byte for each channel. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** A row of fewer numbers is hardly a picture that was flattened. */
const smallestFlat = 8;

/** Height, width and channels of an example; undefined for what is none. A flat row of n² numbers is a square of n. */
function pictureShape(
  shape: readonly number[],
): readonly [height: number, width: number, channels: number] | undefined {
  const [height = 0, width = 0, channels = 1, ...more] = shape;
  if (shape.length === 1) {
    const side = Math.sqrt(height);
    return Number.isInteger(side) && side >= smallestFlat ? [side, side, 1] : undefined;
  }
  const isPicture = shape.length > 1 && more.length === 0 && height > 1 && width > 1;
  return isPicture && [1, 3, 4].includes(channels) ? [height, width, channels] : undefined;
}

/** Bounds of numbers that are usual for pictures. */
const usualRanges = [
  [0, 1],
  [-1, 1],
  [0, 255],
] as const;

/**
 * Pictures of examples, `shape` each, with one range of brightness for all: the narrowest usual one that holds them all, else from the least number to the
 * greatest. A fourth channel is left out. Undefined for shapes that are no picture.
 */
export function toPixels(examples: readonly Numbers[], shape: readonly number[]): Pixels[] | undefined {
  const size = pictureShape(shape);
  if (size === undefined) return undefined;
  const [height, width, given] = size;
  const channels = given === 1 ? 1 : 3;
  const [low, high] = rangeOf(examples);
  return examples.map((values) => {
    const pixels = new Uint8Array(height * width * channels);
    for (let i = 0; i < height * width; i += 1)
      for (let channel = 0; channel < channels; channel += 1) {
        const value = values[i * given + channel] ?? NaN;
        pixels[i * channels + channel] = Math.round((255 * (value - low)) / (high - low || 1));
      }
    return { width, height, channels, pixels };
  });
}

function rangeOf(examples: readonly Numbers[]): readonly [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const values of examples)
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return usualRanges.find(([least, most]) => low >= least && high <= most) ?? [low, high];
}
