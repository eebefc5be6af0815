import { shareOfColour, shareOfPixel, toStraight, weighed } from './pixels.ts';
import { lowerBound } from './points.ts';

/** Red, green, blue and alpha, each from 0 to 255. */
export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/** A line over the x of all: parts of the height, 0 at the bottom. NaN joins its neighbours, an infinity ends the line. */
export interface HairLine {
  readonly parts: Float64Array;
  readonly colour: Rgba;
  /** In pixels, from one to {@link widestLine}; one where nothing is said. */
  readonly width?: number;
}

/** Lines that are wider are not painted here. */
export const widestLine = 8;

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

/** What shines through what is more opaque than this nobody sees: it is not painted. */
const hiding = 235;
/** More opaque than this a pixel's channels are as good as not multiplied by its alpha. */
const opaque = 250;
/** Pixels at once: as many as a processor has at hand. */
const tilePixels = 16_384;

/**
 * Paints lines of many points far quicker than a canvas strokes them: a line covers a stretch of each pixel column that it passes, which is known without joins and caps. Ends of
 * stretches are as faint as the part of a pixel that they cover. A line that goes up and down within a column is one stretch, so that no spike is lost; where a line crosses itself it is not darker.
 * A line wider than a pixel covers the stretches of the columns beside it as well. What was on the canvas is gone.
 */
export function paintHairs({ x, lines }: HairPicture, { data, width, height }: HairCanvas): void {
  // A pixel at once, red in its lowest byte: no machine that editors run on has it the other way round.
  const rows = new Uint32Array(data.buffer, data.byteOffset, width * height);
  rows.fill(0);
  const tile = new HairTile(Math.max(1, Math.floor(tilePixels / height)), height);
  for (let left = 0; left < width; left += tile.width) {
    const own = pointsWithin(x, left, left + tile.width);
    const wide = pointsWithin(x, left - mostReach, left + tile.width + mostReach);
    tile.begin(left);
    for (let at = lines.length - 1; at >= 0; at -= 1) {
      const line = lines[at] ?? noLine;
      tile.addBelow(x, line, reachOf(line) === 0 ? own : wide);
    }
    tile.copyTo(rows, width);
  }
}

const noLine: HairLine = { parts: new Float64Array(0), colour: [0, 0, 0, 0] };

/** Places of the points within, and of the one behind them. */
interface PointRange {
  readonly start: number;
  readonly end: number;
}

function pointsWithin(x: Float64Array, left: number, right: number): PointRange {
  return { start: lowerBound(x, left), end: Math.min(x.length, lowerBound(x, right) + 1) };
}

