// Of one picture each, four channels at a time. A window that reaches over the edge has fewer places.

/** The greatest of each window; `chosen` gets its place in the window, a byte each, the first of equals, unless it is 0. */
export function maxPool(
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
  y: usize,
  chosen: usize,
): void {
  const pixel = channels << 2,
    line = width * pixel;
  for (let row = 0; row < outHeight; row++)
    for (let column = 0; column < outWidth; column++) {
      const y0 = row * strideY - top,
        x0 = column * strideX - left;
      const fromY = max(0, -y0),
        toY = min(windowHeight, height - y0),
        fromX = max(0, -x0),
        toX = min(windowWidth, width - x0);
      const start: i32 = y0 * line + x0 * pixel;
      let c = 0;
      if (!chosen)
        for (; c + 4 <= channels; c += 4) {
          let best = f32x4.splat(-Infinity);
          for (let i = fromY; i < toY; i++)
            for (let j = fromX; j < toX; j++)
              best = f32x4.pmax(v128.load(x + (start + i * line + j * pixel + (c << 2))), best);
          v128.store(y + (c << 2), best);
        }
      for (; c + 4 <= channels; c += 4) {
        let best = f32x4.splat(-Infinity),
          place = i32x4.splat(fromY * windowWidth + fromX);
        for (let i = fromY; i < toY; i++)
          for (let j = fromX; j < toX; j++) {
            const value = v128.load(x + (start + i * line + j * pixel + (c << 2)));
            const isLess = f32x4.le(value, best);
            best = v128.bitselect(best, value, isLess);
            place = v128.bitselect(place, i32x4.splat(i * windowWidth + j), isLess);
          }
        v128.store(y + (c << 2), best);
        const halves = i16x8.narrow_i32x4_u(place, place);
        store<u32>(chosen + c, i32x4.extract_lane(i8x16.narrow_i16x8_u(halves, halves), 0));
      }
      for (; c < channels; c++) {
        let best: f32 = -Infinity,
          place = fromY * windowWidth + fromX;
        for (let i = fromY; i < toY; i++)
          for (let j = fromX; j < toX; j++) {
            const value = load<f32>(x + (start + i * line + j * pixel + (c << 2)));
            if (value <= best) continue;
            best = value;
            place = i * windowWidth + j;
          }
        store<f32>(y + (c << 2), best);
        if (chosen) store<u8>(chosen + c, <u8>place);
      }
      y += pixel;
      if (chosen) chosen += channels;
    }
}

export function maxPoolGradient(
  dy: usize,
  chosen: usize,
  height: i32,
  width: i32,
  channels: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
  dx: usize,
): void {
  const pixel = channels << 2,
    line = width * pixel;
  memory.fill(dx, 0, height * line);
  for (let row = 0; row < outHeight; row++)
    for (let column = 0; column < outWidth; column++) {
      const y0 = row * strideY - top,
        x0 = column * strideX - left;
      const fromY = max(0, -y0),
        toY = min(windowHeight, height - y0),
        fromX = max(0, -x0),
        toX = min(windowWidth, width - x0);
      const start: i32 = y0 * line + x0 * pixel;
      let c = 0;
      for (; c + 4 <= channels; c += 4) {
        const place = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(chosen + c)));
        const gradient = v128.load(dy + (c << 2));
        for (let i = fromY; i < toY; i++)
          for (let j = fromX; j < toX; j++) {
            const target: usize = dx + (start + i * line + j * pixel + (c << 2));
            const share = v128.and(gradient, i32x4.eq(place, i32x4.splat(i * windowWidth + j)));
            v128.store(target, f32x4.add(v128.load(target), share));
          }
      }
      for (; c < channels; c++) {
        const place = <i32>load<u8>(chosen + c),
          i = place / windowWidth,
          j = place % windowWidth;
        const target: usize = dx + (start + i * line + j * pixel + (c << 2));
        store<f32>(target, load<f32>(target) + load<f32>(dy + (c << 2)));
      }
      dy += pixel;
      chosen += channels;
    }
}

/** The mean over those places of a window that lie in the picture. */
export function averagePool(
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
  y: usize,
): void {
  const pixel = channels << 2,
    line = width * pixel;
  for (let row = 0; row < outHeight; row++)
    for (let column = 0; column < outWidth; column++) {
      const y0 = row * strideY - top,
        x0 = column * strideX - left;
      const fromY = max(0, -y0),
        toY = min(windowHeight, height - y0),
        fromX = max(0, -x0),
        toX = min(windowWidth, width - x0);
      const start: i32 = y0 * line + x0 * pixel,
        places = <f32>((toY - fromY) * (toX - fromX));
      let c = 0;
      for (; c + 4 <= channels; c += 4) {
        let sum = f32x4.splat(0);
        for (let i = fromY; i < toY; i++)
          for (let j = fromX; j < toX; j++)
            sum = f32x4.add(sum, v128.load(x + (start + i * line + j * pixel + (c << 2))));
        v128.store(y + (c << 2), f32x4.div(sum, f32x4.splat(places)));
      }
      for (; c < channels; c++) {
        let sum: f32 = 0;
        for (let i = fromY; i < toY; i++)
          for (let j = fromX; j < toX; j++) sum += load<f32>(x + (start + i * line + j * pixel + (c << 2)));
        store<f32>(y + (c << 2), sum / places);
      }
      y += pixel;
    }
}

export function averagePoolGradient(
  dy: usize,
  height: i32,
  width: i32,
  channels: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
  dx: usize,
): void {
  const pixel = channels << 2,
    line = width * pixel;
  memory.fill(dx, 0, height * line);
  for (let row = 0; row < outHeight; row++)
    for (let column = 0; column < outWidth; column++) {
      const y0 = row * strideY - top,
        x0 = column * strideX - left;
      const fromY = max(0, -y0),
        toY = min(windowHeight, height - y0),
        fromX = max(0, -x0),
        toX = min(windowWidth, width - x0);
      const start: i32 = y0 * line + x0 * pixel,
        share: f32 = 1 / <f32>((toY - fromY) * (toX - fromX));
      for (let i = fromY; i < toY; i++)
        for (let j = fromX; j < toX; j++) {
          const target: usize = dx + (start + i * line + j * pixel);
          let c = 0;
          for (; c + 4 <= channels; c += 4) {
            const given = f32x4.mul(v128.load(dy + (c << 2)), f32x4.splat(share));
            v128.store(target + (c << 2), f32x4.add(v128.load(target + (c << 2)), given));
          }
          for (; c < channels; c++)
            store<f32>(target + (c << 2), load<f32>(target + (c << 2)) + load<f32>(dy + (c << 2)) * share);
        }
      dy += pixel;
    }
}
