import * as vscode from 'vscode';
import { toAbsolute } from '../../core/trees/trees.ts';
import { ExpectedError } from '../../protocol/errors.ts';

/** What stands in the editor only would be lost, or would come back over what is written. `file` is relative to the project. */
export function refuseUnsaved(project: string, file: string): void {
  const { fsPath } = vscode.Uri.file(toAbsolute(project, file));
  const isUnsaved = vscode.workspace.textDocuments.some(({ uri, isDirty }) => isDirty && uri.fsPath === fsPath);
  if (isUnsaved)
    throw new ExpectedError('bad-input', vscode.l10n.t('{0} has changes that are not saved. Save it first.', file));
}
