import * as vscode from 'vscode';
import { DagPageSession, toGraphContent } from '../../core/dag/dag.ts';
import { groupOf, toAbsolute } from '../../core/trees/trees.ts';
import { dagViewType, type DagPageContext, type FromDagPage, type GraphNotice } from '../../protocol/dag.ts';
import { parseFromDagPage } from '../../protocol/dagcodec.ts';
import type { StageStatus, StatusDocument } from '../../protocol/pipeline.ts';
import { formatProblem } from '../../protocol/problem.ts';
import type { DagFeed } from './feed.ts';
import { attempt, listenToPage, loadPage, logPageError, toReason } from './page.ts';
import { registerPanels, rootOf } from './panelset.ts';
import { dagTexts } from './texts.ts';

/** In the log. */
const NAME = 'Graph';

export interface DagOptions {
  readonly extensionUri: vscode.Uri;
  readonly feed: DagFeed;
  readonly log: vscode.LogOutputChannel;
}

export interface DagPanels {
  dispose(): void;
  /** Shows the graph of a project: in the panel that has it already, else in a new one. */
  show(root: string): void;
}

/** One panel for each project; they come back after a reload of the window. */
export function registerDagPanels(options: DagOptions): DagPanels {
  return registerPanels({
    viewType: dagViewType,
    title: vscode.l10n.t('Pipeline'),
    extensionUri: options.extensionUri,
    parse: rootOf,
    create: (panel, root) => new DagPanel(panel, root, options),
  });
}

class DagPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #root: string;
  readonly #options: DagOptions;
  readonly #session: DagPageSession;
  readonly #subscriptions: readonly { dispose(): unknown }[];
  #stages: readonly StageStatus[] = [];
  #isReading = false;
  #isOutdated = false;
  #isDisposed = false;

  constructor(panel: vscode.WebviewPanel, root: string, options: DagOptions) {
    this.#panel = panel;
    this.#root = root;
    this.#options = options;
    this.#session = new DagPageSession(toNotice('loading', vscode.l10n.t('Reading the pipeline.')));
    this.#subscriptions = [
      listenToPage(panel.webview, {
        name: NAME,
        parse: parseFromDagPage,
        handle: (message) => this.#handle(message),
        log: options.log,
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#setPage()),
      options.feed.follow(root, () => void this.#read()),
    ];
    this.#setPage();
    void this.#read();
  }

  shows(root: string): boolean {
    return root === this.#root;
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
      page: 'dag',
      title: vscode.l10n.t('Pipeline'),
      texts: dagTexts(vscode.l10n),
      context: { root: this.#root, mayRun: vscode.workspace.isTrusted } satisfies DagPageContext,
    });
  }

  /** What changes while the status is being read is read once more afterwards, and not by readings side by side. */
  async #read(): Promise<void> {
    this.#isOutdated = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isOutdated && !this.#isDisposed) {
      this.#isOutdated = false;
      try {
        this.#show(await this.#options.feed.read(this.#root));
      } catch (error) {
        this.#session.show(this.#toFailure(error));
      }
      this.#send();
    }
    this.#isReading = false;
  }

  #show(status: StatusDocument): void {
    this.#stages = status.stages;
    const [worst] = status.problems.filter(({ severity }) => severity === 'error');
    const { t } = vscode.l10n;
    if (status.stages.length > 0) this.#session.show(toGraphContent(status, (...parts) => t(...parts)));
    else if (worst !== undefined) this.#session.show(toNotice('broken', formatProblem(worst), 'retry'));
    else {
      const action = vscode.workspace.isTrusted ? 'addStage' : 'none';
      this.#session.show(toNotice('empty', t('The pipeline has no stages: dvc.yaml names none.'), action));
    }
  }

  #send(): void {
    const message = this.#isDisposed ? undefined : this.#session.next();
    if (message !== undefined) void this.#panel.webview.postMessage(message);
  }

  #handle(message: FromDagPage): void {
    switch (message.type) {
      case 'ready':
        this.#session.begin();
        this.#send();
        return;
      case 'resync':
        this.#session.begin();
        this.#send();
        return void this.#read();
      case 'open':
        return void attempt(this.#open(message.name), this.#options.log);
      case 'run':
        return void attempt(this.#options.feed.run(this.#root, message.name, message.downstream), this.#options.log);
      case 'addStage':
        return void attempt(this.#options.feed.addStage(this.#root), this.#options.log);
      case 'error':
        logPageError(NAME, message.message, this.#options.log);
        return;
    }
  }

  /** Beside the graph, so that both can be seen; the next click shows its code in the same place. */
  async #open(name: string): Promise<void> {
    const stage = this.#stages.find((other) => other.name === name || groupOf(other.name) === name);
    if (stage === undefined) return;
    const start = new vscode.Position(Math.max(0, stage.line - 1), 0);
    await vscode.window.showTextDocument(vscode.Uri.file(toAbsolute(this.#root, stage.file)), {
      viewColumn: vscode.ViewColumn.Beside,
      preview: true,
      selection: new vscode.Range(start, start),
    });
  }

  #toFailure(error: unknown): GraphNotice {
    return toNotice(
      'broken',
      vscode.l10n.t('The pipeline can’t be read. {0}', toReason(error, this.#options.log)),
      'retry',
    );
  }
}

function toNotice(kind: GraphNotice['kind'], text: string, action: GraphNotice['action'] = 'none'): GraphNotice {
  return { kind, text, action };
}
