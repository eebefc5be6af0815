import * as vscode from 'vscode';
import { toBadge } from '../../core/editing/editing.ts';
import type { Decoration } from '../../protocol/editing.ts';
import type { Area, EngineClient } from '../../protocol/engine.ts';
import type { Projects } from '../projects.ts';
import { toUri } from './documents.ts';

const areas: readonly Area[] = ['pipeline', 'processes', 'data', 'configs', 'models'];

/** Marks in the Explorer on tracked files and folders that are not as they should be. */
export class FileDecorations implements vscode.FileDecorationProvider {
  readonly #engine: EngineClient;
  readonly #projects: Projects;
  readonly #report: (error: unknown) => void;
  readonly #changed = new vscode.EventEmitter<vscode.Uri[]>();
  readonly #shown = new Map<string, ReadonlyMap<string, Decoration>>();
  readonly #disposables: readonly { dispose(): unknown }[];

  readonly onDidChangeFileDecorations = this.#changed.event;

  constructor(engine: EngineClient, projects: Projects, report: (error: unknown) => void) {
    this.#engine = engine;
    this.#projects = projects;
    this.#report = report;
    this.#disposables = [
      this.#changed,
      projects.onDidChange(() => this.#readAll()),
      engine.onEvent('changed', (event) => {
        if (event.areas.some((area) => areas.includes(area))) this.#read(event.project).catch(report);
      }),
      vscode.window.registerFileDecorationProvider(this),
    ];
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    const key = uri.toString();
    for (const decorations of this.#shown.values()) {
      const decoration = decorations.get(key);
      if (decoration === undefined) continue;
      const { badge, color, tooltip } = toBadge(decoration, vscode.l10n.t);
      return new vscode.FileDecoration(badge, tooltip, new vscode.ThemeColor(color));
    }
    return undefined;
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #readAll(): void {
    const roots = this.#projects.list.map(({ root }) => root);
    for (const root of [...this.#shown.keys()]) if (!roots.includes(root)) this.#show(root, []);
    for (const root of roots) this.#read(root).catch(this.#report);
  }

  async #read(project: string): Promise<void> {
    this.#show(project, await this.#engine.request('listDecorations', { project }));
  }

  /** Only what has changed is asked for again. */
  #show(project: string, decorations: readonly Decoration[]): void {
    const before = this.#shown.get(project) ?? new Map<string, Decoration>();
    const now = new Map(
      decorations.map((decoration) => [toUri(project, decoration.shownAt ?? decoration.path).toString(), decoration]),
    );
    this.#shown.set(project, now);
    const changed = [...new Set([...before.keys(), ...now.keys()])].filter((key) => {
      const [old, own] = [before.get(key), now.get(key)];
      return old?.state !== own?.state || old?.stage !== own?.stage || old?.path !== own?.path;
    });
    if (changed.length > 0) this.#changed.fire(changed.map((key) => vscode.Uri.parse(key)));
  }
}
