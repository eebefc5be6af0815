import { TILE_ROWS, outerTile, pooledTile, rowsTile } from './microkernels';
import { ACCUMULATE, BIAS, RELU, multiplyAdd } from './vectors';

/** Place of a tile whose panel has fewer than eight columns of C, and the table of its rows; each thread has its own. */
let scratch: usize = 0;
const SCRATCH_ROW: i32 = 32;

/** Gives this instance 256 bytes of memory. */
export function setScratch(place: usize): void {
  scratch = place;
  for (let row = 0; row < TILE_ROWS; row++) store<u32>(tableOfScratch() + (row << 2), row * SCRATCH_ROW);
}

/** Room for six rows of eight numbers. */
export function workplace(): usize {
  return scratch;
}

/** The table of its rows. */
export function tableOfScratch(): usize {
  return scratch + TILE_ROWS * SCRATCH_ROW;
}

/**
 * C[m × n] = A × B, with A's rows at offsets `at` (see the tiles for `segment`), B packed in panels, C's rows at offsets `ct`. Panels come
 * first (`byPanels`) where B is the larger, so that a panel stays near while A streams by.
 */
export function rows(
  a: usize,
  at: usize,
  m: i32,
  segment: i32,
  segments: i32,
  stride: i32,
  b: usize,
  n: i32,
  c: usize,
  ct: usize,
  mode: i32,
  bias: usize,
  byPanels: i32,
): void {
  const panel: usize = (segment * segments) << 5;
  if (byPanels && m == 1 && segments == 1 && (mode & ACCUMULATE) == 0) {
    const place: usize = a + load<u32>(at),
      target: usize = c + load<u32>(ct),
      wide = n & ~31;
    for (let column = 0; column < wide; column += 32)
      fourPanels(place, segment, b + (column >> 3) * panel, panel, target + (column << 2), mode, bias + (column << 2));
    for (let column = wide; column < n; column += 8)
      tileOf(
        a,
        at,
        1,
        segment,
        1,
        0,
        b + (column >> 3) * panel,
        n - column,
        c + (column << 2),
        ct,
        mode,
        bias + (column << 2),
      );
  } else if (byPanels) {
    for (let column = 0; column < n; column += 8) {
      const from: usize = b + (column >> 3) * panel;
      for (let row = 0; row < m; row += TILE_ROWS)
        tileOf(
          a,
          at + (row << 2),
          min(TILE_ROWS, m - row),
          segment,
          segments,
          stride,
          from,
          n - column,
          c + (column << 2),
          ct + (row << 2),
          mode,
          bias + (column << 2),
        );
    }
  } else {
    for (let row = 0; row < m; row += TILE_ROWS)
      for (let column = 0; column < n; column += 8) {
        const from: usize = b + (column >> 3) * panel;
        tileOf(
          a,
          at + (row << 2),
          min(TILE_ROWS, m - row),
          segment,
          segments,
          stride,
          from,
          n - column,
          c + (column << 2),
          ct + (row << 2),
          mode,
          bias + (column << 2),
        );
      }
  }
}

/**
 * Of each four rows of `rows` the greatest numbers: rows of C without gaps, of which there are `count`. `at`: of each four rows of A, one after
 * the other.
 */
export function pooledRows(
  a: usize,
  at: usize,
  count: i32,
  segment: i32,
  segments: i32,
  stride: i32,
  b: usize,
  n: i32,
  c: usize,
  mode: i32,
  bias: usize,
): void {
  const panel: usize = (segment * segments) << 5;
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < n; column += 8) {
      const from: usize = b + (column >> 3) * panel,
        place: usize = c + (column << 2);
      if (column + 8 <= n) pooledTile(a, at, segment, segments, stride, from, place, mode, bias + (column << 2));
      else {
        pooledTile(a, at, segment, segments, stride, from, scratch, mode, bias + (column << 2));
        copyFew(place, scratch, n - column);
      }
    }
    at += 16;
    c += n << 2;
  }
}

