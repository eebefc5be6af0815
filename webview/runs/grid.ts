import type { Line } from '../../src/core/runtable/runtable.ts';
import type { RunsTexts, TableView } from '../../src/protocol/runtable.ts';
import { element } from '../shared/dom.ts';
import { createHead, type HeadActions } from './head.ts';
import type { Layout, PlacedColumn } from './layout.ts';
import { createCell } from './row.ts';

/** Of every line, the head included, in pixels. */
export const rowHeight = 24;
/** Lines and pixels beyond what can be seen that are drawn all the same, so that a slow wheel shows no gap. */
const spare = { rows: 6, width: 200 };

/** Which cell the keys are in: line −1 is the head. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Drawn {
  readonly lines: readonly Line[];
  readonly layout: Layout;
  readonly sort: TableView['sort'];
  readonly selected: ReadonlySet<string>;
  readonly place: Place;
}

interface GridOptions extends HeadActions {
  readonly texts: RunsTexts;
  readonly onScroll: () => void;
}

interface Row {
  readonly root: HTMLElement;
  readonly pinned: HTMLElement;
  readonly cells: Map<number, HTMLElement>;
  line: Line;
}

/**
 * The grid: of the lines and columns only those that can be seen are in the document, and the cell that has the focus. It draws what
 * it is given and decides nothing.
 */
export class Grid {
  readonly root: HTMLElement;
  readonly #body = element('div', { class: 'body', role: 'rowgroup' });
  readonly #head: ReturnType<typeof createHead>;
  readonly #texts: RunsTexts;
  readonly #rows = new Map<number, Row>();
  #layout: Layout | undefined;
  #drawn: Drawn | undefined;

  constructor({ texts, onScroll, ...actions }: GridOptions) {
    this.#texts = texts;
    this.#head = createHead(texts, actions);
    this.root = element(
      'div',
      { 'class': 'grid', 'role': 'treegrid', 'aria-multiselectable': 'true' },
      this.#head.root,
      this.#body,
    );
    this.root.addEventListener('scroll', onScroll, { passive: true });
  }

