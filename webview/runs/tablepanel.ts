import { fillIn, formatCount } from '../../src/core/charts/charts.ts';
import { pressHead, type CopyFormat, type Line } from '../../src/core/runtable/runtable.ts';
import type { FromRunsPage, RunAction, RunsTexts, TableView } from '../../src/protocol/runtable.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { setHidden } from '../shared/dom.ts';
import { createChooser } from './chooser.ts';
import { Grid, rowHeight, type Place } from './grid.ts';
import { pressKey, type GridKeys } from './keys.ts';
import { changeColumn, clampWidth, moveColumn } from './layout.ts';
import { describeMenu } from './menu.ts';
import type { TableModel } from './model.ts';
import type { Selection } from './selection.ts';
import type { PageState } from './state.ts';
import { createPanel } from './tabs.ts';

/** By how many pixels a key makes a column wider. */
const widening = 16;

interface TablePanelOptions {
  readonly texts: RunsTexts;
  readonly model: TableModel;
  readonly selection: Selection;
  readonly mayEdit: boolean;
  readonly runs: () => readonly RunSummary[];
  readonly state: () => PageState;
  readonly post: (message: FromRunsPage) => void;
  readonly changeView: (part: Partial<TableView>) => void;
  readonly openLines: (open: readonly string[]) => void;
  readonly scrolled: (scroll: PageState['scroll']) => void;
  readonly copy: (format: CopyFormat) => void;
  /** Draws the page soon. */
  readonly request: () => void;
  /** Makes the lines anew, now. */
  readonly compute: () => void;
  /** The focus goes where the list of columns was opened. */
  readonly closed: () => void;
}

/** The tab with the table: which cell the keys are in, and what presses and keys do. */
export class TablePanel {
  readonly root: HTMLElement;
  readonly #options: TablePanelOptions;
  readonly #grid: Grid;
  readonly #chooser: ReturnType<typeof createChooser>;
  #place: Place = { line: -1, column: 0 };
  /** Of the line that the keys are on, while the lines are made anew. */
  #kept: string | undefined;
  #takesFocus = false;
  #isScrolled = false;