/** A row × four panels: one panel alone would wait for each of its sums. */
function fourPanels(a: usize, k: i32, b: usize, panel: usize, c: usize, mode: i32, bias: usize): void {
  const zero = f32x4.splat(0);
  let x0 = zero,
    x1 = zero,
    x2 = zero,
    x3 = zero,
    x4 = zero,
    x5 = zero,
    x6 = zero,
    x7 = zero;
  if (mode & BIAS) {
    x0 = v128.load(bias);
    x1 = v128.load(bias, 16);
    x2 = v128.load(bias, 32);
    x3 = v128.load(bias, 48);
    x4 = v128.load(bias, 64);
    x5 = v128.load(bias, 80);
    x6 = v128.load(bias, 96);
    x7 = v128.load(bias, 112);
  }
  let second: usize = b + panel,
    third: usize = second + panel,
    fourth: usize = third + panel;
  const end: usize = a + (k << 2);
  while (a < end) {
    const value = v128.load32_splat(a);
    x0 = multiplyAdd(value, v128.load(b), x0);
    x1 = multiplyAdd(value, v128.load(b, 16), x1);
    x2 = multiplyAdd(value, v128.load(second), x2);
    x3 = multiplyAdd(value, v128.load(second, 16), x3);
    x4 = multiplyAdd(value, v128.load(third), x4);
    x5 = multiplyAdd(value, v128.load(third, 16), x5);
    x6 = multiplyAdd(value, v128.load(fourth), x6);
    x7 = multiplyAdd(value, v128.load(fourth, 16), x7);
    a += 4;
    b += 32;
    second += 32;
    third += 32;
    fourth += 32;
  }
  const least = mode & RELU ? zero : f32x4.splat(-Infinity);
  storeAtLeast(c, x0, x1, least);
  storeAtLeast(c + 32, x2, x3, least);
  storeAtLeast(c + 64, x4, x5, least);
  storeAtLeast(c + 96, x6, x7, least);
}

function storeAtLeast(place: usize, left: v128, right: v128, least: v128): void {
  v128.store(place, f32x4.pmax(left, least));
  v128.store(place, f32x4.pmax(right, least), 16);
}

/** A tile of eight columns, or of those that are left, by way of the scratch. */
function tileOf(
  a: usize,
  at: usize,
  height: i32,
  segment: i32,
  segments: i32,
  stride: i32,
  b: usize,
  columns: i32,
  c: usize,
  ct: usize,
  mode: i32,
  bias: usize,
): void {
  if (columns >= 8) {
    rowsTile(height, a, at, segment, segments, stride, b, c, ct, mode, bias);
    return;
  }
  if (mode & ACCUMULATE)
    for (let row = 0; row < height; row++)
      copyFew(scratch + row * SCRATCH_ROW, c + load<u32>(ct + (row << 2)), columns);
  rowsTile(height, a, at, segment, segments, stride, b, scratch, tableOfScratch(), mode, bias);
  for (let row = 0; row < height; row++) copyFew(c + load<u32>(ct + (row << 2)), scratch + row * SCRATCH_ROW, columns);
}

export function copyFew(to: usize, from: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f32>(to + (i << 2), load<f32>(from + (i << 2)));
}

/**
 * Rows `from` to `to` of C[k × n] = or += Aᵀ × B: A's numbers of one row lie side by side, B is packed in panels of `bPanel` bytes. See the
 * tiles for `step`, `jump`, `inner` and `repeats`. C begins at its row 0.
 */
