import * as vscode from 'vscode';
import { toLensTitles, wordsLast } from '../../core/editing/editing.ts';
import type { StageLens } from '../../protocol/editing.ts';
import type { Area, EngineClient } from '../../protocol/engine.ts';
import type { Projects } from '../projects.ts';
import { pipelineFiles, placeFile } from './documents.ts';

const areas: readonly Area[] = ['pipeline', 'processes', 'data', 'configs', 'models'];

/** Lines above the stages of dvc.yaml: how each is, and what can be done with it. */
export class StageLenses implements vscode.CodeLensProvider {
  readonly #engine: EngineClient;
  readonly #projects: Projects;
  readonly #commands: ReadonlySet<string>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: readonly { dispose(): unknown }[];
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChangeCodeLenses = this.#changed.event;

  /** `commands`: those of the manifest; a lens is offered only for what is there. */
  constructor(engine: EngineClient, projects: Projects, commands: ReadonlySet<string>) {
    this.#engine = engine;
    this.#projects = projects;
    this.#commands = commands;
    const refresh = (): void => this.#changed.fire();
    this.#disposables = [
      this.#changed,
      projects.onDidChange(refresh),
      vscode.workspace.onDidGrantWorkspaceTrust(refresh),
      engine.onEvent('changed', (event) => {
        if (event.areas.some((area) => areas.includes(area))) refresh();
      }),
      vscode.languages.registerCodeLensProvider(pipelineFiles, this),
    ];
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const placed = placeFile(this.#projects, document.uri);
    if (placed === undefined) return [];
    const { project, file } = placed;
    const lenses = await this.#engine.request('readLenses', { project, file, text: document.getText() });
    const now = Date.now();
    this.#wakeAt(lenses, now);
    const surroundings = {
      project,
      now,
      trusted: vscode.workspace.isTrusted,
      commands: this.#commands,
      t: vscode.l10n.t,
    };
    return lenses.flatMap((lens) =>
      toLensTitles(lens, surroundings).map(({ title, command = '', target }) => {
        const range = new vscode.Range(lens.line - 1, 0, lens.line - 1, 0);
        return new vscode.CodeLens(range, { title, command, ...(target === undefined ? {} : { arguments: [target] }) });
      }),
    );
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  /** "3 min ago" is right for a minute only. */
  #wakeAt(lenses: readonly StageLens[], now: number): void {
    const rest = wordsLast(lenses, now);
    clearTimeout(this.#timer);
    if (rest !== undefined) this.#timer = setTimeout(() => this.#changed.fire(), rest);
  }
}
