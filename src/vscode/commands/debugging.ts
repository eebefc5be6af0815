import path from 'node:path';
import * as vscode from 'vscode';
import { chooseRuntime, toNodeConfiguration } from '../debugging/configuration.ts';
import { preparePython } from '../debugging/python.ts';
import type { EngineThread } from '../engine/client.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickProject, pickStage } from './pick.ts';

interface Parts {
  readonly engine: EngineThread;
  readonly projects: Projects;
  /** Folders of the extension itself, and of what it keeps for itself. */
  readonly context: Pick<vscode.ExtensionContext, 'extensionPath' | 'globalStorageUri'>;
}

export function createDebuggingCommands({ engine, projects, context }: Parts): Pick<CommandTypes, 'mlops.debugStage'> {
  return {
    async 'mlops.debugStage'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const stage =
        target?.kind === 'stage' ? target.stage : await pickStage(engine, project, vscode.l10n.t('Stage to debug'));
      if (stage === undefined) return;
      const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(project));
      const dist = path.join(context.extensionPath, 'dist');
      const python = await preparePython(context.globalStorageUri);
      const configuration = toNodeConfiguration({
        name: vscode.l10n.t('Stage {0}', stage),
        project,
        stage,
        runtime: chooseRuntime(process),
        dist,
        env: python?.env ?? {},
      });
      // When it does not start, the editor itself says why.
      const hasStarted = await vscode.debug.startDebugging(folder, { ...configuration, ...python?.configuration });
      if (!hasStarted) python?.dispose();
    },
  };
}
