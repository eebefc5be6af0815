import { element } from '../../shared/dom.ts';
import { createStamp, inkOf, isOfManyPoints } from '../../shared/plots/hairs.ts';
import { trainingDash, type RunLook } from './looks.ts';

interface Trace {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly look: RunLook | undefined;
  readonly isTraining: boolean;
}

/** Where lines may be, in pixels of the page from the corner of the plot. */
interface Area {
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

/** Of the axis below the drawn area. */
const axisHeight = 20;

/** A canvas over the plot with the lines that are pointed at, so that those below need not be drawn again. */
export class Highlight {
  readonly root = element('canvas', { 'class': 'highlight', 'aria-hidden': 'true' });
  readonly #stamp = createStamp();

  draw(traces: readonly Trace[], { left, width }: { readonly left: number; readonly width: number }): void {
    const canvas = this.root;
    canvas.hidden = traces.length === 0;
    const context = canvas.getContext('2d');
    const parent = canvas.parentElement;
    if (traces.length === 0 || context === null || parent === null) return;
    const ratio = window.devicePixelRatio;
    // Its size alone empties it, too.
    canvas.width = parent.clientWidth * ratio;
    canvas.height = parent.clientHeight * ratio;
    const area = { left, width, height: parent.clientHeight - axisHeight };
    for (const trace of traces) if (!this.#paint(context, trace, area)) stroke(context, trace, area);
  }

  /** As the plot does with lines of many points; false for others. */
  #paint(context: CanvasRenderingContext2D, trace: Trace, { left, width, height }: Area): boolean {
    const ink = inkOf({ colour: trace.look?.colour ?? '', width: widthOf(trace) });
    if (ink === undefined || !isOfManyPoints(trace.x)) return false;
    const ratio = window.devicePixelRatio;
    const x = trace.x.map((at) => (at - left) * ratio);
    const parts = trace.y.map((at) => (Number.isNaN(at) ? Infinity : 1 - at / height));
    const size = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    this.#stamp.paint({ x, lines: [{ parts, ...ink }] }, size);
    this.#stamp.draw(context, Math.round(left * ratio), 0);
    return true;
  }
}

const widthOf = ({ isTraining }: Trace): number => (isTraining ? 1.5 : 2.5);

function stroke(context: CanvasRenderingContext2D, trace: Trace, { left, width, height }: Area): void {
  const { x, y, look, isTraining } = trace;
  const ratio = window.devicePixelRatio;
  context.save();
  context.scale(ratio, ratio);
  context.beginPath();
  context.rect(left, 0, width, height);
  context.clip();
  context.strokeStyle = look?.colour ?? '';
  context.lineWidth = widthOf(trace);
  context.setLineDash(isOfManyPoints(x) ? [] : [...(isTraining ? trainingDash : (look?.dash ?? []))]);
  context.beginPath();
  let isOpen = false;
  x.forEach((at, i) => {
    const level = y[i] ?? NaN;
    if (Number.isNaN(level)) isOpen = false;
    else if (isOpen) context.lineTo(at, level);
    else context.moveTo(at, level);
    if (!Number.isNaN(level)) isOpen = true;
  });
  context.stroke();
  context.restore();
}
