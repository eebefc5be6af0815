import { copyFew, pooledRows, rows, tableOfScratch, workplace } from './matrix';
import { TILE_ROWS, rowsTile } from './microkernels';
import { BIAS, RELU } from './vectors';

// Convolutions of 3 × 3 by Winograd's minimal filtering F(2 × 2, 3 × 3) ("Fast Algorithms for Convolutional Neural Networks",
// arXiv:1509.09308): 16 multiplications for a tile of 2 × 2 places of the answer in the place of 36. Of pictures and weights there are sums
// and differences, at 16 positions each; those are multiplied as matrices, one for each position.

const POSITIONS: i32 = 16;
/** Of one panel of the products at one position. */
const PRODUCT_BYTES: i32 = TILE_ROWS * 32;

/**
 * Of one picture. `tiles`: from `packWinograd`; `room`: (16 × six rows of channels) + (16 × six rows of eight) numbers; `at`: rows of
 * channels. `isPooled`: of each tile only the greatest number is wanted, and a last line or column that fills no tile is not.
 *
 * A number that is none, or without end, would reach all places of its tile, not only those whose window it lies in: where any is found, the
 * picture is convolved by `packed` in the usual way (see `rows` and `pooledRows` for `windows`, `places` and `ct`).
 */
export function winograd(
  x: usize,
  width: i32,
  channels: i32,
  lines: i32,
  columns: i32,
  tiles: usize,
  filters: i32,
  y: usize,
  isPooled: i32,
  mode: i32,
  bias: usize,
  room: usize,
  at: usize,
  windows: usize,
  places: i32,
  packed: usize,
  ct: usize,
): void {
  const pixel = channels << 2,
    line = width * pixel,
    pitch = filters << 2;
  const across = isPooled ? columns >> 1 : (columns + 1) >> 1,
    count = across * (isPooled ? lines >> 1 : (lines + 1) >> 1);
  // Even groups, as few as there can be.
  const groups = (count + TILE_ROWS - 1) / TILE_ROWS,
    group = (count + groups - 1) / groups;
  const positionBytes: usize = TILE_ROWS * pixel,
    products: usize = room + POSITIONS * positionBytes;
  let marks = i32x4.splat(0);
  for (let first = 0; first < count; first += group) {
    const height = min(group, count - first);
    for (let tile = 0; tile < height; tile++) {
      const place = first + tile;
      spreadTile(
        x + min((place / across) << 1, lines - 2) * line + min((place % across) << 1, columns - 2) * pixel,
        line,
        pixel,
        room + tile * pixel,
        positionBytes,
      );
    }
    for (let column = 0; column < filters; column += 8) {
      const panel: usize = tiles + (column >> 3) * ((POSITIONS * channels) << 5);
      for (let position = 0; position < POSITIONS; position++)
        rowsTile(
          height,
          room + position * positionBytes,
          at,
          channels,
          1,
          0,
          panel + position * (channels << 5),
          products + position * PRODUCT_BYTES,
          tableOfScratch(),
          0,
          0,
        );
      const isWhole = column + 8 <= filters,
        from: usize = bias + (column << 2);
      for (let tile = 0; tile < height; tile++) {
        const place = first + tile,
          top = min((place / across) << 1, lines - 2),
          left = min((place % across) << 1, columns - 2);
        const target: usize = y + (isPooled ? place : top * columns + left) * pitch + (column << 2);
        const to: usize = isWhole ? target : workplace(),
          right = isWhole ? pitch : 32,
          down = isWhole ? columns * pitch : 64;
        const source: usize = products + (tile << 5);
        marks = v128.or(marks, gatherTile(source, to, right, down, isPooled, mode, from));
        marks = v128.or(marks, gatherTile(source + 16, to + 16, right, down, isPooled, mode, from + 16));
        if (isWhole) continue;
        copyFew(target, to, filters - column);
        if (isPooled) continue;
        copyFew(target + pitch, to + 32, filters - column);
        copyFew(target + columns * pitch, to + 64, filters - column);
        copyFew(target + (columns + 1) * pitch, to + 96, filters - column);
      }
    }
  }
  if (!v128.any_true(marks)) return;
  if (isPooled) pooledRows(x, windows, places, 3 * channels, 3, line, packed, filters, y, mode, bias);
  else rows(x, windows, places, 3 * channels, 3, line, packed, filters, y, ct, mode, bias, 0);
}

/** Bᵀ d B of a tile of 4 × 4 places, for all channels: a column of positions after the other. */
function spreadTile(x: usize, line: i32, pixel: i32, out: usize, positionBytes: usize): void {
  const end: usize = x + pixel,
    one = pixel,
    two = pixel << 1,
    three = pixel * 3;
  for (; x < end; x += 16) {
    const b: usize = x + line,
      c: usize = b + line,
      d: usize = c + line;
    let to = out;
    spreadColumn(less(x, 0, two), less(b, 0, two), less(c, 0, two), less(d, 0, two), to, positionBytes);
    to += positionBytes;
    spreadColumn(sum(x, one, two), sum(b, one, two), sum(c, one, two), sum(d, one, two), to, positionBytes);
    to += positionBytes;
    spreadColumn(less(x, two, one), less(b, two, one), less(c, two, one), less(d, two, one), to, positionBytes);
    to += positionBytes;
    spreadColumn(less(x, one, three), less(b, one, three), less(c, one, three), less(d, one, three), to, positionBytes);
    out += 16;
  }
}

function less(place: usize, a: i32, b: i32): v128 {
  return f32x4.sub(v128.load(place + a), v128.load(place + b));
}

