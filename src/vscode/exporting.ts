import path from 'node:path';
import * as vscode from 'vscode';
import type { ReportRequest } from '../protocol/report.ts';
import type { ExportFeed } from './panels/feed.ts';

// Files that a person takes away. Where they go is asked by the editor; the engine writes them, each whole or not at all.

const kinds = {
  html: () => vscode.l10n.t('Web page'),
  png: () => vscode.l10n.t('Picture'),
  svg: () => vscode.l10n.t('Drawing'),
  csv: () => vscode.l10n.t('Comma-separated values'),
} as const satisfies Readonly<Record<string, () => string>>;

type Kind = keyof typeof kinds;

/** Gives where; undefined when the person backs out. */
async function askPlace(root: string, name: string, kind: Kind): Promise<string | undefined> {
  const defaultUri = vscode.Uri.file(path.join(root, `${toFileName(name)}.${kind}`));
  const chosen = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Export'),
    defaultUri,
    filters: { [kinds[kind]()]: [kind] },
  });
  return chosen?.fsPath;
}

/** A name from elsewhere as that of a file, on every system. */
function toFileName(name: string): string {
  const plain = name
    .replaceAll(/[^\p{L}\p{N}_. -]+/gu, '-')
    .replaceAll(/^[-. ]+|[-. ]+$/g, '')
    .slice(0, 60);
  return plain === '' ? 'runs' : plain;
}

export async function exportReport(feed: ExportFeed, root: string, report: ReportRequest): Promise<void> {
  const file = await askPlace(root, report.title, 'html');
  if (file === undefined) return;
  const writing = { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Writing the report') };
  const { notes } = await vscode.window.withProgress(writing, () => feed.writeReport(root, report, file));
  const open = vscode.l10n.t('Open');
  const name = path.basename(file);
  const message =
    notes.length === 0
      ? vscode.l10n.t('{0} is written.', name)
      : vscode.l10n.t('{0} is written; what could not be read stands at its end.', name);
  // Not awaited: the message stays until somebody closes it.
  void vscode.window.showInformationMessage(message, open).then((pressed) => {
    if (pressed === open) void vscode.env.openExternal(vscode.Uri.file(file));
  });
}

export async function copyReport(feed: ExportFeed, root: string, report: ReportRequest): Promise<void> {
  await vscode.env.clipboard.writeText(await feed.tellReport(root, report));
  vscode.window.setStatusBarMessage(vscode.l10n.t('Copied.'), 3000);
}

/** Every point of these metrics, as the store has them. */
export async function exportPoints(
  feed: ExportFeed,
  root: string,
  {
    name,
    runIds,
    metrics,
  }: { readonly name: string; readonly runIds: readonly string[]; readonly metrics: readonly string[] },
): Promise<void> {
  const file = await askPlace(root, name, 'csv');
  if (file === undefined) return;
  const points = await feed.writePoints(root, { runIds, metrics, file });
  vscode.window.setStatusBarMessage(vscode.l10n.t('{0} points are written.', points), 5000);
}

export async function exportPicture(
  feed: ExportFeed,
  root: string,
  { name, kind, bytes }: { readonly name: string; readonly kind: 'png' | 'svg'; readonly bytes: Uint8Array },
): Promise<void> {
  const file = await askPlace(root, name, kind);
  if (file === undefined) return;
  await feed.writeFile(file, bytes);
  vscode.window.setStatusBarMessage(vscode.l10n.t('{0} is written.', path.basename(file)), 5000);
}