/** Columns on either side that an upright line covers at least in part. */
const reachOf = ({ width = 1 }: HairLine): number => Math.ceil((width - 1) / 2);
const mostReach = Math.ceil((widestLine - 1) / 2);

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
  // Of the line that is being added: its width, its colour by halves, and the stretches of columns that have not been painted yet. Of a wide one those
  // beside the tile are known as well, which is why a column's stretch stands so many places on.
  #width = 1;
  #reach = 0;
  #redBlue = 0;
  #alphaGreen = 0;
  readonly #tops: Float64Array;
  readonly #bottoms: Float64Array;
  #first = 0;
  #last = -1;
  // Rows that anything has been painted on: first, and behind the last.
  #top = 0;
  #bottom = 0;
  // Of the stretch that has been painted last: where its hidden pixels at the beginning end, and where those at its end begin.
  #open = 0;
  #closed = 0;

  constructor(width: number, height: number) {
    [this.width, this.height] = [width, height];
    this.#pixels = new Uint32Array(width * height);
    [this.#hiddenFrom, this.#hiddenTo] = [new Int32Array(width), new Int32Array(width)];
    this.#tops = new Float64Array(width + 2 * mostReach).fill(Infinity);
    this.#bottoms = new Float64Array(width + 2 * mostReach).fill(-Infinity);
  }

  /** With nothing in it, so far from the left. */
  begin(left: number): void {
    this.#left = left;
    [this.#top, this.#bottom] = [this.height, 0];
    for (const list of [this.#pixels, this.#hiddenFrom, this.#hiddenTo]) list.fill(0);
  }

  /** Below all that have been added. */
  addBelow(x: Float64Array, line: HairLine, { start, end }: PointRange): void {
    const { parts, colour, width = 1 } = line;
    [this.#width, this.#reach] = [width, reachOf(line)];
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
    const bottom = this.#bottom;
    for (let row = this.#top; row < bottom; row += 1) {
      let to = row * width + this.#left;
      for (let at = row; at < columns * height; at += height, to += 1) {
        const pixel = pixels[at] ?? 0;
        rows[to] = pixel === 0 || pixel >>> 24 > opaque ? pixel : toStraight(pixel);
      }
    }
  }

  #takeColour([red, green, blue, alpha]: Rgba): void {
    this.#redBlue = weighed(red, alpha) | (weighed(blue, alpha) << 16);
    this.#alphaGreen = weighed(green, alpha) | (alpha << 16);
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
    const more = this.#moreOf(Math.abs(y1 - y0), x1 - x0);
    if (first === last) {
      this.#cover(first, y0, y1, more);
      return;
    }
    const slope = (y1 - y0) / (x1 - x0);
    const until = Math.min(last, this.width - 1 + this.#reach);
    for (let column = Math.max(first, -this.#reach); column <= until; column += 1) {
      const edge = column + this.#left - x0;
      const from = column <= first ? y0 : y0 + slope * edge;
      const to = column >= last ? y1 : y0 + slope * (edge + 1);
      this.#cover(column, from, to, more);
    }
  }

  /** By how much a piece covers more than its way up or down, on either end: nothing of an upright one, half the line's width of a level one. */
  #moreOf(rise: number, run: number): number {
    // A 256th of a pixel is the least that can be seen.
    if (!(rise < 64 * run)) return 0;
    const steep = rise / run;
    return (this.#width * (Math.sqrt(1 + steep * steep) - steep)) / 2;
  }

  #cover(column: number, from: number, to: number, more: number): void {
    if (column < -this.#reach || column >= this.width + this.#reach) return;
    const top = (from < to ? from : to) - more;
    const bottom = (from < to ? to : from) + more;
    const place = column + mostReach;
    if (top < (this.#tops[place] ?? NaN)) this.#tops[place] = top;
    if (bottom > (this.#bottoms[place] ?? NaN)) this.#bottoms[place] = bottom;
    if (column < this.#first) this.#first = column;
    if (column > this.#last) this.#last = column;
  }

  /** Paints what the line has covered up to here. */
  #flush(): void {
    if (this.#reach > 0) this.#paintWide();
    else
      for (let column = this.#first; column <= this.#last; column += 1)
        this.#paintStretch(column, this.#tops[column + mostReach] ?? NaN, this.#bottoms[column + mostReach] ?? NaN);
    this.#tops.fill(Infinity, this.#first + mostReach, this.#last + 1 + mostReach);
    this.#bottoms.fill(-Infinity, this.#first + mostReach, this.#last + 1 + mostReach);
    this.#first = this.width + mostReach;
    this.#last = -1 - mostReach;
  }

  /** A line covers all of the columns that lie within half its width, and the next one on either side in part. */
  #paintWide(): void {
    const half = (this.#width - 1) / 2;
    const whole = Math.floor(half);
    const share = shareOfPixel(half - whole);
    const until = Math.min(this.#last + this.#reach, this.width - 1);
    for (let column = Math.max(0, this.#first - this.#reach); column <= until; column += 1) {
      const [from, to] = [column - whole + mostReach, column + whole + mostReach];
      let [top, bottom] = [Infinity, -Infinity];
      for (let place = from; place <= to; place += 1) {
        top = Math.min(top, this.#tops[place] ?? Infinity);
        bottom = Math.max(bottom, this.#bottoms[place] ?? -Infinity);
      }
      this.#paintStretch(column, top, bottom);
      if (share === 0) continue;
      const above = Math.min(top, this.#tops[from - 1] ?? Infinity, this.#tops[to + 1] ?? Infinity);
      const below = Math.max(bottom, this.#bottoms[from - 1] ?? -Infinity, this.#bottoms[to + 1] ?? -Infinity);
      this.#fade(column, { top: above, bottom: Math.min(top, below) }, share);
      if (bottom > top) this.#fade(column, { top: bottom, bottom: below }, share);
    }
  }

  #paintStretch(column: number, from: number, to: number): void {
    const top = Math.max(0, from);
    const bottom = Math.min(this.height, to);
    if (!(bottom > top)) return;
    const first = Math.floor(top);
    const last = Math.ceil(bottom) - 1;
    const offset = column * this.height;
    this.#touch(first, last + 1);
    if (first === last) {
      this.#blend(offset + first, shareOfPixel(bottom - top));
      return;
    }
    this.#blend(offset + first, shareOfPixel(first + 1 - top));
    this.#fill(column, offset + first + 1, offset + last);
    this.#blend(offset + last, shareOfPixel(bottom - last));
  }

  /** A stretch of a column that is covered in part, `share` of 256. */
  #fade(column: number, stretch: { readonly top: number; readonly bottom: number }, share: number): void {
    const top = Math.max(0, stretch.top);
    const bottom = Math.min(this.height, stretch.bottom);
    if (!(bottom > top)) return;
    const end = Math.ceil(bottom);
    this.#touch(Math.floor(top), end);
    for (let row = Math.floor(top); row < end; row += 1) {
      const part = Math.min(bottom, row + 1) - Math.max(top, row);
      this.#blend(column * this.height + row, (share * part + 0.5) | 0);
    }
  }

  #touch(top: number, bottom: number): void {
    if (top < this.#top) this.#top = top;
    if (bottom > this.#bottom) this.#bottom = bottom;
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
      if (pixel >>> 24 > hiding) continue;
      const mixed = (pixel + shareOfColour(redBlue, alphaGreen, 256 - (pixel >>> 24))) | 0;
      pixels[at] = mixed;
      if (mixed >>> 24 > hiding) continue;
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
    this.#pixels[at] = (pixel + shareOfColour(this.#redBlue, this.#alphaGreen, share)) | 0;
  }
}

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
