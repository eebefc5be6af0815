import * as vscode from 'vscode';
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
  if (entry.opens !== undefined) {
    const position = new vscode.Position(Math.max(0, (entry.opens.line ?? 1) - 1), 0);
    item.command = {
      command: 'vscode.open',
      title: vscode.l10n.t('Open'),
      arguments: [
        vscode.Uri.file(entry.opens.file),
        ...(entry.opens.line === undefined ? [] : [{ selection: new vscode.Range(position, position) }]),
      ],
    };
  }
  return item;
}

function collapsibleState({ children, expanded }: TreeEntry): vscode.TreeItemCollapsibleState {
  if (children === undefined) return vscode.TreeItemCollapsibleState.None;
  return expanded === true ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
}

/** Texts come from files: the tooltip is untrusted Markdown with everything escaped. */
export function toTooltip(lines: readonly string[]): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  markdown.isTrusted = false;
  markdown.supportHtml = false;
  for (const line of lines.filter((candidate) => candidate !== '')) {
    markdown.appendText(line);
    markdown.appendMarkdown('\n\n');
  }
  return markdown;
}
