interface PointerActions {
  readonly onPan: (dx: number, dy: number) => void;
  readonly onZoom: (factor: number, at: { readonly x: number; readonly y: number }) => void;
  readonly onClick: (target: EventTarget | null) => void;
}

/** Less is a trembling hand, not a drag. */
const dragFrom = 4;
const line = 16;

/** Drag and two fingers move the drawing; the wheel with Ctrl, or a pinch, zooms where it points. */
export function listenToPointer(target: SVGSVGElement, { onPan, onZoom, onClick }: PointerActions): void {
  let start: { readonly x: number; readonly y: number } | undefined;
  let last = { x: 0, y: 0 };
  let isDragged = false;
  target.addEventListener('pointerdown', (event) => {
    if (event.button > 1) return;
    start = last = { x: event.clientX, y: event.clientY };
    isDragged = false;
  });
  target.addEventListener('pointermove', (event) => {
    if (start === undefined) return;
    const { clientX: x, clientY: y } = event;
    if (!isDragged && Math.hypot(x - start.x, y - start.y) < dragFrom) return;
    if (!isDragged) target.setPointerCapture(event.pointerId);
    isDragged = true;
    onPan(x - last.x, y - last.y);
    last = { x, y };
  });
  for (const end of ['pointerup', 'pointercancel'] as const) target.addEventListener(end, () => (start = undefined));
  target.addEventListener('click', (event) => {
    if (!isDragged) onClick(event.target);
    isDragged = false;
  });
  target.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? line : 1;
      const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
      const bounds = target.getBoundingClientRect();
      const at = { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
      if (event.ctrlKey || event.metaKey) onZoom(Math.exp(-Math.max(-50, Math.min(50, dy)) * 0.01), at);
      else if (event.shiftKey && dx === 0) onPan(-dy, 0);
      else onPan(-dx, -dy);
    },
    { passive: false },
  );
}
