import * as vscode from 'vscode';
import { stemOf } from '../../core/config/config.ts';
import { toLensTitles, wordsLast } from '../../core/editing/editing.ts';
import { toConfigLensTitles } from '../../core/sparks/sparks.ts';
import type { Target } from '../../core/trees/trees.ts';
import type { OpenText } from '../../protocol/editing.ts';
import type { Area, EngineClient } from '../../protocol/engine.ts';
import type { Projects } from '../projects.ts';
import { configFiles, pipelineFiles, placeFile, type PlacedFile } from './documents.ts';

/** What stands above a line; without a command it only says something. */
interface LensTitle {
  readonly title: string;
  readonly command?: string;
  readonly target?: Target;
}

interface Surroundings {
  readonly placed: PlacedFile;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly trusted: boolean;
}

/** A kind of lenses. */
export interface LensRow<Lens extends { readonly line: number }> {
  readonly files: vscode.DocumentSelector;
  /** What they tell is read again when one of these has changed. */
  readonly areas: readonly Area[];
  readonly read: (engine: EngineClient, text: OpenText & { readonly project: string }) => Promise<readonly Lens[]>;
  readonly toTitles: (lens: Lens, surroundings: Surroundings) => readonly LensTitle[];
  /** Until when the words are right, in milliseconds from now; undefined: until something changes. */
  readonly wordsLast?: (lenses: readonly Lens[], now: number) => number | undefined;
}

/** Lines above the stages of dvc.yaml: how each is, and what can be done with it. `commands`: those of the manifest. */
export function ofStages(commands: ReadonlySet<string>) {
  return toRow({
    files: pipelineFiles,
    areas: ['pipeline', 'processes', 'data', 'configs', 'models'],
    read: (engine, text) => engine.request('readLenses', text),
    toTitles: (lens, { placed: { project }, now, trusted }) =>
      toLensTitles(lens, { project, now, trusted, commands, t: vscode.l10n.t }),
    wordsLast,
  });
}

/** Lines above the hyperparameters of a config: what the runs say of each, what a sweep would do. */
export function ofHyperparameters() {
  return toRow({
    files: configFiles,
    areas: ['runs', 'configs'],
    read: (engine, text) => engine.request('readConfigLenses', text),
    toTitles: (lens, { placed: { project, file }, trusted }) =>
      toConfigLensTitles(lens, { project, file, model: stemOf(file), trusted, t: vscode.l10n.t }),
  });
}

/** So that the kind of lens is told by what is read. */
function toRow<Lens extends { readonly line: number }>(row: LensRow<Lens>): LensRow<Lens> {
  return row;
}

interface LensParts {
  readonly engine: EngineClient;
  readonly projects: Projects;
  readonly report: (error: unknown) => void;
}

/** Draws one kind of lenses. */
export class Lenses<Lens extends { readonly line: number }> implements vscode.CodeLensProvider {
  readonly #row: LensRow<Lens>;
  readonly #engine: EngineClient;
  readonly #projects: Projects;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: readonly { dispose(): unknown }[];
  /** What was last shown above each document: drawing the same again would only swallow a click. */
  readonly #shown = new Map<string, string>();
  readonly #report: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor({ engine, projects, report }: LensParts, row: LensRow<Lens>) {
    this.#row = row;
    this.#report = report;
    this.#engine = engine;
    this.#projects = projects;
    const refresh = (): void => this.#changed.fire();
    this.#disposables = [
      this.#changed,
      projects.onDidChange(refresh),
      vscode.workspace.onDidGrantWorkspaceTrust(refresh),
      engine.onEvent('changed', (event) => {
        if (event.areas.some((area) => row.areas.includes(area))) this.#refreshWhatDiffers().catch(this.#report);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => void this.#shown.delete(uri.toString())),
      vscode.languages.registerCodeLensProvider(row.files, this),
    ];
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const placed = placeFile(this.#projects, document.uri);
    const lenses = await this.#read(document);
    if (placed === undefined || lenses === undefined) return [];
    this.#shown.set(document.uri.toString(), JSON.stringify(lenses));
    const now = Date.now();
    this.#wakeAt(lenses, now);
    const surroundings = { placed, now, trusted: vscode.workspace.isTrusted };
    return lenses.flatMap((lens) =>
      this.#row.toTitles(lens, surroundings).map(({ title, command = '', target }) => {
        const range = new vscode.Range(lens.line - 1, 0, lens.line - 1, 0);
        return new vscode.CodeLens(range, { title, command, ...(target === undefined ? {} : { arguments: [target] }) });
      }),
    );
  }

  async #read(document: vscode.TextDocument): Promise<readonly Lens[] | undefined> {
    const placed = placeFile(this.#projects, document.uri);
    return placed && this.#row.read(this.#engine, { ...placed, text: document.getText() });
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
  #wakeAt(lenses: readonly Lens[], now: number): void {
    const rest = this.#row.wordsLast?.(lenses, now);
    clearTimeout(this.#timer);
    if (rest !== undefined) this.#timer = setTimeout(() => this.#changed.fire(), rest);
  }
}
