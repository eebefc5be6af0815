import type { Direction } from '../../src/core/dag/dag.ts';
import { GraphDrawing } from './drawing.ts';

interface KeyActions {
  readonly onWalk: (from: string | undefined, direction: Direction) => void;
  readonly onPan: (dx: number, dy: number) => void;
  readonly onZoom: (way: 'in' | 'out' | 'fit') => void;
  readonly onOpen: (name: string) => void;
  readonly onToggle: (name: string) => void;
}

const step = 80;
const arrows: Readonly<Record<string, { readonly direction: Direction; readonly by: readonly [number, number] }>> = {
  ArrowUp: { direction: 'up', by: [0, step] },
  ArrowDown: { direction: 'down', by: [0, -step] },
  ArrowLeft: { direction: 'left', by: [step, 0] },
  ArrowRight: { direction: 'right', by: [-step, 0] },
};
const ends: Readonly<Record<string, Direction>> = { Home: 'first', End: 'last' };
const zooms: Readonly<Record<string, 'in' | 'out' | 'fit'>> = {
  '+': 'in',
  '=': 'in',
  '-': 'out',
  '−': 'out',
  '0': 'fit',
};

/**
 * On a stage the arrows walk along edges and within the row, Enter opens it, Space opens and closes its group. Elsewhere, and with
 * Shift, the arrows move the drawing. Plus, minus and 0 zoom.
 */
export function listenToKeys({ onWalk, onPan, onZoom, onOpen, onToggle }: KeyActions): void {
  document.addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // Buttons have keys of their own.
    const isControl = target instanceof HTMLElement && target !== document.body;
    const name = GraphDrawing.nameOf(target);
    const arrow = arrows[key];
    const [end, zoom] = [ends[key], zooms[key]];
    if (zoom !== undefined) onZoom(zoom);
    else if (isControl) return;
    else if (arrow !== undefined && name !== undefined && !event.shiftKey) onWalk(name, arrow.direction);
    else if (arrow !== undefined) onPan(...arrow.by);
    else if (end !== undefined) onWalk(name, end);
    else if (name !== undefined && key === 'Enter') onOpen(name);
    else if (name !== undefined && key === ' ') onToggle(name);
    else return;
    event.preventDefault();
  });
}
