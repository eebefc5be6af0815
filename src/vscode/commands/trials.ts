import * as vscode from 'vscode';
import { isSweepRun } from '../../core/sweep/sweep.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { Projects } from '../projects.ts';
import type { Views } from '../trees/views.ts';
import type { CommandTypes } from './commands.ts';
import { pickRun, pickRunsFolder } from './pick.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
  readonly views: Pick<Views, 'showTrials'>;
}

/** Which sweep the Trials view shows. */
export function createTrialsCommands({ engine, projects, views }: Parts): Pick<CommandTypes, 'mlops.showTrials'> {
  return {
    async 'mlops.showTrials'(target) {
      const project = await pickRunsFolder(projects, target);
      if (project === undefined) return;
      const title = vscode.l10n.t('Sweep');
      const nothing = vscode.l10n.t('There is no sweep yet. Start one with “MLOps: Sweep Hyperparameters…”.');
      const runId =
        target?.kind === 'run' ? target.runId : await pickRun(engine, project, { title, filter: isSweepRun, nothing });
      if (runId !== undefined) await views.showTrials(project, runId);
    },
  };
}
