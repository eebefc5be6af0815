import uPlot from 'uplot';
import { paintHairs, type Rgba } from '../../../src/core/charts/charts.ts';
import type { Picture, PlotView } from './plot.ts';

/** Draws the lines of a plot that are one pixel of the screen wide. */
export interface Hairs {
  draw(chart: uPlot, view: PlotView): void;
}

const nothing = new Float64Array(0);
const unseen: Rgba = [0, 0, 0, 0];
/** Fewer lines are left to the canvas. */
const fewest = 12;

/** How many of the lowest lines are hairs: without gaps of a dash, and of colours that are known. 0: too few to bother. */
export function countHairs({ looks }: Picture): number {
  const end = looks.findIndex(
    ({ width, dash, colour }) => width * uPlot.pxRatio > 1.01 || dash.length > 0 || rgbaOf(colour) === undefined,
  );
  const count = end === -1 ? looks.length : end;
  return count < fewest ? 0 : count;
}

/** The pixels are made in a canvas of their own, so that what has been drawn before shines through. */
export function createHairs(): Hairs {
  const canvas = document.createElement('canvas');
  let image: ImageData | undefined;
  let painted: Picture | undefined;
  return {
    draw(chart, view) {
      if (view.hairs === 0 || view.picture === undefined) return;
      const { ctx, bbox } = chart;
      const [width, height] = [Math.round(bbox.width), Math.round(bbox.height)];
      // It is written and shown, never drawn upon: what is written by the processor stays with it.
      const own = canvas.getContext('2d', { willReadFrequently: true });
      if (width < 1 || height < 1 || own === null) return;
      const isOther = image?.width !== width || image.height !== height;
      if (isOther) [canvas.width, canvas.height] = [width, height];
      // uPlot draws once more after it has been made or resized, though nothing else has come.
      if (isOther || painted !== view.picture) {
        const target = isOther || image === undefined ? new ImageData(width, height) : image;
        paint(view, view.picture, target);
        own.putImageData(target, 0, 0);
        [image, painted] = [target, view.picture];
      }
      ctx.drawImage(canvas, Math.round(bbox.left), Math.round(bbox.top));
    },
  };
}

function paint({ hairs, rows }: PlotView, { looks, window, x }: Picture, image: ImageData): void {
  const across = image.width / (window.max - window.min);
  const lines = looks.slice(0, hairs).map(({ colour }, line) => ({
    parts: rows[line] ?? nothing,
    colour: rgbaOf(colour) ?? unseen,
  }));
  paintHairs({ x: Float64Array.from(x, (step) => (step - window.min) * across), lines }, image);
}

/** `rgb(1, 2, 3)` and `rgba(1, 2, 3, 0.5)`, as the theme has them. */
function rgbaOf(colour: string): Rgba | undefined {
  const [, red, green, blue, alpha = '1'] = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(colour) ?? [];
  if (red === undefined) return undefined;
  return [Number(red), Number(green), Number(blue), Math.round(255 * Number(alpha))];
}
