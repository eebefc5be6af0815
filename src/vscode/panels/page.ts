import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { ExpectedError } from '../../protocol/errors.ts';
import { pageHtml } from './html.ts';

/** A page of `dist/webview` put into a panel. */
export interface PageSource {
  /** `run` or `predict`: the page's folder in `webview/`. */
  readonly page: string;
  readonly title: string;
  readonly texts: Readonly<Record<string, string>>;
  readonly context: unknown;
}

const pagesOf = (extensionUri: vscode.Uri): vscode.Uri => vscode.Uri.joinPath(extensionUri, 'dist', 'webview');

/** Only the built pages can be loaded, nothing of the workspace. Hidden pages are dropped and loaded again. */
export function pageOptions(extensionUri: vscode.Uri): vscode.WebviewPanelOptions & vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [pagesOf(extensionUri)], retainContextWhenHidden: false };
}

export function loadPage(webview: vscode.Webview, extensionUri: vscode.Uri, source: PageSource): void {
  const { page, title, texts, context } = source;
  const fileOf = (suffix: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(pagesOf(extensionUri), `${page}.${suffix}`)).toString();
  webview.options = pageOptions(extensionUri);
  webview.html = pageHtml({
    language: vscode.env.language,
    title,
    cspSource: webview.cspSource,
    nonce: randomBytes(16).toString('hex'),
    script: fileOf('js'),
    style: fileOf('css'),
    texts,
    context,
  });
}

export interface Listening<M> {
  /** Names the page in the log. */
  readonly name: string;
  /** Undefined for what is no message of the page. */
  readonly parse: (raw: unknown) => M | undefined;
  readonly handle: (message: M) => void;
  readonly log: vscode.LogOutputChannel;
}

/** Hears what a page sends. What is no message of it is ignored, and said once. */
export function listenToPage<M>(
  webview: vscode.Webview,
  { name, parse, handle, log }: Listening<M>,
): vscode.Disposable {
  let ignored = 0;
  return webview.onDidReceiveMessage((raw: unknown) => {
    const message = parse(raw);
    if (message !== undefined) {
      handle(message);
      return;
    }
    ignored += 1;
    if (ignored === 1) log.warn(`A ${name} page sent a message that is none; it was ignored.`);
  });
}

/** Does what a page asked for. True when it was done; otherwise the user has been told why not. */
export async function attempt(action: Promise<void>, log: vscode.LogOutputChannel): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    void vscode.window.showErrorMessage(toReason(error, log));
    return false;
  }
}

/** The sentence of a failure; one that nobody expected goes to the log with its stack. */
export function toReason(error: unknown, log: vscode.LogOutputChannel): string {
  if (!(error instanceof ExpectedError)) log.error(error instanceof Error ? error : String(error));
  return messageOf(error);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a page reports as its own error, cut to a length that a log can bear. */
export function logPageError(name: string, message: string, log: vscode.LogOutputChannel): void {
  log.error(`${name} page: ${message.slice(0, 2000)}`);
}
