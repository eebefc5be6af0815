import * as vscode from 'vscode';
import { parseFromPredictPage } from '../../protocol/chartcodec.ts';
import {
  chartProtocolVersion,
  predictViewType,
  type FromPredictPage,
  type PredictedImage,
  type ToPredictPage,
} from '../../protocol/charts.ts';
import type { Prediction } from '../../protocol/training.ts';
import type { PredictFeed } from './feed.ts';
import { listenToPage, loadPage, logPageError, pageOptions, toReason } from './page.ts';
import { predictTexts } from './texts.ts';

/** In the log. */
const NAME = 'Predict';

export interface PredictOptions {
  readonly extensionUri: vscode.Uri;
  readonly feed: PredictFeed;
  readonly log: vscode.LogOutputChannel;
}

export interface PredictPanels {
  dispose(): void;
  /** Shows what a model says of images (absolute paths). Without images the page offers to choose some. */
  show(root: string, model: string, images?: readonly string[]): void;
}

/** Largest picture that is sent to the page, in bytes; a larger one is only named. */
const largestPicture = 16 * 1024 * 1024;

/** One panel for each model of a project. */
export function registerPredictPanels(options: PredictOptions): PredictPanels {
  const open = new Map<string, PredictPanel>();
  return {
    show(root, model, images = []) {
      const key = JSON.stringify([root, model]);
      const known = open.get(key);
      if (known !== undefined) {
        known.show(images);
        return;
      }
      const title = vscode.l10n.t('Predict: {0}', model);
      const column = vscode.ViewColumn.Active;
      const panel = vscode.window.createWebviewPanel(predictViewType, title, column, pageOptions(options.extensionUri));
      const created = new PredictPanel(panel, { root, model }, options);
      open.set(key, created);
      panel.onDidDispose(() => {
        open.delete(key);
        created.dispose();
      });
      created.show(images);
    },
    dispose() {
      for (const panel of [...open.values()]) panel.close();
    },
  };
}

type Content<M = ToPredictPage> = M extends ToPredictPage ? Omit<M, 'protocol' | 'sequence' | 'model'> : never;

class PredictPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #options: PredictOptions;
  readonly #root: string;
  readonly #model: string;
  #images: readonly string[] = [];
  #content: Content;
  #sequence = 0;
  #asked = 0;
  #isReady = false;
  #isDisposed = false;

  constructor(panel: vscode.WebviewPanel, { root, model }: { root: string; model: string }, options: PredictOptions) {
    this.#panel = panel;
    this.#options = options;
    this.#root = root;
    this.#model = model;
    this.#content = emptyContent();
    listenToPage(panel.webview, {
      name: NAME,
      parse: parseFromPredictPage,
      handle: (message) => this.#handle(message),
      log: options.log,
    });
    loadPage(panel.webview, options.extensionUri, {
      page: 'predict',
      title: panel.title,
      texts: predictTexts(vscode.l10n),
      context: { root, model },
    });
  }

  close(): void {
    this.#panel.dispose();
  }

  /** Called once the panel is gone. A prediction or a dialog may still be on its way; nothing is shown of them. */
  dispose(): void {
    this.#isDisposed = true;
  }

  show(images: readonly string[]): void {
    if (this.#isDisposed) return;
    this.#panel.reveal();
    if (images.length === 0) return;
    this.#images = images;
    void this.#predict();
  }

  #handle(message: FromPredictPage): void {
    switch (message.type) {
      case 'ready':
        this.#isReady = true;
        this.#send(this.#content);
        return;
      case 'retry':
        return void this.#predict();
      case 'chooseImages':
        return void this.#choose();
      case 'error':
        logPageError(NAME, message.message, this.#options.log);
        return;
    }
  }

  async #choose(): Promise<void> {
    const chosen = await vscode.window.showOpenDialog({
      canSelectMany: true,
      defaultUri: vscode.Uri.file(this.#root),
      filters: { [vscode.l10n.t('Images')]: ['png'] },
    });
    if (chosen !== undefined && chosen.length > 0) this.show(chosen.map(({ fsPath }) => fsPath));
  }

  async #predict(): Promise<void> {
    const asked = (this.#asked += 1);
    const text = vscode.l10n.t('The model looks at the images.');
    this.#send({ type: 'notice', notice: { kind: 'loading', text, action: 'none' } });
    const content = await this.#read().catch((error: unknown) => this.#toContent(error));
    if (asked === this.#asked) this.#send(content);
  }

  async #read(): Promise<Content> {
    const predictions = await this.#options.feed.predict(this.#root, this.#model, this.#images);
    return { type: 'predictions', images: await Promise.all(predictions.map(toImage)) };
  }

  #send(content: Content): void {
    this.#content = content;
    if (!this.#isReady || this.#isDisposed) return;
    this.#sequence += 1;
    const head = { protocol: chartProtocolVersion, sequence: this.#sequence, model: this.#model };
    const message: ToPredictPage = { ...head, ...content };
    void this.#panel.webview.postMessage(message);
  }

  #toContent(error: unknown): Content {
    const text = vscode.l10n.t('The images could not be read by the model. {0}', toReason(error, this.#options.log));
    return { type: 'notice', notice: { kind: 'broken', text, action: 'retry' } };
  }
}

function emptyContent(): Content {
  return {
    type: 'notice',
    notice: { kind: 'empty', text: vscode.l10n.t('No image has been chosen yet.'), action: 'none' },
  };
}

async function toImage({ image, label, probabilities }: Prediction): Promise<PredictedImage> {
  const uri = vscode.Uri.file(image);
  const name = image.split(/[\\/]/).at(-1) ?? image;
  const mediaType = /\.jpe?g$/i.test(image) ? 'image/jpeg' : 'image/png';
  const known = Object.entries(probabilities).filter(([, value]) => value >= 0 && value <= 1);
  return { name, bytes: await readPicture(uri), mediaType, label, probabilities: known };
}

/** Null when it can't be shown: what the model said of it stands all the same. */
async function readPicture(uri: vscode.Uri): Promise<Uint8Array | null> {
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    return size > largestPicture ? null : await vscode.workspace.fs.readFile(uri);
  } catch {
    return null; // The page says that the picture can't be shown; the file was there a moment ago, for the model.
  }
}
