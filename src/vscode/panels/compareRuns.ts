import * as vscode from 'vscode';
import {
  compareProtocolVersion,
  compareViewType,
  type ComparePageContext,
  type FromComparePage,
  type ShownComparison,
  type ToComparePage,
} from '../../protocol/compare.ts';
import { parseFromComparePage } from '../../protocol/comparecodec.ts';
import { listOf, text } from '../../protocol/shapes.ts';
import type { Sides } from '../rundiffs.ts';
import { compareTexts } from './comparetexts.ts';
import type { CompareFeed } from './feed.ts';
import { attempt, listenToPage, loadPage, logPageError, toReason } from './page.ts';
import { registerPanels } from './panelset.ts';

/** In the log. */
const NAME = 'Compare';

export interface CompareOptions {
  readonly extensionUri: vscode.Uri;
  readonly feed: CompareFeed;
  readonly log: vscode.LogOutputChannel;
}

export interface ComparePanels {
  dispose(): void;
  /** Shows what runs have not in common; the others are measured by the first. */
  show(root: string, runIds: readonly string[]): void;
}

/** One panel for each set of runs; they come back after a reload of the window. */
export function registerComparePanels(options: CompareOptions): ComparePanels {
  const { show, dispose } = registerPanels({
    viewType: compareViewType,
    title: vscode.l10n.t('Compare Runs'),
    extensionUri: options.extensionUri,
    parse: parseState,
    create: (panel, compared: Compared) => new ComparePanel(panel, compared, options),
  });
  return { dispose, show: (root, runIds) => show({ root, runIds }) };
}

interface Compared {
  readonly root: string;
  readonly runIds: readonly string[];
}

function parseState(state: unknown): Compared | undefined {
  if (typeof state !== 'object' || state === null || !('root' in state) || !('runIds' in state)) return undefined;
  const { root, runIds } = state;
  return typeof root === 'string' && listOf(text)(runIds) ? { root, runIds: runIds as string[] } : undefined;
}

type Content<M = ToComparePage> = M extends ToComparePage ? Omit<M, 'protocol' | 'sequence'> : never;

class ComparePanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #root: string;
  readonly #options: CompareOptions;
  readonly #subscriptions: readonly { dispose(): unknown }[];
  #runIds: readonly string[];
  #shown: ShownComparison | undefined;
  #sequence = 0;
  #isReady = false;
  #isReading = false;
  #isOutdated = false;
  #isDisposed = false;

  constructor(panel: vscode.WebviewPanel, { root, runIds }: Compared, options: CompareOptions) {
    this.#panel = panel;
    this.#root = root;
    this.#runIds = runIds;
    this.#options = options;
    this.#subscriptions = [
      listenToPage(panel.webview, {
        name: NAME,
        parse: parseFromComparePage,
        handle: (message) => this.#handle(message),
        log: options.log,
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#setPage()),
      options.feed.follow(root, () => {
        if (this.#isReady) void this.#read();
      }),
    ];
    this.#setPage();
  }

  /** Whichever of them the others are measured by. */
  shows({ root, runIds }: Compared): boolean {
    const own = new Set(this.#runIds);
    return root === this.#root && runIds.length === own.size && runIds.every((runId) => own.has(runId));
  }

  reveal(): void {
    this.#panel.reveal();
  }

  close(): void {
    this.#panel.dispose();
  }

  /** Called once the panel is gone. */
  dispose(): void {
    this.#isDisposed = true;
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #setPage(): void {
    loadPage(this.#panel.webview, this.#options.extensionUri, {
      page: 'compare',
      title: this.#panel.title,
      texts: compareTexts(vscode.l10n),
      context: {
        root: this.#root,
        runIds: this.#runIds,
        mayReadCode: vscode.workspace.isTrusted,
      } satisfies ComparePageContext,
    });
  }

  /** What changes while something is being read is read once more afterwards. */
  async #read(): Promise<void> {
    this.#isOutdated = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isOutdated && !this.#isDisposed) {
      this.#isOutdated = false;
      this.#send(await this.#readContent());
    }
    this.#isReading = false;
  }

  async #readContent(): Promise<Content> {
    const { feed, log } = this.#options;
    try {
      this.#shown = await feed.read(this.#root, this.#runIds);
      return { type: 'comparison', comparison: this.#shown };
    } catch (error) {
      const sentence = vscode.l10n.t('The runs can’t be compared. {0}', toReason(error, log));
      return { type: 'notice', notice: { kind: 'broken', text: sentence, action: 'retry' } };
    }
  }

  #send(content: Content): void {
    if (this.#isDisposed) return;
    if (content.type === 'comparison')
      this.#panel.title = vscode.l10n.t('Compare: {0}', content.comparison.runs.map(({ name }) => name).join(' ↔ '));
    this.#sequence += 1;
    const message: ToComparePage = { protocol: compareProtocolVersion, sequence: this.#sequence, ...content };
    void this.#panel.webview.postMessage(message);
  }

  #handle(message: FromComparePage): void {
    const { feed, log } = this.#options;
    switch (message.type) {
      case 'ready':
      case 'resync':
        this.#isReady = true;
        return void this.#read();
      case 'open':
        return void attempt(feed.open(this.#root, message.runId), log);
      case 'measure': {
        this.#measureBy(message.runId);
        return;
      }
      case 'code': {
        this.#diff(message.runId, (sides) => feed.code(sides));
        return;
      }
      case 'config': {
        this.#diff(message.runId, (sides) => feed.config(sides));
        return;
      }
      case 'artifact': {
        this.#diff(message.runId, (sides) => feed.artifact(sides, message.path));
        return;
      }
      case 'error':
        logPageError(NAME, message.message, log);
        return;
    }
  }

  #measureBy(runId: string): void {
    if (!this.#runIds.includes(runId)) return;
    this.#runIds = [runId, ...this.#runIds.filter((one) => one !== runId)];
    void this.#read();
  }

  #diff(runId: string, open: (sides: Sides) => Promise<void>): void {
    const [before] = this.#shown?.runs ?? [];
    const after = this.#shown?.runs.find((run) => run.runId === runId);
    if (before === undefined || after === undefined) return;
    void attempt(open({ root: this.#root, before, after }), this.#options.log);
  }
}
