import * as vscode from 'vscode';
import type { Completion } from '../../protocol/editing.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { Projects } from '../projects.ts';
import { pipelineFiles, placeFile, toQuestion, toRange } from './documents.ts';

const kinds: Readonly<Record<Completion['kind'], vscode.CompletionItemKind>> = {
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.Value,
  file: vscode.CompletionItemKind.File,
  folder: vscode.CompletionItemKind.Folder,
  param: vscode.CompletionItemKind.Constant,
  variable: vscode.CompletionItemKind.Variable,
};

/** Keys, paths, params and names in dvc.yaml. */
export function registerCompletion(engine: EngineClient, projects: Projects): vscode.Disposable {
  const provider: vscode.CompletionItemProvider = {
    async provideCompletionItems(document, position) {
      const placed = placeFile(projects, document.uri);
      if (placed === undefined) return [];
      const question = { project: placed.project, ...toQuestion(placed, document, position) };
      return (await engine.request('complete', question)).map((completion) => toItem(completion, document));
    },
  };
  return vscode.languages.registerCompletionItemProvider(pipelineFiles, provider, '{', '/', '-', ' ', '.');
}

function toItem(completion: Completion, document: vscode.TextDocument): vscode.CompletionItem {
  const { kind, label, text, isSnippet, detail, description, rank } = completion;
  const item = new vscode.CompletionItem({ label, ...(kind === 'key' ? {} : { description: detail }) }, kinds[kind]);
  item.range = toRange(completion.range);
  item.insertText = isSnippet ? new vscode.SnippetString(text) : text;
  // What is typed so far may begin with a quote, which the label has not.
  const typed = document.getText(item.range);
  if (/^["']/.test(typed)) item.filterText = typed.slice(0, 1) + label;
  item.sortText = `${String(rank).padStart(3, '0')} ${label}`;
  if (description !== '') item.documentation = vscode.l10n.t(description);
  if (kind === 'key' && detail !== '') item.detail = vscode.l10n.t('required');
  // A list or a folder goes on: what comes next is offered at once.
  if (isSnippet || kind === 'folder')
    item.command = { command: 'editor.action.triggerSuggest', title: vscode.l10n.t('Suggest') };
  return item;
}
