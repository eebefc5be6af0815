import * as vscode from 'vscode';
import { describeCurrentBranch } from '../core/trees/trees.ts';
import type { EngineClient } from '../protocol/engine.ts';
import { ExpectedError } from '../protocol/errors.ts';
import type { FlowState } from '../protocol/gitflow.ts';
import type { CommandId } from './manifest.ts';
import type { Projects } from './projects.ts';

/** One item for the branch that is checked out: its type and where it goes, or what has stopped. A click opens the menu of branches. */
export class BranchStatus {
  readonly #engine: EngineClient;
  readonly #projects: Projects;
  readonly #item: vscode.StatusBarItem;
  readonly #disposables: readonly { dispose(): unknown }[];
  /** Of several readings only the last one counts. */
  #reading = 0;

  constructor(engine: EngineClient, projects: Projects, report: (error: unknown) => void) {
    this.#engine = engine;
    this.#projects = projects;
    this.#item = vscode.window.createStatusBarItem('mlops.branch', vscode.StatusBarAlignment.Left);
    this.#item.name = vscode.l10n.t('MLOps: the branch that is checked out');
    this.#item.command = 'mlops.showBranchMenu' satisfies CommandId;
    const read = (): void => void this.#read().catch(report);
    this.#disposables = [
      this.#item,
      projects.onDidChange(read),
      vscode.workspace.onDidGrantWorkspaceTrust(read),
      engine.onEvent('changed', ({ areas }) => {
        if (areas.includes('branches')) read();
      }),
    ];
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #read(): Promise<void> {
    const reading = ++this.#reading;
    // Where no branch is checked out git need not be asked.
    const roots = this.#projects.list.filter(({ branch }) => branch !== null).map(({ root }) => root);
    const states = await Promise.all(roots.map((root) => readFlow(this.#engine, root)));
    if (reading !== this.#reading) return;
    const [words] = states.flatMap((state) =>
      state === null ? [] : (describeCurrentBranch(state, vscode.l10n.t) ?? []),
    );
    if (words === undefined) {
      this.#item.hide();
      return;
    }
    this.#item.text = words.text;
    this.#item.tooltip = words.tooltip;
    this.#item.backgroundColor = words.isWarning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.show();
  }
}

/** Null where there is nothing to show: in a folder that nobody trusts git is not asked, and not every project is a repository. */
export async function readFlow(engine: EngineClient, project: string): Promise<FlowState | null> {
  if (!vscode.workspace.isTrusted) return null;
  try {
    return await engine.request('readFlow', { project });
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'not-a-repository') return null;
    throw error;
  }
}
