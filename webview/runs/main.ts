import '../shared/page.css';
import '../shared/plots/plots.css';
import 'uplot/dist/uPlot.min.css';
import './style.css';
import './relations/style.css';
import './charts/style.css';
import './plots/style.css';
import '../shared/pictures/pictures.css';
import './images/style.css';
import { fillIn, formatCount } from '../../src/core/charts/charts.ts';
import { RunsPageView, type CopyFormat } from '../../src/core/runtable/runtable.ts';
import type { RunsView } from '../../src/protocol/runsview.ts';
import {
  runTableProtocolVersion,
  type FromRunsPage,
  type PageExport,
  type RunsPageContext,
  type RunsPageMessage,
  type RunsTexts,
  type TableNotice,
  type TableView,
  type ToRunsPage,
} from '../../src/protocol/runtable.ts';
import { parseRunsPageMessage } from '../../src/protocol/runtablecodec.ts';
import { registerControls } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import { connectHost, readBodyData, type Host } from '../shared/host.ts';
import { onThemeChange, readTheme } from '../shared/theme.ts';
import type { ExportedChart } from '../shared/export/charts.ts';
import { LoadedTabs } from './loadedtabs.ts';
import { TableModel } from './model.ts';
import { createFilterBar, createFoot, createHeader, createNotice, type BarActions } from './parts.ts';
import { Selection } from './selection.ts';
import { ShownView } from './shownview.ts';
import { readContext, readPageState, type PageState } from './state.ts';
import type { TabFacts } from './tab.ts';
import { TablePanel } from './tablepanel.ts';
import { createTabs, type TabName } from './tabs.ts';

/** After so many milliseconds without a word the page says that nobody answers. */
const patience = 10_000;
/** The state is kept once nothing has moved for so long. */
const quiet = 300;

