// What takes numbers from where others tell, or one of two.

/** Runs of `bytes`, one after the other, from where the table says. */
export function spread(x: usize, table: usize, runs: i32, bytes: i32, y: usize): void {
  if (bytes == 4) {
    for (let run = 0; run < runs; run++) store<f32>(y + (run << 2), load<f32>(x + load<u32>(table + (run << 2))));
    return;
  }
  for (let run = 0; run < runs; run++) memory.copy(y + run * bytes, x + load<u32>(table + (run << 2)), bytes);
}

/** Each number gets the sum of what was taken from it; a run has n numbers. */
export function spreadGradient(dy: usize, table: usize, runs: i32, n: i32, dx: usize, bytes: i32): void {
  memory.fill(dx, 0, bytes);
  for (let run = 0; run < runs; run++) {
    const to: usize = dx + load<u32>(table + (run << 2)),
      from: usize = dy + ((run * n) << 2);
    addTo(to, from, n);
  }
}

function addTo(to: usize, from: usize, n: i32): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) v128.store(to + (i << 2), f32x4.add(v128.load(to + (i << 2)), v128.load(from + (i << 2))));
  for (; i < n; i++) store<f32>(to + (i << 2), load<f32>(to + (i << 2)) + load<f32>(from + (i << 2)));
}

/** Number of a row of k; −1 where there is no such row. */
function rowOf(x: usize, k: i32): i32 {
  const given = load<f32>(x);
  return given > -1 && given < <f32>k ? <i32>given : -1;
}

/** Rows of n numbers by their number; one that is not there is no number. */
export function embed(x: usize, count: i32, w: usize, k: i32, n: i32, y: usize): void {
  for (let i = 0; i < count; i++) {
    const row = rowOf(x + (i << 2), k);
    if (row >= 0) memory.copy(y, w + ((row * n) << 2), n << 2);
    else for (let column = 0; column < n; column++) store<f32>(y + (column << 2), NaN);
    y += n << 2;
  }
}

/** Added to `dw`. */
export function embedWeights(x: usize, count: i32, dy: usize, k: i32, n: i32, dw: usize): void {
  for (let i = 0; i < count; i++) {
    const row = rowOf(x + (i << 2), k);
    if (row >= 0) addTo(dw + ((row * n) << 2), dy, n);
    dy += n << 2;
  }
}

export function addBias(x: usize, bias: usize, y: usize, count: i32, n: i32): void {
  for (let row = 0; row < count; row++) {
    let i = 0;
    for (; i + 4 <= n; i += 4) v128.store(y + (i << 2), f32x4.add(v128.load(x + (i << 2)), v128.load(bias + (i << 2))));
    for (; i < n; i++) store<f32>(y + (i << 2), load<f32>(x + (i << 2)) + load<f32>(bias + (i << 2)));
    x += n << 2;
    y += n << 2;
  }
}

export function scale(x: usize, y: usize, count: i32, factor: f32): void {
  for (let i = 0; i < count; i++) store<f32>(y + (i << 2), load<f32>(x + (i << 2)) * factor);
}

/** A number that is none is chosen, whichever it is. */
export function choose(a: usize, b: usize, y: usize, count: i32, isMost: i32): void {
  for (let i = 0; i < count; i++) {
    const first = load<f32>(a + (i << 2)),
      second = load<f32>(b + (i << 2));
    store<f32>(y + (i << 2), isMost ? max<f32>(first, second) : min<f32>(first, second));
  }
}

/** Of the first or the second of two; equal ones give it to the first. */
export function chooseGradient(dy: usize, a: usize, b: usize, d: usize, count: i32, isMost: i32, isFirst: i32): void {
  for (let i = 0; i < count; i++) {
    const first = load<f32>(a + (i << 2)),
      second = load<f32>(b + (i << 2));
    const takesFirst = isMost ? first >= second : first <= second;
    store<f32>(d + (i << 2), takesFirst == (isFirst != 0) ? load<f32>(dy + (i << 2)) : 0);
  }
}

/** The greatest number of each of n columns. */
export function most(x: usize, rows: i32, n: i32, y: usize): void {
  memory.copy(y, x, n << 2);
  for (let row = 1; row < rows; row++) {
    x += n << 2;
    let i = 0;
    for (; i + 4 <= n; i += 4) v128.store(y + (i << 2), f32x4.max(v128.load(y + (i << 2)), v128.load(x + (i << 2))));
    for (; i < n; i++) store<f32>(y + (i << 2), max<f32>(load<f32>(y + (i << 2)), load<f32>(x + (i << 2))));
  }
}

/** Those of a column that are as great as its greatest share the gradient evenly. */
export function mostGradient(dy: usize, x: usize, y: usize, rows: i32, n: i32, dx: usize): void {
  const pitch: usize = n << 2;
  let c = 0;
  for (; c + 4 <= n; c += 4) {
    const at: usize = c << 2,
      greatest = v128.load(y + at);
    let equals = f32x4.splat(0),
      place: usize = at;
    for (let row = 0; row < rows; row++) {
      equals = f32x4.add(equals, v128.and(f32x4.eq(v128.load(x + place), greatest), f32x4.splat(1)));
      place += pitch;
    }
    const share = f32x4.div(v128.load(dy + at), equals);
    place = at;
    for (let row = 0; row < rows; row++) {
      v128.store(dx + place, v128.and(share, f32x4.eq(v128.load(x + place), greatest)));
      place += pitch;
    }
  }
  for (; c < n; c++) {
    const at: usize = c << 2,
      greatest = load<f32>(y + at);
    let equals: f32 = 0,
      place: usize = at;
    for (let row = 0; row < rows; row++) {
      if (load<f32>(x + place) == greatest) equals += 1;
      place += pitch;
    }
    const share = load<f32>(dy + at) / equals;
    place = at;
    for (let row = 0; row < rows; row++) {
      store<f32>(dx + place, load<f32>(x + place) == greatest ? share : 0);
      place += pitch;
    }
  }
}
