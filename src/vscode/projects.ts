import * as vscode from 'vscode';
import type { ProjectFolder } from '../protocol/engine.ts';
import type { EngineThread } from './engine/client.ts';
import { setContext } from './contextkeys.ts';

/** The projects of this window, as the engine finds them below the workspace folders; and folders that only have runs to show. */
export class Projects {
  readonly #engine: EngineThread;
  readonly #report: (error: unknown) => void;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: readonly { dispose(): unknown }[];
  #all: readonly ProjectFolder[] = [];
  #known = Promise.resolve();

  readonly onDidChange = this.#changed.event;

  constructor(engine: EngineThread, report: (error: unknown) => void) {
    this.#engine = engine;
    this.#report = report;
    this.#disposables = [
      this.#changed,
      engine.onRestart(() => this.#configure()),
      engine.onEvent('projects', ({ projects }) => this.#show(projects)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#configure()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#configure()),
    ];
    this.#configure();
  }

  get list(): readonly ProjectFolder[] {
    return this.#all.filter((folder) => folder.hasOnlyRuns !== true);
  }

  /** The list once the engine has answered for the folders that are open now. */
  async whenKnown(): Promise<readonly ProjectFolder[]> {
    await this.#known;
    return this.list;
  }

  /** The same with folders that are no project and only hold runs. */
  async whenAllKnown(): Promise<readonly ProjectFolder[]> {
    await this.#known;
    return this.#all;
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #configure(): void {
    const folders = (vscode.workspace.workspaceFolders ?? [])
      .filter(({ uri }) => uri.scheme === 'file')
      .map(({ uri }) => uri.fsPath);
    const trusted = vscode.workspace.isTrusted;
    void setContext('mlops.trusted', trusted);
    this.#known = this.#engine.request('configure', { folders, trusted }).then(
      (projects) => this.#show(projects),
      // A thread that died is started again and configured again.
      (error: unknown) => this.#report(error),
    );
  }

  #show(projects: readonly ProjectFolder[]): void {
    this.#all = projects;
    void setContext('mlops.hasProject', this.list.length > 0);
    void setContext('mlops.hasRuns', projects.length > 0);
    void setContext('mlops.ready', true);
    this.#changed.fire();
  }
}
