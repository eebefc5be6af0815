import '../shared/page.css';
import './style.css';
import { fillIn, formatCount } from '../../src/core/charts/charts.ts';
import { pressHead, RunsPageView, type CopyFormat, type Line } from '../../src/core/runtable/runtable.ts';
import {
  runTableProtocolVersion,
  type FromRunsPage,
  type RunAction,
  type RunsPageContext,
  type RunsTexts,
  type TableNotice,
  type TableView,
  type ToRunsPage,
} from '../../src/protocol/runtable.ts';
import { parseToRunsPage } from '../../src/protocol/runtablecodec.ts';
import { registerControls } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import { connectHost, readBodyData, type Host } from '../shared/host.ts';
import { createChooser } from './chooser.ts';
import { Grid, rowHeight, type Place } from './grid.ts';
import { pressKey, type GridKeys } from './keys.ts';
import { changeColumn, clampWidth, moveColumn } from './layout.ts';
import { describeMenu } from './menu.ts';
import { TableModel } from './model.ts';
import { createFilterBar, createFoot, createHeader, createNotice, type BarActions } from './parts.ts';
import { Selection } from './selection.ts';
import { ShownView } from './shownview.ts';
import { readContext, readPageState, type PageState } from './state.ts';

/** After so many milliseconds without a word the page says that nobody answers. */
const patience = 10_000;
/** The state is kept once nothing has moved for so long. */
const quiet = 300;
/** By how many pixels a key makes a column wider. */
const widening = 16;

