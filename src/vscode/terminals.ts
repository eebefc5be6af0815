import path from 'node:path';
import * as vscode from 'vscode';

/** Terminals of trusted windows find this extension's own `mlops` first, in the editor's own runtime. */
export function offerCommandLine({
  environmentVariableCollection: variables,
  extensionPath,
}: vscode.ExtensionContext): void {
  variables.clear();
  if (!vscode.workspace.isTrusted) return;
  variables.description = new vscode.MarkdownString(vscode.l10n.t('Makes the `mlops` command available.'));
  variables.prepend('PATH', path.join(extensionPath, 'dist', 'bin') + path.delimiter);
  variables.replace('MLOPS_NODE', process.execPath);
}
