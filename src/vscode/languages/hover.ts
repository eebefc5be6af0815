import * as vscode from 'vscode';
import { toHoverTexts } from '../../core/editing/editing.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { Projects } from '../projects.ts';
import { pipelineFiles, placeFile, toQuestion, toRange } from './documents.ts';

/** What keys mean, how files stand, what `${…}` and params are, in dvc.yaml. */
export function registerHover(engine: EngineClient, projects: Projects): vscode.Disposable {
  return vscode.languages.registerHoverProvider(pipelineFiles, {
    async provideHover(document, position) {
      const placed = placeFile(projects, document.uri);
      if (placed === undefined) return undefined;
      const hover = await engine.request('hover', {
        project: placed.project,
        ...toQuestion(placed, document, position),
      });
      if (hover === null) return undefined;
      const texts = toHoverTexts(hover, vscode.l10n.t);
      return new vscode.Hover(toMarkdown(texts), toRange(hover));
    },
  });
}

/** The first text in bold. All of it comes from files: nothing in it is read as Markdown. */
function toMarkdown([name = '', ...texts]: readonly string[]): vscode.MarkdownString {
  return new vscode.MarkdownString([`**${escape(name)}**`, ...texts.map(escape)].join('\n\n'));
}

/** `appendText` would make every space one that does not break: a sentence would be one long line. */
function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*_{}[\]()#+.!~|>-]/g, '\\$&')
    .replaceAll('\n', ' ');
}
