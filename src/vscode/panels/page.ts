import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
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
