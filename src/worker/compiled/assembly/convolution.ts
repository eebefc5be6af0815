import { outer, pack, rows } from './matrix';
import { ACCUMULATE, multiplyAdd } from './vectors';

// Of one picture each. Padding is a picture of its own, so that no window reaches over an edge.

/** dX of a convolution: what each place of dY gives to the places of its window. `at`: where a window begins in X; `ct`: rows of dY. */
export function convolutionInput(
  dy: usize,
  ct: usize,
  at: usize,
  places: i32,
  filters: i32,
  packed: usize,
  blockBytes: i32,
  dx: usize,
  height: i32,
  width: i32,
  channels: i32,
  windowHeight: i32,
  windowWidth: i32,
): void {
  memory.fill(dx, 0, (height * width * channels) << 2);
  for (let y = 0; y < windowHeight; y++)
    for (let x = 0; x < windowWidth; x++) {
      const block: usize = packed + (y * windowWidth + x) * blockBytes;
      const place: usize = dx + (((y * width + x) * channels) << 2);
      rows(dy, ct, places, filters, 1, 0, block, channels, place, at, ACCUMULATE, 0, 0);
    }
}

/** dW of a convolution, added to `dw`. `panels`: room for dY in panels. */
export function convolutionWeights(
  x: usize,
  dy: usize,
  panels: usize,
  dw: usize,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  filters: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
): void {
  const places = outHeight * outWidth,
    run = windowWidth * channels;
  pack(dy, places, filters, panels, places << 5);
  const step = (strideX * channels) << 2,
    jump = ((strideY * width - outWidth * strideX) * channels) << 2;
  for (let y = 0; y < windowHeight; y++)
    outer(
      x + ((y * width * channels) << 2),
      step,
      jump,
      panels,
      places << 5,
      outWidth,
      outHeight,
      dw + ((y * run * filters) << 2),
      filters,
      0,
      run,
      1,
    );
}

/** Each channel by its own window; `multiplier` answers a channel. */
export function depthwise(
  x: usize,
  w: usize,
  bias: usize,
  y: usize,
  width: i32,
  channels: i32,
  multiplier: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
): void {
  const filters = channels * multiplier;
  for (let row = 0; row < outHeight; row++)
    for (let column = 0; column < outWidth; column++) {
      const start: usize = x + (((row * strideY * width + column * strideX) * channels) << 2);
      let c = 0;
      if (multiplier == 1)
        for (; c + 4 <= channels; c += 4) {
          let sum = bias ? v128.load(bias + (c << 2)) : f32x4.splat(0);
          for (let i = 0; i < windowHeight; i++)
            for (let j = 0; j < windowWidth; j++)
              sum = multiplyAdd(
                v128.load(start + (((i * width + j) * channels + c) << 2)),
                v128.load(w + (((i * windowWidth + j) * channels + c) << 2)),
                sum,
              );
          v128.store(y + (c << 2), sum);
        }
      for (let f = c * multiplier; f < filters; f++) {
        let sum: f32 = bias ? load<f32>(bias + (f << 2)) : 0;
        for (let i = 0; i < windowHeight; i++)
          for (let j = 0; j < windowWidth; j++)
            sum +=
              load<f32>(start + (((i * width + j) * channels + f / multiplier) << 2)) *
              load<f32>(w + (((i * windowWidth + j) * filters + f) << 2));
        store<f32>(y + (f << 2), sum);
      }
      y += filters << 2;
    }
}

export function depthwiseInput(
  dy: usize,
  w: usize,
  dx: usize,
  height: i32,
  width: i32,
  channels: i32,
  multiplier: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
): void {
  const filters = channels * multiplier;
  memory.fill(dx, 0, (height * width * channels) << 2);
  for (let row = 0; row < outHeight; row++)
    for (let column = 0; column < outWidth; column++) {
      const start: usize = dx + (((row * strideY * width + column * strideX) * channels) << 2);
      for (let i = 0; i < windowHeight; i++)
        for (let j = 0; j < windowWidth; j++) {
          const place: usize = start + (((i * width + j) * channels) << 2);
          const window: usize = w + (((i * windowWidth + j) * filters) << 2);
          let c = 0;
          if (multiplier == 1)
            for (; c + 4 <= channels; c += 4)
              v128.store(
                place + (c << 2),
                multiplyAdd(v128.load(dy + (c << 2)), v128.load(window + (c << 2)), v128.load(place + (c << 2))),
              );
          for (let f = c * multiplier; f < filters; f++) {
            const at: usize = place + ((f / multiplier) << 2);
            store<f32>(at, load<f32>(at) + load<f32>(dy + (f << 2)) * load<f32>(window + (f << 2)));
          }
        }
      dy += filters << 2;
    }
}

/** Added to `dw`. */
export function depthwiseWeights(
  x: usize,
  dy: usize,
  dw: usize,
  width: i32,
  channels: i32,
  multiplier: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
): void {
  const filters = channels * multiplier;
  for (let i = 0; i < windowHeight; i++)
    for (let j = 0; j < windowWidth; j++) {
      const window: usize = dw + (((i * windowWidth + j) * filters) << 2);
      for (let row = 0; row < outHeight; row++) {
        let place: usize = x + ((((row * strideY + i) * width + j) * channels) << 2);
        let source: usize = dy + ((row * outWidth * filters) << 2);
        for (let column = 0; column < outWidth; column++) {
          let c = 0;
          if (multiplier == 1)
            for (; c + 4 <= channels; c += 4)
              v128.store(
                window + (c << 2),
                multiplyAdd(v128.load(place + (c << 2)), v128.load(source + (c << 2)), v128.load(window + (c << 2))),
              );
          for (let f = c * multiplier; f < filters; f++) {
            const at: usize = window + (f << 2);
            store<f32>(at, load<f32>(at) + load<f32>(place + ((f / multiplier) << 2)) * load<f32>(source + (f << 2)));
          }
          place += (strideX * channels) << 2;
          source += filters << 2;
        }
      }
    }
}

/** A picture within a larger one of zeros. */
export function pad(
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  y: usize,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  const row = (width * channels) << 2,
    outRow = (outWidth * channels) << 2;
  memory.fill(y, 0, outHeight * outRow);
  for (let i = 0; i < height; i++) memory.copy(y + (top + i) * outRow + ((left * channels) << 2), x + i * row, row);
}

/** The inner picture: what `pad` was given. */
export function crop(
  y: usize,
  height: i32,
  width: i32,
  channels: i32,
  x: usize,
  top: i32,
  left: i32,
  outWidth: i32,
): void {
  const row = (width * channels) << 2,
    outRow = (outWidth * channels) << 2;
  for (let i = 0; i < height; i++) memory.copy(x + i * row, y + (top + i) * outRow + ((left * channels) << 2), row);
}
