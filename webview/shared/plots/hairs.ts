import uPlot from 'uplot';
import { paintHairs, widestLine, type HairPicture, type Rgba } from '../../../src/core/charts/charts.ts';
import type { LineLook, Picture, PlotView } from './plot.ts';

/** Draws the lines of a plot that are one pixel of the screen wide, and wider ones of many points. */
export interface Hairs {
  draw(chart: uPlot, view: PlotView): void;
}

const nothing = new Float64Array(0);
/** Fewer lines of few points are left to the canvas. */
const fewest = 12;
/** A canvas takes many milliseconds to stroke a wide line of so many points and more. */
const manyPoints = 400;

export const isOfManyPoints = (x: ArrayLike<number>): boolean => x.length >= manyPoints;

/** How many of the lowest lines are painted here: without gaps of a dash, and of colours that are known. 0: too few to bother. */
export function countHairs({ looks, x }: Picture): number {
  const isMany = isOfManyPoints(x);
  const isPainted = (look: LineLook): boolean =>
    look.dash.length === 0 && (inkOf(look)?.width ?? Infinity) <= (isMany ? widestLine : 1);
  const end = looks.findIndex((look) => !isPainted(look));
  const count = end === -1 ? looks.length : end;
  return count < fewest && !isMany ? 0 : count;
}

export function createHairs(): Hairs {
  const stamp = createStamp();
  let painted: Picture | undefined;
  return {
    draw(chart, view) {
      if (view.hairs === 0 || view.picture === undefined) return;
      const { ctx, bbox } = chart;
      const size = { width: Math.round(bbox.width), height: Math.round(bbox.height) };
      // uPlot draws once more after it has been made or resized, though nothing else has come.
      if (!stamp.isOf(size) || painted !== view.picture) stamp.paint(toHairs(view, view.picture, size.width), size);
      painted = view.picture;
      stamp.draw(ctx, Math.round(bbox.left), Math.round(bbox.top));
    },
  };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Lines that are painted once and drawn wherever they are needed. Sizes are pixels of the screen. */
interface Stamp {
  isOf(size: Size): boolean;
  paint(picture: HairPicture, size: Size): void;
  draw(context: CanvasRenderingContext2D, left: number, top: number): void;
}

/** The pixels are made in a canvas of their own, so that what has been drawn before shines through. */
export function createStamp(): Stamp {
  const canvas = document.createElement('canvas');
  let image: ImageData | undefined;
  const isOf = ({ width, height }: Size): boolean => image?.width === width && image.height === height;
  return {
    isOf,
    paint(picture, size) {
      const { width, height } = size;
      // It is written and shown, never drawn upon: what is written by the processor stays with it.
      const context = canvas.getContext('2d', { willReadFrequently: true });
      if (width < 1 || height < 1 || context === null) return;
      if (!isOf(size) || image === undefined) {
        [canvas.width, canvas.height] = [width, height];
        image = new ImageData(width, height);
      }
      paintHairs(picture, image);
      context.putImageData(image, 0, 0);
    },
    draw(context, left, top) {
      if (image !== undefined) context.drawImage(canvas, left, top);
    },
  };
}

function toHairs({ hairs, rows }: PlotView, { looks, window, x }: Picture, width: number): HairPicture {
  const across = width / (window.max - window.min);
  return {
    x: Float64Array.from(x, (step) => (step - window.min) * across),
    lines: looks.slice(0, hairs).map((look, line) => ({ parts: rows[line] ?? nothing, ...(inkOf(look) ?? unseen) })),
  };
}

interface Ink {
  readonly colour: Rgba;
  /** In pixels of the screen. */
  readonly width: number;
}

const unseen: Ink = { colour: [0, 0, 0, 0], width: 1 };
/** What is wider by less than this is not wider. */
const tolerance = 0.01;

/** What a line is painted with; undefined where its colour is not known in numbers. */
export function inkOf({ colour, width }: Pick<LineLook, 'colour' | 'width'>): Ink | undefined {
  const rgba = toRgba(colour);
  const own = width * uPlot.pxRatio;
  return rgba && { colour: rgba, width: own < 1 + tolerance ? 1 : own };
}

/** `rgb(1, 2, 3)` and `rgba(1, 2, 3, 0.5)`, as the theme has them. */
function toRgba(colour: string): Rgba | undefined {
  const [, red, green, blue, alpha = '1'] = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(colour) ?? [];
  if (red === undefined) return undefined;
  return [Number(red), Number(green), Number(blue), Math.round(255 * Number(alpha))];
}