export function outer(
  a: usize,
  step: i32,
  jump: i32,
  b: usize,
  bPanel: i32,
  inner: i32,
  repeats: i32,
  c: usize,
  n: i32,
  from: i32,
  to: i32,
  add: i32,
): void {
  const pitch = n << 2;
  for (let k = from; k < to; k += TILE_ROWS) {
    const height = min(TILE_ROWS, to - k);
    for (let column = 0; column < n; column += 8) {
      const place: usize = c + k * pitch + (column << 2),
        panel: usize = b + (column >> 3) * bPanel,
        columns = n - column;
      const start: usize = a + (k << 2);
      if (columns >= 8) {
        outerTile(height, start, step, jump, panel, inner, repeats, place, pitch, add);
        continue;
      }
      if (add)
        for (let row = 0; row < height; row++) copyFew(scratch + row * SCRATCH_ROW, place + row * pitch, columns);
      outerTile(height, start, step, jump, panel, inner, repeats, scratch, SCRATCH_ROW, add);
      for (let row = 0; row < height; row++) copyFew(place + row * pitch, scratch + row * SCRATCH_ROW, columns);
    }
  }
}

/**
 * Panels of eight columns of a matrix of `count` rows and n columns, `panelBytes` apart; columns that are missing are zeros. Two rows at a time,
 * so that lines of the cache are read and written whole.
 */
export function pack(x: usize, count: i32, n: i32, out: usize, panelBytes: i32): void {
  const pitch: usize = n << 2,
    end: usize = x + pitch * count;
  while (x < end) {
    const isPair = x + pitch < end;
    let target = out;
    for (let column = 0; column < n; column += 8) {
      packEight(x + (column << 2), n - column, target);
      if (isPair) packEight(x + pitch + (column << 2), n - column, target + 32);
      target += panelBytes;
    }
    x += 2 * pitch;
    out += 64;
  }
}

function packEight(source: usize, columns: i32, target: usize): void {
  if (columns >= 8) {
    v128.store(target, v128.load(source));
    v128.store(target, v128.load(source, 16), 16);
  } else {
    v128.store(target, f32x4.splat(0));
    v128.store(target, f32x4.splat(0), 16);
    copyFew(target, source, columns);
  }
}

/** Rows of some examples in the panels of a whole batch: theirs begin `offset` bytes into each panel. */
export function packFrom(x: usize, count: i32, n: i32, out: usize, offset: i32, panelBytes: i32): void {
  pack(x, count, n, out + offset, panelBytes);
}

/** `outer` of all rows of a batch, of which `examples` points to the number of examples. */
export function outerOfBatch(
  a: usize,
  step: i32,
  b: usize,
  bPanel: i32,
  examples: usize,
  rowsPerExample: i32,
  c: usize,
  n: i32,
  from: i32,
  to: i32,
): void {
  outer(a, step, 0, b, bPanel, <i32>load<f32>(examples) * rowsPerExample, 1, c, n, from, to, 0);
}

/** Panels `from` to `to` of the transpose of a matrix of k rows and n columns: eight of its rows each, one after the other. */
export function packTransposed(w: usize, k: i32, n: i32, out: usize, from: i32, to: i32): void {
  for (let panel = from; panel < to; panel++) {
    const first = panel << 3,
      height = min(8, k - first);
    const target: usize = out + ((panel * n) << 5),
      source: usize = w + ((first * n) << 2);
    let column = 0;
    if (height == 8)
      for (; column + 4 <= n; column += 4) {
        transposeFour(source + (column << 2), n << 2, target + (column << 5));
        transposeFour(source + ((4 * n + column) << 2), n << 2, target + (column << 5) + 16);
      }
    for (; column < n; column++)
      for (let row = 0; row < 8; row++)
        store<f32>(
          target + (((column << 3) + row) << 2),
          row < height ? load<f32>(source + ((row * n + column) << 2)) : 0,
        );
  }
}

/** Four rows of four numbers become columns; those are 32 bytes apart. */
function transposeFour(source: usize, pitch: usize, target: usize): void {
  const a = v128.load(source),
    b = v128.load(source + pitch),
    c = v128.load(source + 2 * pitch),
    d = v128.load(source + 3 * pitch);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5),
    cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const ba = v128.shuffle<f32>(a, b, 2, 6, 3, 7),
    dc = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(target, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(target, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7), 32);
  v128.store(target, v128.shuffle<f32>(ba, dc, 0, 1, 4, 5), 64);
  v128.store(target, v128.shuffle<f32>(ba, dc, 2, 3, 6, 7), 96);
}
