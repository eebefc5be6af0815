import * as vscode from 'vscode';
import type { CoursePicture } from './course.ts';
import { describeAloud, type TreeEntry } from '../../core/trees/trees.ts';

/** An entry as VS Code wants it, less its tooltip. */
export function toTreeItem(entry: TreeEntry): vscode.TreeItem {
  const item = new vscode.TreeItem(entry.label, collapsibleState(entry));
  item.id = entry.id;
  item.description = entry.description;
  item.contextValue = entry.context;
  item.accessibilityInformation = { label: describeAloud(entry) };
  if (entry.icon !== undefined)
    item.iconPath = new vscode.ThemeIcon(
      entry.icon.id,
      entry.icon.color === undefined ? undefined : new vscode.ThemeColor(entry.icon.color),
    );
  const command = toCommand(entry);
  if (command !== undefined) item.command = command;
  return item;
}

/** What a click does. */
function toCommand({ opens, does, target }: TreeEntry): vscode.Command | undefined {
  const title = vscode.l10n.t('Open');
  if (does !== undefined) return { command: does, title, arguments: [target] };
  if (opens === undefined) return undefined;
  const position = new vscode.Position(Math.max(0, (opens.line ?? 1) - 1), 0);
  const place = opens.line === undefined ? [] : [{ selection: new vscode.Range(position, position) }];
  return { command: 'vscode.open', title, arguments: [vscode.Uri.file(opens.file), ...place] };
}

function collapsibleState({ children, expanded }: TreeEntry): vscode.TreeItemCollapsibleState {
  if (children === undefined) return vscode.TreeItemCollapsibleState.None;
  return expanded === true ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
}

/** Texts come from files: the tooltip is untrusted Markdown with everything escaped. `picture`: shown below the first line. */
export function toTooltip(lines: readonly string[], picture: CoursePicture | null = null): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  markdown.isTrusted = false;
  markdown.supportHtml = false;
  const [first, ...others] = lines.filter((line) => line !== '');
  if (first !== undefined) appendLine(markdown, first);
  if (picture !== null) {
    // What stands in an alternative text is blocks and numbers, and nothing of a run.
    markdown.appendMarkdown(`![${picture.blocks}](${picture.uri})\n\n`);
    appendLine(markdown, picture.words);
  }
  for (const line of others) appendLine(markdown, line);
  return markdown;
}

function appendLine(markdown: vscode.MarkdownString, line: string): void {
  markdown.appendText(line);
  markdown.appendMarkdown('\n\n');
}
