import * as vscode from 'vscode';
import type { EngineClient } from '../../protocol/engine.ts';

const SCHEME = 'mlops-model';

/** Shows what is known of a model as a read-only document in Markdown, which is read again whenever it is opened. */
export function registerModelCards(engine: EngineClient): {
  show(project: string, model: string): Promise<void>;
  dispose(): void;
} {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    onDidChange: changed.event,
    async provideTextDocumentContent(uri) {
      const { project, model } = parse(uri);
      return engine.request('readModelCard', { project, model });
    },
  });
  return {
    async show(project, model) {
      const uri = toUri(project, model);
      changed.fire(uri);
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.window.showTextDocument(document, { preview: true });
    },
    dispose() {
      registration.dispose();
      changed.dispose();
    },
  };
}

/** The tab is called by the model; what is meant stands in the query. */
function toUri(project: string, model: string): vscode.Uri {
  const title = model.replaceAll('/', ' ');
  return vscode.Uri.from({ scheme: SCHEME, path: `/${title}.md`, query: JSON.stringify({ project, model }) });
}

/** Anybody may open such an address; the engine refuses what is no project of this window. */
function parse(uri: vscode.Uri): { readonly project: string; readonly model: string } {
  const value: unknown = JSON.parse(uri.query);
  const fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const { project, model } = fields;
  if (typeof project !== 'string' || typeof model !== 'string') throw new Error('This names no model.');
  return { project, model };
}
