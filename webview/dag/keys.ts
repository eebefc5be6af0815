import type { Direction } from '../../src/core/dag/dag.ts';
import { GraphDrawing } from './drawing.ts';

interface KeyActions {
  readonly onWalk: (from: string, direction: Direction) => void;
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
export function listenToKeys(actions: KeyActions): void {
  document.addEventListener('keydown', (event) => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const zoom = zooms[event.key];
    // Buttons have keys of their own.
    const isControl = target instanceof HTMLElement && target !== document.body;
    const name = GraphDrawing.nameOf(target);
    const isDone =
      zoom === undefined && !isControl && (name === undefined ? move(event, actions) : act(name, event, actions));
    if (zoom !== undefined) actions.onZoom(zoom);
    if (isDone || zoom !== undefined) event.preventDefault();
  });
}

function act(name: string, event: KeyboardEvent, actions: KeyActions): boolean {
  const { key, shiftKey } = event;
  const direction = arrows[key]?.direction ?? ends[key];
  if (direction !== undefined && !(shiftKey && key in arrows)) actions.onWalk(name, direction);
  else if (key === 'Enter') actions.onOpen(name);
  else if (key === ' ') actions.onToggle(name);
  else return move(event, actions);
  return true;
}

function move({ key }: KeyboardEvent, { onPan }: KeyActions): boolean {
  const by = arrows[key]?.by;
  if (by !== undefined) onPan(...by);
  return by !== undefined;
}
