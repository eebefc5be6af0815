import type { RunsTexts, TableView } from '../../src/protocol/runtable.ts';
import { element, setText } from '../shared/dom.ts';
import { clampWidth, type Layout, type PlacedColumn } from './layout.ts';
import { placeCell } from './row.ts';
import { nameColumn } from './words.ts';

export interface HeadActions {
  readonly onSort: (column: string, adds: boolean) => void;
  /** Null: as wide as its kind wants it. */
  readonly onResize: (column: string, width: number | null) => void;
  /** Into the place of another one. */
  readonly onMove: (column: string, to: string) => void;
}

interface DrawnHead {
  readonly layout: Layout;
  readonly sort: TableView['sort'];
  readonly place: { readonly line: number; readonly column: number };
}

/** A press becomes a drag once it has gone so many pixels. */
const dragFrom = 5;

/** The line of heads: a press sorts, the edge makes a column narrower and wider, a drag moves it. */
export function createHead(texts: RunsTexts, actions: HeadActions) {
  const pinned = element('div', { class: 'pinned', role: 'presentation' });
  const root = element('div', { 'class': 'head', 'role': 'row', 'aria-rowindex': '1' }, pinned);
  const cells = new Map<number, HTMLElement>();
  let shown: Layout | undefined;
  listenToPresses(root, actions);
  return {
    root,
    cellOf: (column: number): HTMLElement | undefined => cells.get(column),
    draw({ layout, sort, place }: DrawnHead, visible: ReadonlyMap<number, PlacedColumn>): void {
      const isAnew = layout !== shown;
      shown = layout;
      root.style.width = `${layout.width}px`;
      pinned.style.width = `${layout.pinnedWidth}px`;
      for (const [index, cell] of cells) {
        if (visible.has(index) && !isAnew) continue;
        cell.remove();
        cells.delete(index);
      }
      for (const [index, placed] of visible) {
        const known = cells.get(index);
        const cell = known ?? createHeadCell(placed, index, texts);
        if (known === undefined) (placed.isPinned ? pinned : root).append(cell);
        cells.set(index, cell);
        drawSort(cell, placed.column.id, sort);
        cell.tabIndex = place.line === -1 && place.column === index ? 0 : -1;
      }
    },
  };
}

function createHeadCell(placed: PlacedColumn, index: number, texts: RunsTexts): HTMLElement {
  const { column, shortName } = placed;
  const { name, detail } = nameColumn({ ...column, name: shortName }, texts);
  const isNumber = ['metric', 'duration', 'param'].includes(column.kind);
  const cell = element(
    'div',
    {
      'class': `cell ${isNumber ? 'number' : ''}`,
      'role': 'columnheader',
      'aria-colindex': String(index + 1),
      'data-column': column.id,
      'title': column.id,
      'tabindex': '-1',
    },
    element(
      'span',
      { class: 'label' },
      name,
      ...(detail === '' ? [] : [' ', element('span', { class: 'dim' }, detail)]),
    ),
    element('span', { 'class': 'order', 'aria-hidden': 'true' }),
    element('span', { 'class': 'edge', 'data-part': 'edge', 'aria-hidden': 'true' }),
  );
  placeCell(cell, placed);
  return cell;
}

/** An arrow, and with several keys which one it is. */
function drawSort(cell: HTMLElement, id: string, sort: TableView['sort']): void {
  const at = sort.findIndex(({ column }) => column === id);
  const key = sort[at];
  const arrow = key === undefined ? '' : key.descending ? '↓' : '↑';
  const order = cell.querySelector('.order');
  if (order !== null) setText(order, key !== undefined && sort.length > 1 ? `${arrow}${at + 1}` : arrow);
  cell.setAttribute('aria-sort', key === undefined ? 'none' : key.descending ? 'descending' : 'ascending');
}

function listenToPresses(root: HTMLElement, { onSort, onResize, onMove }: HeadActions): void {
  root.addEventListener('pointerdown', (event) => {
    const cell = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-column]') : null;
    const id = cell?.dataset['column'];
    if (cell === null || id === undefined || event.button !== 0) return;
    const isEdge = event.target instanceof Element && event.target.closest('[data-part="edge"]') !== null;
    const from = event.clientX;
    const width = cell.offsetWidth;
    let over: HTMLElement | undefined;
    let isDrag = false;
    const move = (moved: PointerEvent): void => {
      const way = moved.clientX - from;
      if (isEdge) {
        onResize(id, clampWidth(width + way));
        return;
      }
      isDrag ||= Math.abs(way) > dragFrom;
      over?.classList.remove('target');
      const below = isDrag ? document.elementFromPoint(moved.clientX, moved.clientY) : null;
      over = below?.closest<HTMLElement>('.head [data-column]') ?? undefined;
      over?.classList.add('target');
      cell.classList.toggle('dragged', isDrag);
    };
    const end = (): void => {
      window.removeEventListener('pointermove', move);
      window.removeEventListener('pointerup', up);
      window.removeEventListener('pointercancel', end);
      over?.classList.remove('target');
      cell.classList.remove('dragged');
    };
    const up = (last: PointerEvent): void => {
      end();
      const to = over?.dataset['column'];
      if (isDrag && to !== undefined) onMove(id, to);
      else if (!isDrag && !isEdge) onSort(id, last.shiftKey);
    };
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', up);
    window.addEventListener('pointercancel', end);
  });
  root.addEventListener('dblclick', (event) => {
    const edge = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-part="edge"]') : null;
    const id = edge?.closest<HTMLElement>('[data-column]')?.dataset['column'];
    if (id !== undefined) onResize(id, null);
  });
}
