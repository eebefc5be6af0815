import { element } from '../../shared/dom.ts';
import type { Size } from '../../shared/pen.ts';

/** Canvases on top of each other, all of the same size. */
export interface Stage {
  readonly root: HTMLElement;
  /** Of the canvas that has the name, and the focus. */
  readonly canvas: HTMLCanvasElement;
  readonly size: Size;
  /** As large as there is room; true where that has changed, and everything is to be drawn again. */
  fit(): boolean;
  /** A cleared layer, from the lowest. */
  clear(index: number): CanvasRenderingContext2D;
  /** A layer as it is. */
  layer(index: number): CanvasRenderingContext2D;
  /** From 0, not seen, to 1. */
  fade(index: number, opacity: number): void;
  /** Counts drawings that are complete: what measures and pictures wait for. */
  finish(): void;
}

export function createStage(part: string, layers: number, onResize: () => void): Stage {
  const top = element('canvas', { role: 'img', tabindex: '0' });
  const below = Array.from({ length: layers - 1 }, () => element('canvas', { 'aria-hidden': 'true' }));
  const canvases = [...below, top];
  const root = element('div', { 'class': 'stage', 'data-part': part, 'data-drawn': '0' }, ...canvases);
  let size: Size = { width: 0, height: 0 };
  let ratio = 1;
  let drawn = 0;
  new ResizeObserver(onResize).observe(root);
  const layer = (index: number): CanvasRenderingContext2D => {
    const context = canvases[index]?.getContext('2d');
    if (context === null || context === undefined) throw new Error('This browser draws no canvas.');
    return context;
  };
  return {
    root,
    canvas: top,
    get size() {
      return size;
    },
    fit() {
      const next = { width: root.clientWidth, height: root.clientHeight };
      if (next.width === size.width && next.height === size.height && ratio === window.devicePixelRatio) return false;
      size = next;
      ratio = window.devicePixelRatio;
      for (const canvas of canvases) {
        canvas.width = Math.round(next.width * ratio);
        canvas.height = Math.round(next.height * ratio);
      }
      return true;
    },
    layer,
    clear(index) {
      const context = layer(index);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, size.width, size.height);
      return context;
    },
    fade(index, opacity) {
      const canvas = canvases[index];
      if (canvas !== undefined) canvas.style.opacity = String(opacity);
    },
    finish() {
      drawn += 1;
      root.dataset['drawn'] = String(drawn);
    },
  };
}

/** Draws a long job slice by slice, one a frame, so that the page answers in between; a new one ends the old one. */
export class Slices {
  #frame = 0;

  /** The first slice at once. `job` yields where it can be interrupted. */
  run(job: Generator<void, void>, done: () => void): void {
    this.stop();
    const next = (): void => {
      if (job.next().done !== true) this.#frame = requestAnimationFrame(next);
      else done();
    };
    next();
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
  }
}
