import { lowerBound } from './points.ts';

/** Red, green, blue and alpha, each from 0 to 255. */
export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/** A line over the x of all: parts of the height, 0 at the bottom. NaN joins its neighbours, an infinity ends the line. */
export interface HairLine {
  readonly parts: Float64Array;
  readonly colour: Rgba;
}

export interface HairPicture {
  /** In pixels from the left, ascending. */
  readonly x: Float64Array;
  /** The lowest first. */
  readonly lines: readonly HairLine[];
}

/** Where it is painted, four bytes a pixel, row by row: an `ImageData` is one. */
export interface HairCanvas {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** More opaque than this nothing shines through. */
const opaque = 250;
/** Pixels at once: as many as a processor has at hand. */
const tilePixels = 16_384;

/**
 * Paints many lines, each one pixel wide, far quicker than a canvas strokes them: a line covers a stretch of each pixel column that it passes, which is known without joins and caps. Ends of
 * stretches are as faint as the part of a pixel that they cover. A line that goes up and down within a column is one stretch, so that no spike is lost; where a line crosses itself it is not darker.
 * What was on the canvas is gone.
 */
export function paintHairs({ x, lines }: HairPicture, { data, width, height }: HairCanvas): void {
  // A pixel at once, red in its lowest byte: no machine that editors run on has it the other way round.
  const rows = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const tile = new HairTile(Math.max(1, Math.floor(tilePixels / height)), height);
  for (let left = 0; left < width; left += tile.width) {
    const range = { start: lowerBound(x, left), end: Math.min(x.length, lowerBound(x, left + tile.width) + 1) };
    tile.begin(left);
    for (let line = lines.length - 1; line >= 0; line -= 1) tile.addBelow(x, lines[line] ?? noLine, range);
    tile.copyTo(rows, width);
  }
}

const noLine: HairLine = { parts: new Float64Array(0), colour: [0, 0, 0, 0] };

/**
 * Some columns of the picture. Lines are added from the topmost down: what is hidden costs a glance. Pixels lie column by column, red first, multiplied by their alpha.
 * Plain statements on numbers: hundreds of thousands of pieces go through here for each drawing.
 */
class HairTile {
  readonly width: number;
  readonly height: number;
  readonly #pixels: Uint32Array;
  /** Of each column a stretch in which nothing shines through any more: first and end, as places in `pixels`. */
  readonly #hiddenFrom: Int32Array;
  readonly #hiddenTo: Int32Array;
  #left = 0;
  // Of the line that is being added: its colour by halves, and the stretches of columns that have not been painted yet.
  #redBlue = 0;
  #alphaGreen = 0;
  readonly #tops: Float64Array;
  readonly #bottoms: Float64Array;
  #first = 0;
  #last = -1;
  // Of the stretch that has been painted last: where its hidden pixels at the beginning end, and where those at its end begin.
  #open = 0;
  #closed = 0;

