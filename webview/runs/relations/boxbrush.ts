import { brushOf, halfSpread, placeAlong, type Frame } from '../../../src/core/relations/relations.ts';
import type { RelationBrush } from '../../../src/protocol/runsview.ts';
import type { Laid } from './model.ts';

interface At {
  readonly x: number;
  readonly y: number;
}

/** A part of the chart that is being marked. */
export interface Box {
  readonly from: At;
  readonly to: At;
}

/** The pointer has moved by so much before a press is a drag, in pixels. */
const slop = 3;

interface BoxBrushOptions {
  /** Whether a box may begin here, where only some parts of a chart can be marked. */
  readonly begins: (at: At) => boolean;
  readonly onBox: (box: Box) => void;
  readonly onDone: (box: Box) => void;
  readonly onPress: (event: PointerEvent) => void;
  readonly onMove: (event: PointerEvent, at: At) => void;
}

/** A drag over a canvas marks a box; a press without one is a press. */
export function listenForBox(canvas: HTMLCanvasElement, options: BoxBrushOptions): void {
  let from: At | undefined;
  let isBox = false;
  const placeOf = (event: PointerEvent): At => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  canvas.addEventListener('pointerdown', (event) => {
    const at = placeOf(event);
    if (event.button !== 0 || !options.begins(at)) return;
    from = at;
    isBox = false;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    const to = placeOf(event);
    if (from === undefined) {
      options.onMove(event, to);
      return;
    }
    isBox ||= Math.hypot(to.x - from.x, to.y - from.y) >= slop;
    if (isBox) options.onBox({ from, to });
  });
  canvas.addEventListener('pointerup', (event) => {
    if (from !== undefined && isBox) options.onDone({ from, to: placeOf(event) });
    else if (from !== undefined) options.onPress(event);
    from = undefined;
  });
  canvas.addEventListener('pointercancel', () => (from = undefined));
}

/** All brushes with those of two columns exchanged for a box over them. */
export function brushBox(
  brushes: readonly RelationBrush[],
  box: Box,
  { frame, x, y }: { readonly frame: Frame; readonly x: Laid; readonly y: Laid },
): readonly RelationBrush[] {
  const rest = brushes.filter(({ column }) => column !== x.axis.column && column !== y.axis.column);
  const own = [alongOf(box, frame, 'x', x), ...(x.axis.column === y.axis.column ? [] : [alongOf(box, frame, 'y', y)])];
  return [...rest, ...own];
}

function alongOf({ from, to }: Box, frame: Frame, direction: 'x' | 'y', laid: Laid): RelationBrush {
  const places = [from[direction], to[direction]].map((at) => placeAlong(frame, direction, laid, at));
  // Whoever marks points that are spread around a category means it.
  const reach = laid.dimension.kind === 'category' ? halfSpread(laid.dimension) : 0;
  const extent = { low: Math.min(...places) - reach, high: Math.max(...places) + reach };
  return brushOf(laid.axis.column, laid.dimension, extent) ?? { column: laid.axis.column, names: [] };
}
