import type { CursorMove, Range } from '../../../src/core/charts/charts.ts';

interface Gestures {
  readonly xAt: (clientX: number) => number | undefined;
  /** What is shown, and all that could be. */
  readonly window: () => Range | undefined;
  readonly whole: () => Range | undefined;
  readonly cursor: () => number | undefined;
  readonly onCursor: (move: CursorMove | undefined, how: 'pointed' | 'spoken', clientY: number | undefined) => void;
  /** Undefined: all. */
  readonly onZoom: (window: Range | undefined) => void;
  /** What is highlighted was chosen. */
  readonly onPick: (adds: boolean) => void;
  /** To the line above or below. */
  readonly onWalk: (by: number) => void;
  /** The whole card, among the others. */
  readonly onMove: (by: number) => void;
}

/** By how much a turn of the wheel, and a key, makes the window narrower. */
const wheelFactor = 1.2;
/** Part of the window that a key goes aside. */
const panPart = 0.2;
/** A press that moves farther is a drag. */
const dragDistance = 4;

/** What mouse and keys do on a plot. Marking with the mouse is the plot's own. */
export function listenToPlot(root: HTMLElement, gestures: Gestures): void {
  const { xAt, onCursor, onZoom, onPick } = gestures;
  let pressed: { readonly x: number; readonly window: Range | undefined; readonly pans: boolean } | undefined;
  let isMoved = false;
  root.addEventListener('pointermove', ({ clientX, clientY, buttons }) => {
    // It was let go where nobody saw it.
    if (buttons === 0) pressed = undefined;
    if (pressed !== undefined && Math.abs(clientX - pressed.x) > dragDistance) isMoved = true;
    if (pressed?.pans === true && pressed.window !== undefined) {
      const [from, to] = [xAt(pressed.x), xAt(clientX)];
      if (from !== undefined && to !== undefined) pan(gestures, from - to);
      pressed = { ...pressed, x: clientX };
      return;
    }
    const x = xAt(clientX);
    if (x !== undefined) onCursor({ near: x }, 'pointed', clientY);
  });
  root.addEventListener('pointerleave', () => onCursor(undefined, 'pointed', undefined));
  // Before the plot sees it: with Shift it is not a mark that begins.
  root.addEventListener(
    'mousedown',
    (event) => {
      if (event.button !== 0) return;
      pressed = { x: event.clientX, window: gestures.window(), pans: event.shiftKey };
      isMoved = false;
      // Only for as long as it takes: the window outlives the plot.
      window.addEventListener('mouseup', () => (pressed = undefined), { once: true });
      if (event.shiftKey) event.stopPropagation();
    },
    { capture: true },
  );
  root.addEventListener('click', ({ ctrlKey, metaKey, shiftKey }) => {
    if (!isMoved && !shiftKey) onPick(ctrlKey || metaKey);
  });
  root.addEventListener('dblclick', () => onZoom(undefined));
  root.addEventListener(
    'wheel',
    (event) => {
      // The page scrolls by the wheel; only who has chosen this plot zooms by it.
      if (document.activeElement !== root) return;
      event.preventDefault();
      zoom(gestures, event.deltaY < 0 ? 1 / wheelFactor : wheelFactor, xAt(event.clientX));
    },
    { passive: false },
  );
  root.addEventListener('keydown', (event) => {
    if (event.target === root && press(event, gestures)) event.preventDefault();
  });
}

function press({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent, gestures: Gestures): boolean {
  const { cursor, onCursor, onZoom, onPick, onWalk, onMove } = gestures;
  const way = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0;
  const isControl = ctrlKey || metaKey;
  if (way !== 0 && altKey) onMove(way);
  else if (way !== 0 && isControl) pan(gestures, way * panPart * widthOf(gestures.window()));
  else {
    const from = cursor();
    const by = (count: number): CursorMove =>
      from === undefined ? (count > 0 ? 'first' : 'last') : { from, by: count };
    const deeds: Readonly<Record<string, () => void>> = {
      'ArrowLeft': () => onCursor(by(shiftKey ? -10 : -1), 'spoken', undefined),
      'ArrowRight': () => onCursor(by(shiftKey ? 10 : 1), 'spoken', undefined),
      'PageUp': () => onCursor(by(-10), 'spoken', undefined),
      'PageDown': () => onCursor(by(10), 'spoken', undefined),
      'Home': () => onCursor('first', 'spoken', undefined),
      'End': () => onCursor('last', 'spoken', undefined),
      'ArrowUp': () => onWalk(-1),
      'ArrowDown': () => onWalk(1),
      'Enter': () => onPick(false),
      ' ': () => onPick(true),
      '+': () => zoom(gestures, 0.5, from),
      '=': () => zoom(gestures, 0.5, from),
      '-': () => zoom(gestures, 2, from),
      'Escape': () => {
        onCursor(undefined, 'spoken', undefined);
        onZoom(undefined);
      },
    };
    if (!Object.hasOwn(deeds, key)) return false;
    deeds[key]?.();
  }
  return true;
}

const widthOf = (window: Range | undefined): number => (window === undefined ? 0 : window.max - window.min);

/** Nearer, or wider up to all there is; what lies under the pointer or the cursor stays there. */
function zoom({ window, whole, onZoom }: Gestures, factor: number, around: number | undefined): void {
  const [now, all] = [window(), whole()];
  if (now === undefined || all === undefined) return;
  const middle = around ?? (now.min + now.max) / 2;
  const min = Math.max(all.min, middle - (middle - now.min) * factor);
  const max = Math.min(all.max, middle + (now.max - middle) * factor);
  if (!(max > min)) return;
  onZoom(min <= all.min && max >= all.max ? undefined : { min, max });
}

/** Aside, no farther than there are points. */
function pan({ window, whole, onZoom }: Gestures, by: number): void {
  const [now, all] = [window(), whole()];
  if (now === undefined || all === undefined) return;
  const step = Math.max(all.min - now.min, Math.min(all.max - now.max, by));
  if (step !== 0) onZoom({ min: now.min + step, max: now.max + step });
}
