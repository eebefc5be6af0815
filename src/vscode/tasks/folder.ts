import path from 'node:path';
import * as vscode from 'vscode';

/** The project's folder as seen from its workspace folder, with forward slashes; empty where the two are one. */
export function toFolderBelow(root: string): string {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(root));
  return folder === undefined ? '' : path.relative(folder.uri.fsPath, root).split(path.sep).join('/');
}