  constructor(options: TablePanelOptions) {
    const { texts, model, changeView } = options;
    this.#options = options;
    this.#chooser = createChooser({
      texts,
      onChange: (columns) => this.#changeColumns(columns),
      onClose: () => this.#closeChooser(),
    });
    this.#grid = new Grid({
      texts,
      onScroll: () => this.#scroll(),
      onSort: (column, adds) => this.#sort(column, adds),
      onResize: (id, width) => changeView({ columns: changeColumn(model.columns, id, { width }) }),
      onMove: (id, to) => changeView({ columns: moveColumn(model.columns, id, to) }),
    });
    this.root = createPanel('table', this.#grid.root, this.#chooser.root);
    this.#listen();
  }

  /** Before the lines are made anew. */
  keepPlace(): void {
    this.#kept = this.#options.model.lines[this.#place.line]?.key;
  }

  /** The keys stay on the run that they were on, wherever it stands now. */
  findPlace(): void {
    const { model } = this.#options;
    const { line, column } = this.#place;
    const now = model.indexOf(this.#kept);
    const next = now === -1 ? Math.min(line, model.lines.length - 1) : now;
    this.#place = { line: next, column: Math.min(column, Math.max(0, model.layout.columns.length - 1)) };
  }

  draw(isHidden: boolean): void {
    const { texts, model, selection } = this.#options;
    const { root } = this.#grid;
    setHidden(root, isHidden);
    root.setAttribute('aria-label', fillIn(texts.gridOf, formatCount(model.shown.length)));
    root.setAttribute('aria-description', texts.gridHint);
    const hadFocus = this.#grid.hasFocus || this.#takesFocus;
    const { lines, layout, sort } = model;
    this.#grid.draw({ lines, layout, sort, selected: selection.keys, place: this.#place });
    if (hadFocus) this.#grid.focus();
    this.#takesFocus = false;
    this.#scrollBack();
  }

  toggleChooser(): void {
    if (this.#chooser.isOpen) this.#closeChooser();
    else this.#openChooser();
  }

  /** The columns of the view have been chosen anew while their list is open. */
  #changeColumns(columns: TableView['columns']): void {
    const { model, changeView, compute, runs } = this.#options;
    changeView({ columns });
    if (columns !== null) return;
    compute();
    this.#chooser.show(model.columns, runs());
  }

  #openChooser(): void {
    this.#chooser.show(this.#options.model.columns, this.#options.runs());
  }

  #closeChooser(): void {
    this.#chooser.hide();
    this.#options.closed();
  }

  #listen(): void {
    const { model, request } = this.#options;
    const { root } = this.#grid;
    const keys: GridKeys = {
      grid: this.#grid,
      lines: () => model.lines,
      columnCount: () => model.layout.columns.length,
      place: () => this.#place,
      onGo: (place, extendsSelection) => this.#go(place, extendsSelection),
      onToggleLine: (line, isOpen) => this.#toggleLine(line, isOpen),
      onSelect: (how) => this.#select(how),
      onAct: (action) => this.#act(action),
      onCopy: () => this.#options.copy('csv'),
      onHead: (what) => this.#actOnHead(what),
    };
    root.addEventListener('keydown', (event) => {
      if (event.target instanceof HTMLElement && this.#grid.placeOf(event.target) !== undefined)
        if (pressKey(event, keys)) event.preventDefault();
    });
    root.addEventListener('click', (event) => this.#click(event));
    root.addEventListener('dblclick', (event) => {
      const line = this.#lineAt(event.target);
      if (line?.kind === 'run' && partOf(event.target) === undefined) this.#act('open');
    });
    root.addEventListener('focusin', (event) => {
      const place = this.#grid.placeOf(event.target);
      if (place !== undefined) this.#place = place;
    });
    // Before VS Code reads what the menu is about.
    document.addEventListener('contextmenu', (event) => this.#describeMenu(event), { capture: true });
    new ResizeObserver(request).observe(root);
  }

  /** Once there is something to scroll. */
  #scrollBack(): void {
    const { lines } = this.#options.model;
    const { top, left } = this.#options.state().scroll;
    if (this.#isScrolled || lines.length * rowHeight < top) return;
    if (lines.length === 0) return;
    this.#isScrolled = true;
    this.#grid.root.scrollTo({ top, left });
  }

  #scroll(): void {
    const { scrollTop: top, scrollLeft: left } = this.#grid.root;
    this.#options.scrolled({ top, left });
  }

  #sort(column: string, adds: boolean): void {
    const { model, changeView } = this.#options;
    changeView({ sort: pressHead(model.sort, column, adds) });
    this.#place = { line: -1, column: model.columnAt(column) };
    this.#takesFocus = true;
  }

  #actOnHead(what: Parameters<GridKeys['onHead']>[0]): void {
    const { model, changeView, compute } = this.#options;
    const placed = model.layout.columns[this.#place.column];
    if (placed === undefined) return;
    const { id } = placed.column;
    if ('sort' in what) this.#sort(id, what.sort);
    else if ('wider' in what) {
      const width = clampWidth(placed.width + what.wider * widening);
      changeView({ columns: changeColumn(model.columns, id, { width }) });
    } else {
      changeView({ columns: moveColumn(model.columns, id, what.move) });
      compute();
      this.#place = { line: -1, column: model.columnAt(id) };
    }
  }

  #go(place: Place, extendsSelection: boolean): void {
    if (extendsSelection) this.#options.selection.extendTo(place.line, this.#place.line);
    this.#place = place;
    this.#takesFocus = true;
    this.#grid.reveal(place);
    this.#options.request();
  }

  #lineAt(target: EventTarget | null): Line | undefined {
    const place = this.#grid.placeOf(target);
    return place === undefined ? undefined : this.#options.model.lines[place.line];
  }

  #click(event: MouseEvent): void {
    const { selection, request } = this.#options;
    const place = this.#grid.placeOf(event.target);
    const line = this.#lineAt(event.target);
    if (place === undefined || line === undefined) return;
    this.#place = place;
    this.#takesFocus = true;
    const part = partOf(event.target);
    if (part === 'twisty' || (line.kind === 'group' && place.column === 0)) this.#toggleLine(line, !line.isOpen);
    else if (part === 'star' && line.kind === 'run') this.#post('star', [line.key]);
    else if (event.shiftKey) selection.extendTo(place.line, place.line);
    else if (event.ctrlKey || event.metaKey) selection.toggle(line.key);
    else selection.press(line.key);
    request();
  }

  #select(how: 'toggle' | 'all' | 'none'): void {
    const { selection, model } = this.#options;
    const line = model.lines[this.#place.line];
    if (how === 'all') selection.all();
    else if (how === 'toggle' && line !== undefined) selection.toggle(line.key);
    else selection.clear();
  }

  #act(action: RunAction): void {
    const { selection, model, mayEdit } = this.#options;
    const line = model.lines[this.#place.line];
    const isOfOne = action === 'open' || action === 'rename' || action === 'note';
    if (line === undefined || (isOfOne && line.kind === 'group')) return;
    const runIds = isOfOne ? [line.key] : selection.meantBy(line);
    if (action !== 'open' && !mayEdit) return;
    this.#post(action, runIds);
  }

  #post(action: RunAction, runIds: readonly string[]): void {
    if (runIds.length > 0) this.#options.post({ type: 'act', action, runIds });
  }

  #toggleLine({ key }: Line, isOpen: boolean): void {
    const { open } = this.#options.state();
    this.#options.openLines(isOpen ? [...open, key] : open.filter((other) => other !== key));
  }

  #describeMenu(event: MouseEvent): void {
    const { selection, runs, state } = this.#options;
    const place = this.#grid.placeOf(event.target);
    const line = this.#lineAt(event.target);
    if (place !== undefined && line !== undefined) {
      this.#place = place;
      if (!selection.has(line.key)) selection.press(line.key);
    }
    const runIds = line === undefined ? [] : selection.meantBy(line);
    const run = runs().find(({ runId }) => runId === runIds[0]);
    const subject = line === undefined ? undefined : { project: state().root, runIds, run };
    this.#grid.root.dataset['vscodeContext'] = describeMenu(subject);
  }
}

function partOf(target: EventTarget | null): string | undefined {
  return target instanceof Element ? target.closest<HTMLElement>('[data-part]')?.dataset['part'] : undefined;
}
