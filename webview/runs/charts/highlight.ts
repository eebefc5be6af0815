import { element } from '../../shared/dom.ts';
import { trainingDash, type RunLook } from './looks.ts';

interface Trace {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly look: RunLook | undefined;
  readonly isTraining: boolean;
}

/** A canvas over the plot with the lines that are pointed at, so that those below need not be drawn again. */
export class Highlight {
  readonly root = element('canvas', { 'class': 'highlight', 'aria-hidden': 'true' });

  draw(traces: readonly Trace[], { left, width }: { readonly left: number; readonly width: number }): void {
    const canvas = this.root;
    canvas.hidden = traces.length === 0;
    const context = canvas.getContext('2d');
    const parent = canvas.parentElement;
    if (traces.length === 0 || context === null || parent === null) return;
    const ratio = window.devicePixelRatio;
    canvas.width = parent.clientWidth * ratio;
    canvas.height = parent.clientHeight * ratio;
    context.scale(ratio, ratio);
    context.beginPath();
    context.rect(left, 0, width, parent.clientHeight - 20);
    context.clip();
    for (const trace of traces) drawTrace(context, trace);
  }
}

function drawTrace(context: CanvasRenderingContext2D, { x, y, look, isTraining }: Trace): void {
  context.strokeStyle = look?.colour ?? '';
  context.lineWidth = isTraining ? 1.5 : 2.5;
  const isSparse = x.length < 400;
  context.setLineDash(isSparse ? [...(isTraining ? trainingDash : (look?.dash ?? []))] : []);
  context.beginPath();
  let isOpen = false;
  x.forEach((at, i) => {
    const height = y[i] ?? NaN;
    if (Number.isNaN(height)) isOpen = false;
    else if (isOpen) context.lineTo(at, height);
    else context.moveTo(at, height);
    if (!Number.isNaN(height)) isOpen = true;
  });
  context.stroke();
}