  draw(drawn: Drawn): void {
    const { lines, layout, place } = drawn;
    if (layout !== this.#layout) this.#clear();
    this.#layout = layout;
    this.#drawn = drawn;
    this.root.setAttribute('aria-rowcount', String(lines.length + 1));
    this.root.setAttribute('aria-colcount', String(layout.columns.length));
    this.#body.style.height = `${lines.length * rowHeight}px`;
    this.#body.style.width = `${layout.width}px`;
    const visible = this.#visibleColumns(layout, place.column);
    this.#head.draw(drawn, visible);
    const wanted = this.#visibleLines(lines.length, place.line);
    for (const [index, row] of this.#rows) {
      if (wanted.has(index) && row.line === lines[index]) continue;
      // A row that shows another line now keeps its elements only where it is the same run: focus and a press stay on it.
      row.root.remove();
      this.#rows.delete(index);
    }
    for (const index of [...wanted].sort((a, b) => a - b)) this.#drawRow(index, drawn, visible);
  }

  /** Puts the focus of the keyboard into the cell that the keys are in. */
  focus(): void {
    this.#cellOf(this.#drawn?.place)?.focus({ preventScroll: true });
  }

  get hasFocus(): boolean {
    return this.root.contains(document.activeElement);
  }

  /** Scrolls no further than needed for a cell to be seen whole. */
  reveal({ line, column }: Place): void {
    const layout = this.#layout;
    const placed = layout?.columns[column];
    const { clientHeight, clientWidth, scrollTop, scrollLeft } = this.root;
    if (line >= 0) {
      const top = line * rowHeight;
      if (top < scrollTop) this.root.scrollTop = top;
      else if (top + 2 * rowHeight > scrollTop + clientHeight) this.root.scrollTop = top + 2 * rowHeight - clientHeight;
    }
    if (layout === undefined || placed === undefined || placed.isPinned) return;
    if (placed.left - layout.pinnedWidth < scrollLeft) this.root.scrollLeft = placed.left - layout.pinnedWidth;
    else if (placed.left + placed.width > scrollLeft + clientWidth)
      this.root.scrollLeft = placed.left + placed.width - clientWidth;
  }

  /** Whole lines that fit below the head. */
  get pageSize(): number {
    return Math.max(1, Math.floor(this.root.clientHeight / rowHeight) - 1);
  }

  /** Where in the grid something of it lies; undefined for what is not in a cell. */
  placeOf(target: EventTarget | null): Place | undefined {
    const cell = target instanceof Element ? target.closest<HTMLElement>('[aria-colindex]') : null;
    const row = cell?.closest('[aria-rowindex]');
    if (cell === null || row === null || row === undefined || !this.root.contains(row)) return undefined;
    return {
      line: Number(row.getAttribute('aria-rowindex')) - 2,
      column: Number(cell.getAttribute('aria-colindex')) - 1,
    };
  }

  #clear(): void {
    for (const { root } of this.#rows.values()) root.remove();
    this.#rows.clear();
  }

  #visibleLines(count: number, focused: number): ReadonlySet<number> {
    const { scrollTop, clientHeight } = this.root;
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - spare.rows);
    const last = Math.min(count - 1, Math.ceil((scrollTop + clientHeight) / rowHeight) + spare.rows);
    const lines = new Set(Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index));
    if (focused >= 0 && focused < count) lines.add(focused);
    return lines;
  }

  #visibleColumns({ columns, pinnedWidth }: Layout, focused: number): ReadonlyMap<number, PlacedColumn> {
    const { scrollLeft, clientWidth } = this.root;
    const [from, to] = [scrollLeft + pinnedWidth - spare.width, scrollLeft + clientWidth + spare.width];
    return new Map(
      [...columns.entries()].filter(
        ([index, { isPinned, left, width }]) => isPinned || index === focused || (left + width > from && left < to),
      ),
    );
  }

  #drawRow(index: number, drawn: Drawn, visible: ReadonlyMap<number, PlacedColumn>): void {
    const line = drawn.lines[index];
    if (line === undefined) return;
    const row = this.#rows.get(index) ?? this.#createRow(index, line, drawn.layout);
    for (const [column, cell] of row.cells) {
      if (visible.has(column)) continue;
      cell.remove();
      row.cells.delete(column);
    }
    for (const [column, placed] of visible) {
      if (row.cells.has(column)) continue;
      const cell = createCell(line, placed, column, this.#texts);
      row.cells.set(column, cell);
      (placed.isPinned ? row.pinned : row.root).append(cell);
    }
    row.root.setAttribute('aria-selected', String(drawn.selected.has(line.key)));
    for (const [column, cell] of row.cells)
      cell.tabIndex = index === drawn.place.line && column === drawn.place.column ? 0 : -1;
  }

  #createRow(index: number, line: Line, { pinnedWidth, width }: Layout): Row {
    const pinned = element('div', { class: 'pinned', role: 'presentation' });
    pinned.style.width = `${pinnedWidth}px`;
    const isParent = line.kind === 'group' || line.below > 0;
    const root = element(
      'div',
      {
        'class': `row ${line.kind}`,
        'role': 'row',
        'aria-rowindex': String(index + 2),
        'aria-level': String(line.kind === 'group' ? 1 : line.level + 1),
        'data-key': line.key,
        ...(isParent ? { 'aria-expanded': String(line.isOpen) } : {}),
      },
      pinned,
    );
    root.style.top = `${index * rowHeight}px`;
    root.style.width = `${width}px`;
    this.#body.append(root);
    const row: Row = { root, pinned, cells: new Map(), line };
    this.#rows.set(index, row);
    return row;
  }

  #cellOf(place: Place | undefined): HTMLElement | undefined {
    if (place === undefined) return undefined;
    return place.line === -1 ? this.#head.cellOf(place.column) : this.#rows.get(place.line)?.cells.get(place.column);
  }
}
