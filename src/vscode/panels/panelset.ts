import * as vscode from 'vscode';
import { pageOptions } from './page.ts';

/** A page in a panel of its own; `W` says what it shows. */
interface PanelOf<W> {
  shows(what: W): boolean;
  reveal(preserveFocus?: boolean): void;
  close(): void;
  /** Called once the panel is gone. */
  dispose(): void;
}

interface PanelKind<W, P extends PanelOf<W>> {
  readonly viewType: string;
  readonly title: string;
  readonly extensionUri: vscode.Uri;
  /** What a page has left behind when the window closed; undefined for what is none of its states. */
  readonly parse: (state: unknown) => W | undefined;
  readonly create: (panel: vscode.WebviewPanel, what: W) => P;
}

interface PanelSet<W, P> {
  /** In the panel that shows it already, else in a new one. */
  readonly show: (what: W, options?: { readonly preserveFocus: boolean }) => void;
  readonly panels: ReadonlySet<P>;
  readonly dispose: () => void;
}

/** The panels of one kind, one for each thing that is shown; they come back after a reload of the window. */
export function registerPanels<W, P extends PanelOf<W>>(kind: PanelKind<W, P>): PanelSet<W, P> {
  const { viewType, title, extensionUri, parse, create } = kind;
  const panels = new Set<P>();
  const adopt = (panel: vscode.WebviewPanel, what: W): void => {
    const created = create(panel, what);
    panels.add(created);
    panel.onDidDispose(() => {
      panels.delete(created);
      created.dispose();
    });
  };
  const serializer = vscode.window.registerWebviewPanelSerializer(viewType, {
    deserializeWebviewPanel: (panel, state: unknown) => {
      const what = parse(state);
      if (what === undefined) panel.dispose();
      else adopt(panel, what);
      return Promise.resolve();
    },
  });
  return {
    panels,
    show(what, { preserveFocus } = { preserveFocus: false }) {
      const known = [...panels].find((panel) => panel.shows(what));
      if (known !== undefined) {
        known.reveal(preserveFocus);
        return;
      }
      const column = { viewColumn: vscode.ViewColumn.Active, preserveFocus };
      adopt(vscode.window.createWebviewPanel(viewType, title, column, pageOptions(extensionUri)), what);
    },
    dispose() {
      serializer.dispose();
      for (const panel of [...panels]) panel.close();
    },
  };
}

/** What the page of a project leaves behind. */
export function rootOf(state: unknown): string | undefined {
  const root = typeof state === 'object' && state !== null && 'root' in state ? state.root : undefined;
  return typeof root === 'string' ? root : undefined;
}
