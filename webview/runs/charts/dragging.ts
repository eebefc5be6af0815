/** A press that moves farther is a drag. */
const distance = 6;

/** A card is dragged by its head to before another one; `onDrop` gets that one's key, null for the end. */
export function startDrag(
  start: PointerEvent,
  card: HTMLElement,
  board: HTMLElement,
  onDrop: (before: string | null) => void,
): void {
  if (start.button !== 0 || (start.target instanceof Element && start.target.closest('button, input') !== null)) return;
  let target: HTMLElement | undefined;
  let isDragged = false;
  const mark = (next: HTMLElement | undefined): void => {
    target?.classList.remove('target');
    target = next;
    target?.classList.add('target');
  };
  const move = ({ clientX, clientY }: PointerEvent): void => {
    isDragged ||= Math.hypot(clientX - start.clientX, clientY - start.clientY) > distance;
    if (!isDragged) return;
    card.classList.add('dragged');
    const under = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>('.card') ?? undefined;
    mark(under !== undefined && under !== card && board.contains(under) ? under : undefined);
  };
  const end = (): void => {
    window.removeEventListener('pointermove', move);
    window.removeEventListener('pointerup', end);
    window.removeEventListener('pointercancel', end);
    const key = target?.dataset['key'];
    mark(undefined);
    card.classList.remove('dragged');
    if (isDragged && key !== undefined) onDrop(placeBefore(card, key));
  };
  window.addEventListener('pointermove', move);
  window.addEventListener('pointerup', end);
  window.addEventListener('pointercancel', end);
  start.preventDefault();
}

/** Dragged backwards a card comes to lie before the one that it was dropped on, dragged forwards behind it. */
function placeBefore(card: HTMLElement, key: string): string | null {
  const keys = [...(card.parentElement?.children ?? [])].map((one) => (one as HTMLElement).dataset['key'] ?? '');
  const [from, to] = [keys.indexOf(card.dataset['key'] ?? ''), keys.indexOf(key)];
  return to < from ? key : (keys[to + 1] ?? null);
}
