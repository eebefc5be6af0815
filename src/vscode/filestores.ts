import * as vscode from 'vscode';
import type { EngineClient } from '../protocol/engine.ts';
import type { Projects } from './projects.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
  readonly context: Pick<vscode.ExtensionContext, 'globalState' | 'workspaceState'>;
}

const NEVER_KEY = 'mlops.fileStores.never';
const TOLD_KEY = 'mlops.fileStores.told';

/**
 * MLflow's own word on folders of runs, once for each project whose Python uses MLflow; for anybody else it would be noise (`mlops stores list` tells it
 * to whoever asks). “Don't Show Again” holds for all projects.
 */
export async function tellOfFileStores({ engine, projects, context }: Parts): Promise<void> {
  if (context.globalState.get<boolean>(NEVER_KEY) === true) return;
  for (const { root: project } of await projects.whenKnown()) {
    const told = context.workspaceState.get<readonly string[]>(TOLD_KEY, []);
    if (told.includes(project)) continue;
    const { usesMlflow, notices } = await engine.request('listStores', { project });
    if (!usesMlflow || notices.length === 0) continue;
    await context.workspaceState.update(TOLD_KEY, [...told, project]);
    const never = vscode.l10n.t("Don't Show Again");
    // The sentence is the engine's, as the command line has it.
    const answer = await vscode.window.showInformationMessage(notices.join(' '), never);
    if (answer === never) await context.globalState.update(NEVER_KEY, true);
  }
}