  constructor(width: number, height: number) {
    [this.width, this.height] = [width, height];
    this.#pixels = new Uint32Array(width * height);
    [this.#hiddenFrom, this.#hiddenTo] = [new Int32Array(width), new Int32Array(width)];
    this.#tops = new Float64Array(width).fill(Infinity);
    this.#bottoms = new Float64Array(width).fill(-Infinity);
  }

  /** With nothing in it, so far from the left. */
  begin(left: number): void {
    this.#left = left;
    for (const list of [this.#pixels, this.#hiddenFrom, this.#hiddenTo]) list.fill(0);
  }

  /** Below all that have been added. `start` and `end`: the points within, and the one behind them. */
  addBelow(x: Float64Array, { parts, colour }: HairLine, { start, end }: { start: number; end: number }): void {
    this.#takeColour(colour);
    let before = pointBefore(parts, start);
    const last = endBehind(parts, end);
    for (let i = start; i < last; i += 1) {
      const part = parts[i] ?? NaN;
      if (Number.isNaN(part)) continue;
      if (part === Infinity) {
        before = -1;
        this.#flush();
        continue;
      }
      if (before >= 0) this.#join(x, parts, before, i);
      before = i;
    }
    this.#flush();
  }

  copyTo(rows: Uint32Array, width: number): void {
    const columns = Math.min(this.width, width - this.#left);
    const { height } = this;
    const pixels = this.#pixels;
    for (let row = 0; row < height; row += 1) {
      let to = row * width + this.#left;
      for (let at = row; at < columns * height; at += height, to += 1) {
        const pixel = pixels[at] ?? 0;
        rows[to] = pixel === 0 || pixel >>> 24 > opaque ? pixel : toStraight(pixel);
      }
    }
  }

  #takeColour([red, green, blue, alpha]: Rgba): void {
    const own = (channel: number): number => Math.round((channel * alpha) / 255);
    this.#redBlue = own(red) | (own(blue) << 16);
    this.#alphaGreen = own(green) | (alpha << 16);
  }

  /** A straight piece of a line, from one point to another. */
  #join(x: Float64Array, parts: Float64Array, start: number, end: number): void {
    const x0 = x[start] ?? NaN;
    const x1 = x[end] ?? NaN;
    const y0 = (1 - (parts[start] ?? NaN)) * this.height;
    const y1 = (1 - (parts[end] ?? NaN)) * this.height;
    const first = Math.floor(x0) - this.#left;
    // Where it ends at the edge of a column, it does not enter that.
    const last = Math.max(first, Math.ceil(x1) - 1 - this.#left);
    const slope = x1 > x0 ? (y1 - y0) / (x1 - x0) : Infinity;
    const steep = Math.abs(slope);
    // Half of what a pixel's width is more than the way up or down: nothing for an upright piece, half a pixel for a level one.
    const more = steep > 1e4 ? 0 : (Math.sqrt(1 + steep * steep) - steep) / 2;
    if (first === last) {
      this.#cover(first, y0, y1, more);
      return;
    }
    const until = Math.min(last, this.width - 1);
    for (let column = Math.max(first, 0); column <= until; column += 1) {
      const edge = column + this.#left - x0;
      const from = column <= first ? y0 : y0 + slope * edge;
      const to = column >= last ? y1 : y0 + slope * (edge + 1);
      this.#cover(column, from, to, more);
    }
  }

  #cover(column: number, from: number, to: number, more: number): void {
    if (column < 0 || column >= this.width) return;
    const top = (from < to ? from : to) - more;
    const bottom = (from < to ? to : from) + more;
    if (top < (this.#tops[column] ?? NaN)) this.#tops[column] = top;
    if (bottom > (this.#bottoms[column] ?? NaN)) this.#bottoms[column] = bottom;
    if (column < this.#first) this.#first = column;
    if (column > this.#last) this.#last = column;
  }

  /** Paints what the line has covered up to here. */
  #flush(): void {
    for (let column = this.#first; column <= this.#last; column += 1) {
      this.#paintColumn(column);
      this.#tops[column] = Infinity;
      this.#bottoms[column] = -Infinity;
    }
    this.#first = this.width;
    this.#last = -1;
  }

  #paintColumn(column: number): void {
    const top = Math.max(0, this.#tops[column] ?? NaN);
    const bottom = Math.min(this.height, this.#bottoms[column] ?? NaN);
    if (!(bottom > top)) return;
    const first = Math.floor(top);
    const last = Math.ceil(bottom) - 1;
    const offset = column * this.height;
    if (first === last) {
      this.#blend(offset + first, shareOfPixel(bottom - top));
      return;
    }
    this.#blend(offset + first, shareOfPixel(first + 1 - top));
    this.#fill(column, offset + first + 1, offset + last);
    this.#blend(offset + last, shareOfPixel(bottom - last));
  }

  /** The pixels in [start, end) of a column, all of each; those that are hidden are passed over at once. */
  #fill(column: number, start: number, end: number): void {
    const from = this.#hiddenFrom[column] ?? 0;
    const to = this.#hiddenTo[column] ?? 0;
    if (from >= to || start > to || end < from) {
      this.#paint(start, end);
      if (end - this.#closed > to - from) this.#hide(column, this.#closed, end);
      return;
    }
    if (start < from) {
      this.#paint(start, from);
      this.#hide(column, this.#closed, to);
    }
    if (end > to) {
      this.#paint(to, end);
      this.#hide(column, this.#hiddenFrom[column] ?? from, this.#open);
    }
  }

  #hide(column: number, from: number, to: number): void {
    this.#hiddenFrom[column] = from;
    this.#hiddenTo[column] = to;
  }

  #paint(start: number, end: number): void {
    const pixels = this.#pixels;
    const redBlue = this.#redBlue;
    const alphaGreen = this.#alphaGreen;
    let open = end;
    let closed = start;
    for (let at = start; at < end; at += 1) {
      const pixel = pixels[at] ?? 0;
      if (pixel >>> 24 > opaque) continue;
      const mixed = (pixel + shareOf(redBlue, alphaGreen, 256 - (pixel >>> 24))) | 0;
      pixels[at] = mixed;
      if (mixed >>> 24 > opaque) continue;
      closed = at + 1;
      if (open === end) open = at;
    }
    this.#open = open;
    this.#closed = closed;
  }

  /** So many 256th of a pixel. */
  #blend(at: number, part: number): void {
    const pixel = this.#pixels[at] ?? 0;
    const share = ((256 - (pixel >>> 24)) * part + 128) >> 8;
    this.#pixels[at] = (pixel + shareOf(this.#redBlue, this.#alphaGreen, share)) | 0;
  }
}

const shareOfPixel = (part: number): number => (256 * part + 0.5) | 0;

/** The point that the piece begins with which enters at `start`; −1: none does. */
function pointBefore(parts: Float64Array, start: number): number {
  let before = start - 1;
  while (before >= 0 && Number.isNaN(parts[before])) before -= 1;
  return parts[before] === Infinity ? -1 : before;
}

/** The piece that leaves may end anywhere behind. */
function endBehind(parts: Float64Array, end: number): number {
  let last = end;
  while (last < parts.length && Number.isNaN(parts[last - 1])) last += 1;
  return last;
}

/** All four channels at once, times `share` of 256. */
function shareOf(redBlue: number, alphaGreen: number, share: number): number {
  return ((Math.imul(redBlue, share) >>> 8) & 0x00ff00ff) | (Math.imul(alphaGreen, share) & 0xff00ff00);
}

/** Channels that are not multiplied by alpha. */
function toStraight(pixel: number): number {
  const alpha = pixel >>> 24;
  const part = 255 / alpha;
  const channel = (shift: number): number => Math.min(255, Math.round(((pixel >>> shift) & 0xff) * part));
  return channel(0) | (channel(8) << 8) | (channel(16) << 16) | (alpha << 24);
}
