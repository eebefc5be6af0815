import * as vscode from 'vscode';
import { RunPageSession } from '../../core/charts/charts.ts';
import { parseFromRunPage } from '../../protocol/chartcodec.ts';
import {
  chartProtocolVersion,
  runChartViewType,
  type FromRunPage,
  type PageNotice,
  type RunChange,
  type RunPageContext,
  type Steered,
  type StopRefused,
} from '../../protocol/charts.ts';
import type { Steering } from '../../protocol/steering.ts';
import type { RunPageQuestion } from '../../protocol/runpage.ts';
import type { RunFeed } from './feed.ts';
import { attempt, listenToPage, loadPage, logPageError, messageOf, toReason } from './page.ts';
import { registerPanels } from './panelset.ts';
import { isQuestion, type RunAnswers } from './runAnswers.ts';
import { runTexts } from './texts.ts';

/** In the log. */
const NAME = 'Run chart';

export interface RunChartOptions {
  readonly extensionUri: vscode.Uri;
  readonly feed: RunFeed;
  readonly answers: RunAnswers;
  readonly log: vscode.LogOutputChannel;
}

export interface RunCharts {
  dispose(): void;
  /** Shows a run: in the panel that has it already, else in a new one. */
  show(root: string, runId: string, options?: { readonly preserveFocus?: boolean }): void;
}

/** What a page leaves behind when the window closes; `root` and `runId` are all that the extension reads of it. */
interface PageState {
  readonly root: string;
  readonly runId: string;
}

/** How long a visible page may take to draw a message before it is sent everything again. */
const patience = 10_000;

/** Registers the panel's serializer, so that panels come back after a reload and go on following their runs. */
export function registerRunCharts(options: RunChartOptions): RunCharts {
  const { show, dispose } = registerPanels({
    viewType: runChartViewType,
    title: vscode.l10n.t('Run'),
    extensionUri: options.extensionUri,
    parse: (state) => (isPageState(state) ? state : undefined),
    create: (panel, state: PageState) => new RunChartPanel(panel, state, options),
  });
  return { dispose, show: (root, runId, { preserveFocus = false } = {}) => show({ root, runId }, { preserveFocus }) };
}

function isPageState(state: unknown): state is PageState {
  if (typeof state !== 'object' || state === null || !('root' in state) || !('runId' in state)) return false;
  return typeof state.root === 'string' && typeof state.runId === 'string';
}

