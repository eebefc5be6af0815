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
  /** What was last shown above each document: drawing the same again would only swallow a click. */
  readonly #shown = new Map<string, string>();
  readonly #report: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChangeCodeLenses = this.#changed.event;

  /** `commands`: those of the manifest; a lens is offered only for what is there. */
  constructor(
    { engine, projects, report }: { engine: EngineClient; projects: Projects; report: (error: unknown) => void },
    commands: ReadonlySet<string>,
  ) {
    this.#report = report;
    this.#engine = engine;
    this.#projects = projects;
    this.#commands = commands;
    const refresh = (): void => this.#changed.fire();
    this.#disposables = [
      this.#changed,
      projects.onDidChange(refresh),
      vscode.workspace.onDidGrantWorkspaceTrust(refresh),
      engine.onEvent('changed', (event) => {
        if (event.areas.some((area) => areas.includes(area))) this.#refreshWhatDiffers().catch(this.#report);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => void this.#shown.delete(uri.toString())),
      vscode.languages.registerCodeLensProvider(pipelineFiles, this),
    ];
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const project = placeFile(this.#projects, document.uri)?.project;
    const lenses = await this.#read(document);
    if (project === undefined || lenses === undefined) return [];
    this.#shown.set(document.uri.toString(), JSON.stringify(lenses));
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

  async #read(document: vscode.TextDocument): Promise<readonly StageLens[] | undefined> {
    const placed = placeFile(this.#projects, document.uri);
    return placed && this.#engine.request('readLenses', { ...placed, text: document.getText() });
  }

  async #refreshWhatDiffers(): Promise<void> {
    for (const document of vscode.workspace.textDocuments) {
      const shown = this.#shown.get(document.uri.toString());
      if (shown === undefined || shown === JSON.stringify(await this.#read(document))) continue;
      this.#changed.fire();
      return;
    }
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