class RunsPage {
  readonly #texts: RunsTexts;
  readonly #host: Host<FromRunsPage>;
  readonly #context: RunsPageContext;
  readonly #received = new RunsPageView();
  readonly #header: ReturnType<typeof createHeader>;
  readonly #filterBar: ReturnType<typeof createFilterBar>;
  readonly #foot: ReturnType<typeof createFoot>;
  readonly #notice: ReturnType<typeof createNotice>;
  readonly #chooser: ReturnType<typeof createChooser>;
  readonly #grid: Grid;
  readonly #model = new TableModel();
  readonly #selection = new Selection(
    () => this.#model.lines,
    () => this.#tellSelection(),
  );
  readonly #view: ShownView;
  readonly #spoken = element('p', { class: 'spoken', role: 'status' });
  #state: PageState;
  #place: Place = { line: -1, column: 0 };
  #failure: TableNotice | undefined;
  #isAsked = false;
  #isOutdated = true;
  #takesFocus = false;
  #isScrolled = false;
  #keeping: ReturnType<typeof setTimeout> | undefined;

  constructor(texts: RunsTexts) {
    this.#texts = texts;
    registerControls();
    this.#host = connectHost<ToRunsPage, FromRunsPage>({
      parse: parseToRunsPage,
      receive: (message) => this.#receive(message),
      ignored: (count) => this.#showIgnored(count),
      toError: (message) => ({ type: 'error', message }),
    });
    const given = readBodyData('context');
    this.#context = readContext(given);
    this.#state = readPageState(this.#host.readState(), given);
    this.#host.writeState(this.#state);
    this.#view = new ShownView({
      host: this.#host,
      views: () => this.#received.views,
      state: () => this.#state,
      setState: (part) => this.#setState(part),
      columns: () => this.#model.columns,
    });
    const actions = this.#actions();
    this.#header = createHeader(texts, actions, this.#context.mayEdit);
    this.#filterBar = createFilterBar(texts, actions);
    this.#foot = createFoot(texts, actions);
    this.#notice = createNotice(texts, actions);
    this.#chooser = createChooser({
      texts,
      onChange: (columns) => this.#changeView({ columns }),
      onClose: () => this.#closeChooser(),
    });
    this.#grid = new Grid({
      texts,
      onScroll: () => this.#scroll(),
      onSort: (column, adds) => this.#sort(column, adds),
      onResize: (id, width) => this.#changeView({ columns: changeColumn(this.#model.columns, id, { width }) }),
      onMove: (id, to) => this.#changeView({ columns: moveColumn(this.#model.columns, id, to) }),
    });
    const main = element(
      'main',
      { 'id': 'panel-table', 'role': 'tabpanel', 'aria-labelledby': 'tab-table' },
      this.#grid.root,
      this.#notice.root,
      this.#chooser.root,
    );
    document.body.append(this.#header.root, this.#filterBar.root, main, this.#foot.root, this.#spoken);
    this.#listen();
  }

  start(): void {
    this.#draw();
    this.#host.post({ type: 'ready', protocol: runTableProtocolVersion });
    setTimeout(() => {
      if (this.#received.runs !== undefined || this.#received.notice !== undefined) return;
      this.#failure = { kind: 'broken', text: this.#texts.noConnection, action: 'retry' };
      this.#request();
    }, patience);
  }

  #actions(): BarActions {
    return {
      onFilter: (filter) => this.#changeView({ filter }),
      onGroup: (group) => this.#changeView({ group }),
      onHidden: () => this.#changeView({ showsHidden: !this.#state.view.showsHidden }),
      onColumns: () => (this.#chooser.isOpen ? this.#closeChooser() : this.#openChooser()),
      onView: (name) => this.#view.choose(name),
      onViewAct: (what) => this.#view.act(what),
      onCopy: (format) => this.#copy(format),
      onRetry: () => this.#host.post({ type: 'resync' }),
    };
  }

  #listen(): void {
    const { root } = this.#grid;
    const keys: GridKeys = {
      grid: this.#grid,
      lines: () => this.#model.lines,
      columnCount: () => this.#model.layout.columns.length,
      place: () => this.#place,
      onGo: (place, extendsSelection) => this.#go(place, extendsSelection),
      onToggleLine: (line, isOpen) => this.#toggleLine(line, isOpen),
      onSelect: (how) => this.#select(how),
      onAct: (action) => this.#act(action),
      onCopy: () => this.#copy('csv'),
      onHead: (what) => this.#actOnHead(what),
    };
    root.addEventListener('keydown', (event) => {
      if (
        event.target instanceof HTMLElement &&
        this.#grid.placeOf(event.target) !== undefined &&
        pressKey(event, keys)
      )
        event.preventDefault();
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
    new ResizeObserver(() => this.#request()).observe(root);
  }

  #receive(message: ToRunsPage): void {
    switch (this.#received.receive(message)) {
      case 'resync':
        this.#host.post({ type: 'resync' });
        return;
      case 'broken':
        this.#showIgnored(Number(document.body.dataset['ignored'] ?? 0) + 1);
        return;
      case 'old':
        return;
      case 'views':
        this.#view.follow();
        break;
      case 'chosen':
        if (message.type === 'chosen') this.#view.choose(message.name);
        break;
      case 'copy':
        if (message.type === 'copy') this.#copy(message.format);
        break;
      case 'runs':
      case 'notice':
        this.#failure = undefined;
    }
    this.#isOutdated = true;
    this.#request();
  }

  #request(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      this.#draw();
    });
  }

  #compute(): void {
    const { view, open } = this.#state;
    const all = this.#received.runs ?? [];
    const key = this.#model.lines[this.#place.line]?.key;
    this.#model.compute(all, view, new Set(open));
    this.#keepPlace(key);
    this.#header.drawGroups(this.#model.facts.groupings, view.group);
    const { problem, ...facts } = this.#view.facts;
    this.#header.drawViews(facts);
    this.#filterBar.drawProblem(problem);
    this.#isOutdated = false;
  }

  /** The keys stay on the run that they were on, wherever it stands now. */
  #keepPlace(key: string | undefined): void {
    const { line, column } = this.#place;
    const now = this.#model.indexOf(key);
    const next = now === -1 ? Math.min(line, this.#model.lines.length - 1) : now;
    this.#place = { line: next, column: Math.min(column, Math.max(0, this.#model.layout.columns.length - 1)) };
  }

  #draw(): void {
    if (this.#isOutdated) this.#compute();
    const { view } = this.#state;
    const notice = this.#noticeNow();
    this.#notice.draw(notice);
    this.#filterBar.draw(view.filter, this.#model.mistake, view.showsHidden, this.#model.hidden);
    this.#foot.draw({
      shown: this.#model.shown.length,
      all: this.#received.runs?.length ?? 0,
      selected: this.#selection.runs.length,
      hidden: this.#model.hidden,
      objective: this.#model.facts.objective,
      unreadable: this.#received.unreadable,
    });
    setHidden(this.#grid.root, this.#received.runs === undefined || notice === 'empty' || this.#failure !== undefined);
    const { root } = this.#grid;
    root.setAttribute('aria-label', fillIn(this.#texts.gridOf, formatCount(this.#model.shown.length)));
    root.setAttribute('aria-description', this.#texts.gridHint);
    const hadFocus = this.#grid.hasFocus || this.#takesFocus;
    this.#grid.draw({
      lines: this.#model.lines,
      layout: this.#model.layout,
      sort: this.#model.sort,
      selected: this.#selection.keys,
      place: this.#place,
    });
    if (hadFocus) this.#grid.focus();
    this.#takesFocus = false;
    this.#scrollBack();
  }

  /** Once there is something to scroll. */
  #scrollBack(): void {
    const { top, left } = this.#state.scroll;
    if (this.#isScrolled || this.#model.lines.length * rowHeight < top) return;
    if (this.#model.lines.length === 0) return;
    this.#isScrolled = true;
    this.#grid.root.scrollTo({ top, left });
  }

  #noticeNow(): TableNotice | 'nothingFits' | 'empty' | undefined {
    if (this.#failure !== undefined) return this.#failure;
    const { runs, notice } = this.#received;
    if (notice !== undefined) return notice;
    if (runs === undefined) return { kind: 'loading', text: this.#texts.loading, action: 'none' };
    if (runs.length === 0) return 'empty';
    return this.#model.lines.length === 0 ? 'nothingFits' : undefined;
  }

  #changeView(part: Partial<TableView>): void {
    this.#setState({ view: { ...this.#state.view, ...part } });
    const { name, view } = this.#state;
    this.#host.post({ type: 'keep', name, view });
    if (this.#chooser.isOpen && part.columns === null) {
      this.#compute();
      this.#chooser.show(this.#model.columns, this.#received.runs ?? []);
    }
  }

  #setState(part: Partial<PageState>): void {
    this.#state = { ...this.#state, ...part };
    this.#isOutdated = true;
    this.#keep();
    this.#request();
  }

  #keep(): void {
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => this.#host.writeState(this.#state), quiet);
  }

  #scroll(): void {
    const { scrollTop: top, scrollLeft: left } = this.#grid.root;
    this.#state = { ...this.#state, scroll: { top, left } };
    this.#keep();
    this.#request();
  }

  #sort(column: string, adds: boolean): void {
    this.#changeView({ sort: pressHead(this.#model.sort, column, adds) });
    this.#place = { line: -1, column: this.#model.columnAt(column) };
    this.#takesFocus = true;
  }

  #actOnHead(what: Parameters<GridKeys['onHead']>[0]): void {
    const placed = this.#model.layout.columns[this.#place.column];
    if (placed === undefined) return;
    const { id } = placed.column;
    if ('sort' in what) this.#sort(id, what.sort);
    else if ('wider' in what) {
      const width = clampWidth(placed.width + what.wider * widening);
      this.#changeView({ columns: changeColumn(this.#model.columns, id, { width }) });
    } else {
      this.#changeView({ columns: moveColumn(this.#model.columns, id, what.move) });
      this.#compute();
      this.#place = { line: -1, column: this.#model.columnAt(id) };
    }
  }

  #go(place: Place, extendsSelection: boolean): void {
    if (extendsSelection) this.#selection.extendTo(place.line, this.#place.line);
    this.#place = place;
    this.#takesFocus = true;
    this.#grid.reveal(place);
    this.#request();
  }

  #lineAt(target: EventTarget | null): Line | undefined {
    const place = this.#grid.placeOf(target);
    return place === undefined ? undefined : this.#model.lines[place.line];
  }

  #click(event: MouseEvent): void {
    const place = this.#grid.placeOf(event.target);
    const line = place === undefined ? undefined : this.#model.lines[place.line];
    if (place === undefined || line === undefined) return;
    this.#place = place;
    this.#takesFocus = true;
    const part = partOf(event.target);
    if (part === 'twisty' || (line.kind === 'group' && place.column === 0)) this.#toggleLine(line, !line.isOpen);
    else if (part === 'star' && line.kind === 'run') this.#post('star', [line.key]);
    else if (event.shiftKey) this.#selection.extendTo(place.line, place.line);
    else if (event.ctrlKey || event.metaKey) this.#selection.toggle(line.key);
    else this.#selection.press(line.key);
    this.#request();
  }

  #select(how: 'toggle' | 'all' | 'none'): void {
    const line = this.#model.lines[this.#place.line];
    if (how === 'all') this.#selection.all();
    else if (how === 'toggle' && line !== undefined) this.#selection.toggle(line.key);
    else this.#selection.clear();
  }

  #tellSelection(): void {
    setText(this.#spoken, fillIn(this.#texts.selected, formatCount(this.#selection.runs.length)));
    this.#request();
  }

  #act(action: RunAction): void {
    const line = this.#model.lines[this.#place.line];
    const isOfOne = action === 'open' || action === 'rename' || action === 'note';
    if (line === undefined || (isOfOne && line.kind === 'group')) return;
    const runIds = isOfOne ? [line.key] : this.#selection.meantBy(line);
    if (action !== 'open' && !this.#context.mayEdit) return;
    this.#post(action, runIds);
  }

  #post(action: RunAction, runIds: readonly string[]): void {
    if (runIds.length > 0) this.#host.post({ type: 'act', action, runIds });
  }

  #toggleLine({ key }: Line, isOpen: boolean): void {
    const { open } = this.#state;
    this.#setState({ open: isOpen ? [...open, key] : open.filter((other) => other !== key) });
  }

  #copy(format: CopyFormat): void {
    this.#host.post({ type: 'copied', text: this.#model.copy(this.#selection.runs, format) });
  }

  #describeMenu(event: MouseEvent): void {
    const place = this.#grid.placeOf(event.target);
    const line = place === undefined ? undefined : this.#model.lines[place.line];
    if (place !== undefined && line !== undefined) {
      this.#place = place;
      if (!this.#selection.has(line.key)) this.#selection.press(line.key);
    }
    const runIds = line === undefined ? [] : this.#selection.meantBy(line);
    const run = this.#received.find(runIds[0] ?? '');
    const subject = line === undefined ? undefined : { project: this.#state.root, runIds, run };
    this.#grid.root.dataset['vscodeContext'] = describeMenu(subject);
  }

  #openChooser(): void {
    this.#chooser.show(this.#model.columns, this.#received.runs ?? []);
  }

  #closeChooser(): void {
    this.#chooser.hide();
    this.#header.columns.focus();
  }

  #showIgnored(count: number): void {
    document.body.dataset['ignored'] = String(count);
    if (this.#received.runs !== undefined) return;
    this.#failure = { kind: 'broken', text: this.#texts.ignored, action: 'retry' };
    this.#request();
  }
}

function partOf(target: EventTarget | null): string | undefined {
  return target instanceof Element ? target.closest<HTMLElement>('[data-part]')?.dataset['part'] : undefined;
}

new RunsPage(readBodyData('texts') as RunsTexts).start();
