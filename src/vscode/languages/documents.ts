import path from 'node:path';
import * as vscode from 'vscode';
import type { OpenText, TextEdit, TextRange } from '../../protocol/editing.ts';
import type { Projects } from '../projects.ts';

/** A file of a project of this window. */
export interface PlacedFile {
  readonly project: string;
  /** Relative to the root, with forward slashes. */
  readonly file: string;
}

/** The project that a file lies in: of nested ones the innermost. */
export function placeFile(projects: Pick<Projects, 'list'>, uri: vscode.Uri): PlacedFile | undefined {
  if (uri.scheme !== 'file') return undefined;
  const [nearest] = projects.list
    .map(({ root }) => ({ project: root, file: path.relative(root, uri.fsPath).split(path.sep).join('/') }))
    .filter(({ file }) => file !== '' && file !== '..' && !file.startsWith('../') && !path.isAbsolute(file))
    .sort((a, b) => a.file.length - b.file.length);
  return nearest;
}

export function toUri(project: string, file: string): vscode.Uri {
  return vscode.Uri.file(path.resolve(project, file));
}

/** dvc.yaml files, wherever they are: what lenses, completions and hovers are for. */
export const pipelineFiles: vscode.DocumentSelector = { scheme: 'file', pattern: '**/dvc.yaml' };

/** Configs of models; `placeFile` says of which project. */
export const configFiles: vscode.DocumentSelector = { scheme: 'file', pattern: '**/configs/*.{yaml,yml}' };

const checkedNames = /\.(?:ya?ml|json|toml|py|lock|dvc)$/;

/** True for texts that decide what is wrong with a pipeline: its own, and whatever may hold params. */
export function isChecked({ uri }: vscode.TextDocument): boolean {
  return uri.scheme === 'file' && checkedNames.test(uri.fsPath);
}

/** Texts of a project that are not saved yet. */
export function listUnsaved(projects: Pick<Projects, 'list'>, project: string): readonly OpenText[] {
  return vscode.workspace.textDocuments
    .filter((document) => document.isDirty && isChecked(document))
    .flatMap((document) => {
      const placed = placeFile(projects, document.uri);
      return placed?.project === project ? [{ file: placed.file, text: document.getText() }] : [];
    });
}

export function toRange({ line, column, endLine, endColumn }: TextRange): vscode.Range {
  return new vscode.Range(line - 1, column - 1, endLine - 1, endColumn - 1);
}

export function toWorkspaceEdit(project: string, edits: readonly TextEdit[]): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  for (const { file, range, text } of edits) edit.replace(toUri(project, file), toRange(range), text);
  return edit;
}

/** Where the cursor stands, as the engine counts. */
export function toQuestion(
  { file }: PlacedFile,
  document: vscode.TextDocument,
  position: vscode.Position,
): OpenText & { readonly line: number; readonly column: number } {
  return { file, text: document.getText(), line: position.line + 1, column: position.character + 1 };
}
