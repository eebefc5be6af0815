import type { Channels, Picture } from '../image.ts';

/** A picture at another size: each new pixel is the mean of the old ones around it, near ones counting more (a triangle as wide as the step). */
export function resize(picture: Picture, [height, width]: readonly [number, number], channels: Channels): Picture {
  if (picture.width === width && picture.height === height) return picture;
  const { pixels } = picture;
  const across = new Float32Array(picture.height * width * channels);
  const columns = weigh(picture.width, width);
  for (let y = 0; y < picture.height; y++)
    for (const [x, { first, weights }] of columns.entries())
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++)
          sum += (weights[i] ?? 0) * (pixels[(y * picture.width + first + i) * channels + channel] ?? 0);
        across[(y * width + x) * channels + channel] = sum;
      }
  const result = new Uint8Array(height * width * channels);
  const stride = width * channels;
  for (const [y, { first, weights }] of weigh(picture.height, height).entries())
    for (let x = 0; x < stride; x++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += (weights[i] ?? 0) * (across[(first + i) * stride + x] ?? 0);
      result[y * stride + x] = Math.round(sum);
    }
  return { pixels: result, width, height };
}

interface Weights {
  readonly first: number;
  /** Of the old pixels from `first`; together 1. */
  readonly weights: readonly number[];
}

function weigh(from: number, to: number): readonly Weights[] {
  const step = from / to;
  const reach = Math.max(1, step);
  return Array.from({ length: to }, (_, index) => {
    const centre = (index + 0.5) * step;
    const first = Math.max(0, Math.floor(centre - reach));
    const last = Math.min(from, Math.ceil(centre + reach));
    const raw = Array.from({ length: last - first }, (_, i) =>
      Math.max(0, 1 - Math.abs(first + i + 0.5 - centre) / reach),
    );
    const sum = raw.reduce((all, weight) => all + weight, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}
