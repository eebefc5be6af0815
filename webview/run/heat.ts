import { edgesOf, shade, valueSpan } from '../../src/core/histograms/histograms.ts';
import type { Histograms } from '../../src/protocol/histograms.ts';
import { element } from '../shared/dom.ts';
import { isHighContrast, type Theme } from '../shared/theme.ts';

interface Fitted {
  readonly context: CanvasRenderingContext2D;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/** Empties the canvas, at the size and the resolution that it is shown in. */
export function fit(canvas: HTMLCanvasElement): Fitted {
  const [width, height, ratio] = [canvas.clientWidth, canvas.clientHeight, window.devicePixelRatio];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser draws no canvas.');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height };
}

interface Heat {
  readonly canvas: HTMLCanvasElement;
  draw(histograms: Histograms, theme: Theme): void;
  /** Frames a step, and a bin of it; -1 for none. */
  mark(index: number, bin: number, theme: Theme): void;
}

/** The colours are computed once for a size and a theme; the frame is drawn over them as often as it moves. */
export function createHeat(): Heat {
  const canvas = element('canvas', { class: 'heat', role: 'img', tabindex: '0' });
  const colours = document.createElement('canvas');
  let shown: Histograms | undefined;
  return {
    canvas,
    draw(histograms, theme) {
      shown = histograms;
      fit(canvas);
      [colours.width, colours.height] = [canvas.width, canvas.height];
      if (colours.width > 0 && colours.height > 0) paint(colours, histograms, theme);
    },
    mark(index, bin, theme) {
      if (shown === undefined || colours.width === 0 || colours.height === 0) return;
      const { context, width, height } = fit(canvas);
      context.drawImage(colours, 0, 0, width, height);
      const [least, greatest] = valueSpan(shown);
      const edges = edgesOf(shown, index);
      const rowOf = (value: number): number => ((greatest - value) / (greatest - least)) * height;
      const across = width / shown.steps.length;
      const left = Math.min(width - 2, Math.floor(index * across));
      const right = Math.max(left + 2, Math.ceil((index + 1) * across));
      context.strokeStyle = theme.foreground;
      context.strokeRect(left + 0.5, 0.5, right - left - 1, height - 1);
      if (bin < 0) return;
      const top = Math.floor(rowOf(edges[bin + 1] ?? 0));
      context.lineWidth = 2;
      context.strokeRect(left + 1, top, right - left - 2, Math.max(3, Math.ceil(rowOf(edges[bin] ?? 0)) - top));
    },
  };
}

/** By the square root, so that the tails are seen; what is not zero is never invisible. */
function paint(canvas: HTMLCanvasElement, histograms: Histograms, theme: Theme): void {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser draws no canvas.');
  const { width, height } = canvas;
  context.fillStyle = theme.series(0);
  context.fillRect(0, 0, width, height);
  const image = context.getImageData(0, 0, width, height);
  const faintest = isHighContrast(theme) ? 0.25 : 0.1;
  shade(histograms, { width, height }).cells.forEach((part, i) => {
    image.data[4 * i + 3] = part === 0 ? 0 : Math.round(255 * Math.max(faintest, Math.sqrt(part)));
  });
  context.putImageData(image, 0, 0);
}