/** One panel: follows one run at a time and keeps its page up to date. */
class RunChartPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #options: RunChartOptions;
  readonly #root: string;
  readonly #session: RunPageSession;
  readonly #subscriptions: vscode.Disposable[] = [];
  #runId: string;
  /** Counts loads, so that an answer that comes after a newer question is dropped. */
  #load = 0;
  #following: { dispose(): void } | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #hasEnded = false;
  #isDisposed = false;

  constructor(panel: vscode.WebviewPanel, { root, runId }: PageState, options: RunChartOptions) {
    this.#panel = panel;
    this.#options = options;
    this.#root = root;
    this.#runId = runId;
    this.#session = new RunPageSession(loadingNotice());
    this.#subscriptions.push(
      listenToPage(panel.webview, {
        name: NAME,
        parse: parseFromRunPage,
        handle: (message) => this.#handle(message),
        log: options.log,
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#setPage()),
    );
    this.#setPage();
    void this.#read();
  }

  shows({ root, runId }: PageState): boolean {
    return this.#root === root && this.#runId === runId;
  }

  reveal(preserveFocus: boolean): void {
    this.#panel.reveal(undefined, preserveFocus);
  }

  close(): void {
    this.#panel.dispose();
  }

  /** Called once the panel is gone. */
  dispose(): void {
    this.#isDisposed = true;
    this.#following?.dispose();
    clearTimeout(this.#watchdog);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #setPage(): void {
    loadPage(this.#panel.webview, this.#options.extensionUri, {
      page: 'run',
      title: vscode.l10n.t('Run'),
      texts: runTexts(vscode.l10n),
      context: {
        root: this.#root,
        runId: this.#runId,
        mayStop: vscode.workspace.isTrusted,
      } satisfies RunPageContext,
    });
  }

  /** Reads the whole run and follows it. What changes while it is being read is kept and applied on top. */
  async #read(): Promise<void> {
    const { feed } = this.#options;
    const load = (this.#load += 1);
    const early: RunChange[] = [];
    let isRead = false;
    this.#following?.dispose();
    this.#following = feed.follow(this.#root, this.#runId, (change) => {
      if (isRead) this.#apply(change);
      else early.push(change);
    });
    try {
      const snapshot = await feed.snapshot(this.#root, this.#runId);
      if (this.#isOutdated(load)) return;
      this.#session.showRun(snapshot);
      this.#panel.title = snapshot.run.name;
      this.#hasEnded = snapshot.run.endTime !== null;
      isRead = true;
      if (!early.every((change) => this.#session.change(change))) return void this.#read();
    } catch (error) {
      if (this.#isOutdated(load)) return;
      this.#session.showNotice(this.#toNotice(error));
    }
    this.#send();
    await this.#readRuns(load);
  }

  async #readRuns(load: number): Promise<void> {
    try {
      const runs = await this.#options.feed.runs(this.#root);
      if (this.#isOutdated(load)) return;
      this.#session.showRuns(runs);
      this.#send();
    } catch (error) {
      // The run is shown all the same; only the picker is short.
      this.#options.log.warn(`The runs of ${this.#root} could not be listed: ${messageOf(error)}`);
    }
  }

  #isOutdated(load: number): boolean {
    return this.#isDisposed || load !== this.#load;
  }

  #apply(change: RunChange): void {
    if (this.#isDisposed) return;
    if (!this.#session.change(change)) return void this.#read();
    if (change.run !== undefined) this.#panel.title = change.run.name;
    // What a run writes last (its test metrics) may be told after its end, or not at all: it is read once more as a whole.
    const isOver = (change.run?.endTime ?? null) !== null;
    if (isOver && !this.#hasEnded) return void this.#read();
    // A run that was resumed will end once more.
    if (change.run !== undefined) this.#hasEnded = isOver;
    this.#send();
  }

  #send(): void {
    const message = this.#isDisposed ? undefined : this.#session.next();
    if (message === undefined) return;
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#sendAgain(), patience);
    void this.#panel.webview.postMessage(message);
  }

  /** A message can be lost on its way; a hidden page asks for everything when it is loaded again. */
  #sendAgain(): void {
    if (!this.#session.isWaiting || !this.#panel.visible) return;
    this.#session.begin();
    this.#send();
  }

  #handle(message: FromRunPage): void {
    if (isQuestion(message)) return void attempt(this.#answer(message), this.#options.log);
    switch (message.type) {
      case 'ready':
        this.#session.begin();
        this.#send();
        return;
      case 'resync':
        this.#session.begin();
        return void this.#read();
      case 'ack':
        this.#session.acknowledge(message.sequence);
        this.#send();
        return;
      case 'setRun':
        this.#setRun(message.runId);
        return;
      case 'stopRun':
        return void this.#stop(message.runId);
      case 'steerRun':
        return void this.#steer(message.runId, message.steering);
      case 'openLog':
        return void attempt(this.#options.feed.openLog(this.#root, message.runId), this.#options.log);
      case 'error':
        logPageError(NAME, message.message, this.#options.log);
        return;
    }
  }

  async #answer(question: RunPageQuestion): Promise<void> {
    const answer = await this.#options.answers(this.#root, question);
    if (answer !== undefined && !this.#isDisposed) void this.#panel.webview.postMessage(answer);
  }

  #setRun(runId: string): void {
    if (runId === this.#runId) return;
    this.#runId = runId;
    this.#session.showNotice(loadingNotice());
    this.#send();
    void this.#read();
  }

  /** The page offers to stop a run until it is told that it is being stopped, or that it can't be. */
  async #stop(runId: string): Promise<void> {
    const isStopped = await attempt(this.#options.feed.stop(this.#root, runId), this.#options.log);
    if (isStopped || this.#isDisposed) return;
    const refusal: StopRefused = { protocol: chartProtocolVersion, type: 'stopRefused', runId };
    void this.#panel.webview.postMessage(refusal);
  }

  /** What has become of it shows in the run; the page only learns that it may ask again. */
  async #steer(runId: string, steering: Steering): Promise<void> {
    await attempt(this.#options.feed.steer(this.#root, runId, steering), this.#options.log);
    if (this.#isDisposed) return;
    const answer: Steered = { protocol: chartProtocolVersion, type: 'steered', runId };
    void this.#panel.webview.postMessage(answer);
  }

  #toNotice(error: unknown): PageNotice {
    return {
      kind: 'broken',
      text: vscode.l10n.t('The run can’t be read. {0}', toReason(error, this.#options.log)),
      action: 'retry',
    };
  }
}

function loadingNotice(): PageNotice {
  return { kind: 'loading', text: vscode.l10n.t('Reading the run.'), action: 'none' };
}