function sum(place: usize, a: i32, b: i32): v128 {
  return f32x4.add(v128.load(place + a), v128.load(place + b));
}

/** Of the four lines of a column. */
function spreadColumn(a: v128, b: v128, c: v128, d: v128, out: usize, positionBytes: usize): void {
  const row: usize = positionBytes << 2;
  v128.store(out, f32x4.sub(a, c));
  v128.store(out + row, f32x4.add(b, c));
  v128.store(out + 2 * row, f32x4.sub(c, b));
  v128.store(out + 3 * row, f32x4.sub(b, d));
}

/** Aᵀ m A of a tile, for four filters; gives bits where a number is none or without end. */
function gatherTile(m: usize, y: usize, right: i32, down: i32, isPooled: i32, mode: i32, bias: usize): v128 {
  let topLeft = leftOf(m, 0),
    topRight = rightOf(m, 0);
  let sum = leftOf(m, 4 * PRODUCT_BYTES);
  topLeft = f32x4.add(topLeft, sum);
  let bottomLeft = sum;
  sum = rightOf(m, 4 * PRODUCT_BYTES);
  topRight = f32x4.add(topRight, sum);
  let bottomRight = sum;
  sum = leftOf(m, 8 * PRODUCT_BYTES);
  topLeft = f32x4.add(topLeft, sum);
  bottomLeft = f32x4.sub(bottomLeft, sum);
  sum = rightOf(m, 8 * PRODUCT_BYTES);
  topRight = f32x4.add(topRight, sum);
  bottomRight = f32x4.sub(bottomRight, sum);
  bottomLeft = f32x4.sub(bottomLeft, leftOf(m, 12 * PRODUCT_BYTES));
  bottomRight = f32x4.sub(bottomRight, rightOf(m, 12 * PRODUCT_BYTES));
  const all = f32x4.add(f32x4.add(topLeft, topRight), f32x4.add(bottomLeft, bottomRight));
  const least = mode & RELU ? f32x4.splat(0) : f32x4.splat(-Infinity);
  const more = mode & BIAS ? v128.load(bias) : f32x4.splat(0);
  if (isPooled) {
    const most = f32x4.pmax(f32x4.pmax(bottomRight, bottomLeft), f32x4.pmax(topRight, topLeft));
    v128.store(y, f32x4.pmax(f32x4.add(most, more), least));
  } else {
    v128.store(y, f32x4.pmax(f32x4.add(topLeft, more), least));
    v128.store(y + right, f32x4.pmax(f32x4.add(topRight, more), least));
    v128.store(y + down, f32x4.pmax(f32x4.add(bottomLeft, more), least));
    v128.store(y + (down + right), f32x4.pmax(f32x4.add(bottomRight, more), least));
  }
  const sure = f32x4.add(all, more);
  return f32x4.sub(sure, sure);
}

function leftOf(m: usize, row: usize): v128 {
  const place: usize = m + row;
  return f32x4.add(f32x4.add(v128.load(place), v128.load(place, PRODUCT_BYTES)), v128.load(place, 2 * PRODUCT_BYTES));
}

function rightOf(m: usize, row: usize): v128 {
  const place: usize = m + row;
  return f32x4.sub(
    f32x4.sub(v128.load(place, PRODUCT_BYTES), v128.load(place, 2 * PRODUCT_BYTES)),
    v128.load(place, 3 * PRODUCT_BYTES),
  );
}

/** G g Gᵀ of weights of 3 × 3 places for panels `from` to `to` of eight filters: by panel, then position, then channel. */
export function packWinograd(w: usize, channels: i32, filters: i32, out: usize, from: i32, to: i32): void {
  const pitch: usize = filters << 2,
    place: usize = channels * pitch,
    position: usize = channels << 5;
  for (let panel = from; panel < to; panel++)
    for (let channel = 0; channel < channels; channel++)
      for (let half = 0; half < 2; half++) {
        const column = (panel << 3) + (half << 2),
          source: usize = w + channel * pitch + (column << 2);
        const target: usize = out + (panel << 4) * position + (channel << 5) + (half << 4);
        for (let j = 0; j < 3; j++) {
          const a = fourOf(source + j * place, filters - column),
            b = fourOf(source + (3 + j) * place, filters - column),
            c = fourOf(source + (6 + j) * place, filters - column);
          storeFour(workplace() + (j << 4), 48, a, b, c);
        }
        for (let i = 0; i < 4; i++) {
          const row: usize = workplace() + i * 48;
          storeFour(target + (i << 2) * position, position, v128.load(row), v128.load(row, 16), v128.load(row, 32));
        }
      }
}

/** G of three numbers. */
function storeFour(out: usize, pitch: usize, a: v128, b: v128, c: v128): void {
  const half = f32x4.splat(0.5),
    ends = f32x4.mul(f32x4.add(a, c), half),
    middle = f32x4.mul(b, half);
  v128.store(out, a);
  v128.store(out + pitch, f32x4.add(ends, middle));
  v128.store(out + 2 * pitch, f32x4.sub(ends, middle));
  v128.store(out + 3 * pitch, c);
}

/** Columns that are missing are zeros. */
function fourOf(place: usize, columns: i32): v128 {
  if (columns >= 4) return v128.load(place);
  let four = f32x4.splat(0);
  if (columns > 0) four = f32x4.replace_lane(four, 0, load<f32>(place));
  if (columns > 1) four = f32x4.replace_lane(four, 1, load<f32>(place, 4));
  if (columns > 2) four = f32x4.replace_lane(four, 2, load<f32>(place, 8));
  return four;
}
