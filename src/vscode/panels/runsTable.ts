import path from 'node:path';
import * as vscode from 'vscode';
import { findViewNameMistake } from '../../core/views/views.ts';
import {
  runTableProtocolVersion,
  runTableViewType,
  type AskedTab,
  type FromRunsPage,
  type PageExport,
  type RunsPageContext,
  type RunTablePart,
  type SavedView,
  type TableStamp,
  type ToRunsPage,
} from '../../protocol/runtable.ts';
import type { PictureQuestion } from '../../protocol/pictures.ts';
import type { RunsView } from '../../protocol/runsview.ts';
import { parseRunsView } from '../../protocol/runsviewcodec.ts';
import { parseFromRunsPage } from '../../protocol/runtablecodec.ts';
import type { RunsFeed } from './feed.ts';
import { copyReport, exportPicture, exportPoints, exportReport } from '../exporting.ts';
import { attempt, listenToPage, loadPage, logPageError, toReason } from './page.ts';
import { isPictureQuestion } from './pictures.ts';
import { registerPanels, rootOf } from './panelset.ts';
import { PlotsAnswers } from './plotsAnswers.ts';
import { runsTexts } from './runstexts.ts';
import { SeriesFeed } from './seriesFeed.ts';

/** In the log. */
const NAME = 'Runs';

export interface RunsTableOptions {
  readonly extensionUri: vscode.Uri;
  readonly feed: RunsFeed;
  readonly log: vscode.LogOutputChannel;
  /** Keeps how each project's table looked last, for this person. */
  readonly memory: Pick<vscode.Memento, 'get' | 'update'>;
}

export interface RunsTables {
  dispose(): void;
  /** Shows the runs of a project: in the panel that has them already, else in a new one. */
  show(root: string, tab: AskedTab): void;
  /** Puts what is selected in the table that is in front, or all that it shows, into the clipboard. */
  copy(format: 'csv' | 'markdown' | 'json'): void;
  /** Asks the page that is in front for what is looked at there; false when none is. */
  takeAway(what: PageExport): boolean;
}

/** One panel for each project; they come back after a reload of the window. */
export function registerRunsTables(options: RunsTableOptions): RunsTables {
  /** Of a panel that comes back with the window nobody has asked for one. */
  let asked: AskedTab = 'charts';
  const { panels, show, dispose } = registerPanels({
    viewType: runTableViewType,
    title: vscode.l10n.t('Runs'),
    extensionUri: options.extensionUri,
    parse: rootOf,
    create: (panel, root: string) => new RunsTablePanel(panel, root, { ...options, tab: asked }),
  });
  return {
    dispose,
    show(root, tab) {
      const known = [...panels].find((panel) => panel.shows(root));
      asked = tab;
      show(root);
      asked = 'charts';
      known?.showTab(tab);
    },
    copy(format) {
      [...panels].find((panel) => panel.isActive)?.copy(format);
    },
    takeAway(what) {
      const active = [...panels].find((panel) => panel.isActive);
      active?.takeAway(what);
      return active !== undefined;
    },
  };
}

type Unnumbered<M = ToRunsPage> = M extends ToRunsPage ? Omit<M, 'protocol' | 'sequence'> : never;

/** What the page says of itself, beside what it asks for. */
type Heeded = Exclude<FromRunsPage, PictureQuestion | TakenAway | { readonly type: 'watch' | 'watched' | 'askPlots' }>;

class RunsTablePanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #root: string;
  readonly #options: RunsTableOptions & { readonly tab: AskedTab };
  readonly #series: SeriesFeed;
  readonly #subscriptions: readonly { dispose(): unknown }[];
  readonly #plots: PlotsAnswers;
  #sequence = 0;
  /** Null: the page has nothing yet. */
  #stamp: TableStamp | null = null;
  #views: string | undefined;
  /** Counts how often the page has begun again: what was asked for before is not for it any more. */
  #load = 0;
  #isReading = false;
  #isOutdated = false;
  #isDisposed = false;

  constructor(panel: vscode.WebviewPanel, root: string, options: RunsTableOptions & { readonly tab: AskedTab }) {
    this.#panel = panel;
    this.#root = root;
    this.#options = options;
    this.#panel.title = vscode.l10n.t('Runs');
    this.#series = new SeriesFeed({
      ...{ root, feed: options.feed, log: options.log },
      post: (message) => void panel.webview.postMessage(message),
    });
    this.#subscriptions = [
      listenToPage(panel.webview, {
        name: NAME,
        parse: parseFromRunsPage,
        handle: (message) => this.#handle(message),
        log: options.log,
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#setPage()),
      options.feed.follow(root, () => {
        if (this.#load > 0) void this.#read();
        this.#series.check();
      }),
      // A page that can't be seen is dropped; the one that comes back watches anew.
      panel.onDidChangeViewState(() => {
        if (panel.visible) return;
        this.#series.stop();
        this.#plots.stop();
      }),
    ];
    this.#plots = new PlotsAnswers({
      root,
      feed: options.feed,
      post: (message) => void panel.webview.postMessage(message),
      toReason: (error) => toReason(error, options.log),
    });
    this.#setPage();
  }

  shows(root: string): boolean {
    return root === this.#root;
  }

  get isActive(): boolean {
    return this.#panel.active;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  close(): void {
    this.#panel.dispose();
  }

  showTab(tab: AskedTab): void {
    this.#send({ type: 'tab', tab });
  }

  copy(format: 'csv' | 'markdown' | 'json'): void {
    this.#send({ type: 'copy', format });
  }

  takeAway(what: PageExport): void {
    this.#send({ type: 'export', what });
  }

  /** Called once the panel is gone. */
  dispose(): void {
    this.#isDisposed = true;
    this.#series.stop();
    this.#plots.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #setPage(): void {
    loadPage(this.#panel.webview, this.#options.extensionUri, {
      page: 'runs',
      title: vscode.l10n.t('Runs'),
      texts: runsTexts(vscode.l10n),
      context: {
        root: this.#root,
        mayEdit: vscode.workspace.isTrusted,
        tab: this.#options.tab,
        kept: this.#recall(),
      } satisfies RunsPageContext,
    });
  }

  get #key(): string {
    return `mlops.runsTable:${this.#root}`;
  }

  #recall(): RunsPageContext['kept'] {
    const kept: unknown = this.#options.memory.get(this.#key);
    if (typeof kept !== 'object' || kept === null || !('view' in kept) || !('name' in kept)) return null;
    const view = parseRunsView(kept.view);
    return view === undefined ? null : { name: typeof kept.name === 'string' ? kept.name : null, view };
  }

  #begin(): void {
    this.#load += 1;
    this.#stamp = null;
    this.#views = undefined;
    void this.#read();
  }

  /** What changes while something is being read is read once more afterwards, and not by readings side by side. */
  async #read(): Promise<void> {
    this.#isOutdated = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isOutdated && !this.#isDisposed) {
      this.#isOutdated = false;
      await this.#readOnce(this.#load);
    }
    this.#isReading = false;
  }

  async #readOnce(load: number): Promise<void> {
    const { feed, log } = this.#options;
    const isPast = (): boolean => load !== this.#load || this.#isDisposed;
    try {
      const views = await feed.views(this.#root);
      if (isPast()) return;
      this.#sendViews(views);
      const part = await feed.read(this.#root, this.#stamp);
      if (!isPast()) this.#sendRuns(part);
    } catch (error) {
      if (isPast()) return;
      const text = vscode.l10n.t('The runs can’t be read. {0}', toReason(error, log));
      this.#send({ type: 'notice', notice: { kind: 'broken', text, action: 'retry' } });
      // Nobody knows what the page lacks now.
      this.#stamp = null;
    }
  }

  /** Bytes are handed on as they are: the host reads nothing of them. */
  #sendRuns({ stamp, isWhole, parts, removed, unreadable }: RunTablePart): void {
    this.#stamp = stamp;
    parts.forEach((bytes, index) => {
      const [begins, ends] = [isWhole && index === 0, index === parts.length - 1];
      this.#send({ type: 'runs', begins, ends, bytes, removed: ends ? removed : [], unreadable });
    });
    if (parts.length === 0 && removed.length > 0)
      this.#send({ type: 'runs', begins: false, ends: true, bytes: nothing, removed, unreadable });
  }

  #sendViews(views: readonly SavedView[]): void {
    const text = JSON.stringify(views);
    if (text === this.#views) return;
    this.#views = text;
    this.#send({ type: 'views', views });
  }

  #send(message: Unnumbered): void {
    if (this.#isDisposed || this.#load === 0) return;
    this.#sequence += 1;
    void this.#panel.webview.postMessage({ protocol: runTableProtocolVersion, sequence: this.#sequence, ...message });
  }

  #handle(message: FromRunsPage): void {
    const { log } = this.#options;
    if (isPictureQuestion(message)) return void attempt(this.#answerPicture(message), log);
    if (isTakenAway(message)) return void attempt(this.#export(message), log);
    if (message.type === 'watch' || message.type === 'watched') {
      this.#series.handle(message);
      return;
    }
    if (message.type === 'askPlots') {
      this.#plots.ask(message);
      return;
    }
    this.#heed(message);
  }

  #heed(message: Heeded): void {
    const { feed, log, memory } = this.#options;
    switch (message.type) {
      case 'ready':
        this.#series.stop();
        this.#begin();
        return;
      case 'resync':
        this.#begin();
        return;
      case 'act':
        return void attempt(feed.act(this.#root, message.action, message.runIds), log);
      case 'copied':
        return void attempt(this.#copy(message.text), log);
      case 'keep':
        return void memory.update(this.#key, { name: message.name, view: message.view });
      case 'saveView':
        return void attempt(this.#save(message.name, message.view), log);
      case 'deleteView':
        return void attempt(this.#delete(message.name), log);
      case 'openView':
        return void attempt(this.#open(message.name), log);
      case 'error':
        logPageError(NAME, message.message, log);
        return;
    }
  }

  async #answerPicture(question: PictureQuestion): Promise<void> {
    const answer = await this.#options.feed.pictures(this.#root, question);
    if (!this.#isDisposed) void this.#panel.webview.postMessage(answer);
  }

  async #copy(text: string): Promise<void> {
    await vscode.env.clipboard.writeText(text);
    vscode.window.setStatusBarMessage(vscode.l10n.t('Copied.'), 3000);
  }

  async #save(name: string | null, view: RunsView): Promise<void> {
    const chosen = name ?? (await this.#askName());
    if (chosen === undefined) return;
    await this.#options.feed.saveView(this.#root, chosen, view);
    this.#sendViews(await this.#options.feed.views(this.#root));
    this.#send({ type: 'chosen', name: chosen });
  }

  #export(message: TakenAway): Promise<void> {
    const { feed } = this.#options;
    if (message.type === 'picture') return exportPicture(feed, this.#root, message);
    if (message.type === 'points') return exportPoints(feed, this.#root, message);
    const { runIds, view, format } = message;
    const report = { title: vscode.l10n.t('Runs of {0}', path.basename(this.#root)), runIds, view };
    return format === 'html' ? exportReport(feed, this.#root, report) : copyReport(feed, this.#root, report);
  }

  async #askName(): Promise<string | undefined> {
    const text = await vscode.window.showInputBox({
      title: vscode.l10n.t('Save View As'),
      prompt: vscode.l10n.t('It becomes a file in .mlops/views, for everybody who has the project'),
      validateInput: (name) => findViewNameMistake(name.trim()),
    });
    return text?.trim();
  }

  async #delete(name: string): Promise<void> {
    const sure = vscode.l10n.t('Delete');
    const message = vscode.l10n.t('Delete the view {0}? Its file .mlops/views/{0}.yaml goes with it.', name);
    if ((await vscode.window.showWarningMessage(message, { modal: true }, sure)) !== sure) return;
    await this.#options.feed.deleteView(this.#root, name);
  }

  async #open(name: string): Promise<void> {
    if (findViewNameMistake(name) !== undefined) return;
    await vscode.window.showTextDocument(vscode.Uri.file(path.join(this.#root, '.mlops', 'views', `${name}.yaml`)));
  }
}

type TakenAway = Extract<FromRunsPage, { type: 'report' | 'picture' | 'points' }>;

function isTakenAway(message: FromRunsPage): message is TakenAway {
  return ['report', 'picture', 'points'].includes(message.type);
}

/** As an empty list of runs is packed. */
const nothing = new TextEncoder().encode('[]');