class RunsPage {
  readonly #texts: RunsTexts;
  readonly #host: Host<FromRunsPage>;
  readonly #context: RunsPageContext;
  readonly #received = new RunsPageView();
  readonly #header: ReturnType<typeof createHeader>;
  readonly #filterBar: ReturnType<typeof createFilterBar>;
  readonly #foot: ReturnType<typeof createFoot>;
  readonly #notice: ReturnType<typeof createNotice>;
  readonly #tabs: ReturnType<typeof createTabs>;
  readonly #table: TablePanel;
  readonly #others: LoadedTabs;
  readonly #model = new TableModel();
  readonly #selection = new Selection({
    lines: () => this.#model.lines,
    find: (runId) => this.#received.find(runId),
    onChange: () => this.#tellSelection(),
  });
  readonly #view: ShownView;
  readonly #spoken = element('p', { class: 'spoken', role: 'status' });
  #state: PageState;
  #theme = readTheme();
  #failure: TableNotice | undefined;
  #isAsked = false;
  #isOutdated = true;
  #keeping: ReturnType<typeof setTimeout> | undefined;

  constructor(texts: RunsTexts) {
    this.#texts = texts;
    registerControls();
    this.#host = connectHost<RunsPageMessage, FromRunsPage>({
      parse: parseRunsPageMessage,
      receive: (message) => this.#hear(message),
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
    this.#tabs = createTabs(texts, (tab) => this.#setState({ tab }));
    this.#header = createHeader(this.#tabs.root, texts, actions, this.#context.mayEdit);
    this.#filterBar = createFilterBar(texts, actions);
    this.#foot = createFoot(texts, actions, this.#context.mayEdit);
    this.#notice = createNotice(texts, actions);
    this.#table = this.#createTable();
    this.#others = this.#createOthers();
    const panels = element('main', {}, this.#table.root, ...this.#others.panels, this.#notice.root);
    document.body.append(this.#header.root, this.#filterBar.root, panels, this.#foot.root, this.#spoken);
    onThemeChange(() => {
      this.#theme = readTheme();
      this.#request();
    });
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
      onFilter: (filter) => this.#changeTable({ filter }),
      onGroup: (group) => this.#changeTable({ group }),
      onHidden: () => this.#changeTable({ showsHidden: !this.#state.view.table.showsHidden }),
      onColumns: () => this.#table.toggleChooser(),
      onView: (name) => this.#view.choose(name),
      onViewAct: (what) => this.#view.act(what),
      onCopy: (format) => this.#copy(format),
      onExport: (what) => this.#export(what, this.#texts.title, this.#others.current?.exported?.() ?? []),
      onRetry: () => this.#host.post({ type: 'resync' }),
    };
  }

  #createTable(): TablePanel {
    return new TablePanel({
      texts: this.#texts,
      model: this.#model,
      selection: this.#selection,
      mayEdit: this.#context.mayEdit,
      runs: () => this.#received.runs ?? [],
      state: () => this.#state,
      post: (message) => this.#host.post(message),
      changeView: (part) => this.#changeTable(part),
      openLines: (open) => this.#setState({ open }),
      scrolled: (scroll) => this.#scroll(scroll),
      copy: (format) => this.#copy(format),
      request: () => this.#request(),
      compute: () => this.#compute(),
      closed: () => this.#header.columns.focus(),
    });
  }

  #createOthers(): LoadedTabs {
    return new LoadedTabs({
      request: () => this.#request(),
      hostOf: (tab) => ({
        texts: this.#texts,
        project: () => this.#state.root,
        mayEdit: this.#context.mayEdit,
        post: (message) => this.#host.post(message),
        say: (words) => setText(this.#spoken, words),
        select: (runIds) => this.#selection.choose(runIds),
        changeView: (part) => this.#changeView(part),
        readState: () => this.#state.own[tab],
        writeState: (own) => this.#keepOwn(tab, own),
        takeAway: (what, name, charts) => this.#export(what, name, charts),
      }),
    });
  }

  #hear(message: RunsPageMessage): void {
    if (message.type === 'series' || message.type === 'pictures' || message.type === 'picture')
      this.#others.receive(message);
    else if (message.type === 'plots') this.#others.receivePlots(message);
    else this.#receive(message);
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
      case 'tab':
      case 'copy':
      case 'export':
        this.#obey(message);
        break;
      case 'runs':
      case 'notice':
        this.#failure = undefined;
    }
    this.#isOutdated = true;
    this.#request();
  }

  /** What a command or the extension wants of the page. */
  #obey(message: ToRunsPage): void {
    if (message.type === 'chosen') this.#view.choose(message.name);
    else if (message.type === 'tab') this.#setState({ tab: message.tab });
    else if (message.type === 'copy') this.#copy(message.format);
    else if (message.type === 'export') this.#actions().onExport(message.what);
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
    this.#table.keepPlace();
    this.#model.compute(this.#received.runs ?? [], view.table, new Set(open));
    this.#table.findPlace();
    this.#header.drawGroups(this.#model.facts.groupings, view.table.group);
    const { problem, ...facts } = this.#view.facts;
    this.#header.drawViews(facts);
    this.#filterBar.drawProblem(problem);
    this.#isOutdated = false;
  }

  #draw(): void {
    if (this.#isOutdated) this.#compute();
    const { view, tab } = this.#state;
    const { filter, showsHidden } = view.table;
    const notice = this.#noticeNow();
    this.#tabs.draw(tab);
    document.body.dataset['tab'] = tab;
    this.#notice.draw(notice);
    this.#filterBar.draw(filter, this.#model.mistake, showsHidden, this.#model.hidden);
    const isEmpty = this.#received.runs === undefined || notice === 'empty' || this.#failure !== undefined;
    this.#drawTab(tab, isEmpty);
    this.#foot.draw({
      shown: this.#model.shown.length,
      all: this.#received.runs?.length ?? 0,
      selected: this.#selection.runs.length,
      hidden: this.#model.hidden,
      objective: this.#model.facts.objective,
      unreadable: this.#received.unreadable,
      offers: this.#others.offers,
    });
  }

  #drawTab(tab: TabName, isEmpty: boolean): void {
    const isTable = tab === 'table';
    setHidden(this.#table.root, !isTable);
    if (isTable) this.#table.draw(isEmpty);
    this.#others.draw(isTable || isEmpty ? undefined : tab, this.#facts);
  }

  #noticeNow(): TableNotice | 'nothingFits' | 'empty' | undefined {
    if (this.#failure !== undefined) return this.#failure;
    const { runs, notice } = this.#received;
    if (notice !== undefined) return notice;
    if (runs === undefined) return { kind: 'loading', text: this.#texts.loading, action: 'none' };
    if (runs.length === 0) return 'empty';
    return this.#model.lines.length === 0 ? 'nothingFits' : undefined;
  }

  #changeTable(part: Partial<TableView>): void {
    this.#changeView({ table: { ...this.#state.view.table, ...part } });
  }

  #changeView(part: Partial<RunsView>): void {
    this.#setState({ view: { ...this.#state.view, ...part } });
    const { name, view } = this.#state;
    this.#host.post({ type: 'keep', name, view });
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

  #keepOwn(tab: TabName, own: unknown): void {
    this.#state = { ...this.#state, own: { ...this.#state.own, [tab]: own } };
    this.#keep();
  }

  #scroll(scroll: PageState['scroll']): void {
    this.#state = { ...this.#state, scroll };
    this.#keep();
    this.#request();
  }

  #tellSelection(): void {
    setText(this.#spoken, fillIn(this.#texts.selected, formatCount(this.#selection.runs.length)));
    this.#request();
  }

  #copy(format: CopyFormat): void {
    this.#host.post({ type: 'copied', text: this.#model.copy(this.#selection.runs, format) });
  }

  #export(what: PageExport, name: string, charts: readonly ExportedChart[]): void {
    const own = {
      ...{ name, charts, texts: this.#texts, facts: this.#facts, root: this.#others.current?.root },
      drawing: this.#others.current?.drawing?.(),
      post: (message: FromRunsPage) => this.#host.post(message),
      say: (words: string) => setText(this.#spoken, words),
    };
    // Rejections are reported by the page's host.
    void import('./exporting.ts').then(({ takeAway }) => takeAway(what, own));
  }

  get #facts(): TabFacts {
    return {
      shown: this.#model.inOrder,
      all: this.#received.runs ?? [],
      selected: this.#selection.runs,
      view: this.#state.view,
      objective: this.#model.facts.objective,
      theme: this.#theme,
    };
  }

  #showIgnored(count: number): void {
    document.body.dataset['ignored'] = String(count);
    if (this.#received.runs !== undefined) return;
    this.#failure = { kind: 'broken', text: this.#texts.ignored, action: 'retry' };
    this.#request();
  }
}

new RunsPage(readBodyData('texts') as RunsTexts).start();
