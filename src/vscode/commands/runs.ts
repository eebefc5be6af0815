import * as vscode from 'vscode';
import type { EngineClient } from '../../protocol/engine.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickModel, pickProject, pickRun } from './pick.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
  readonly showRun: (root: string, runId: string) => void;
  readonly showPrediction: (root: string, model: string) => void;
}

type RunsCommands = Pick<CommandTypes, 'mlops.showRunChart' | 'mlops.predictImage' | 'mlops.repairRun'>;

/** Commands on what has been trained. */
export function createRunsCommands({ engine, projects, showRun, showPrediction }: Parts): RunsCommands {
  return {
    async 'mlops.showRunChart'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const runId =
        target?.kind === 'run' ? target.runId : await pickRun(engine, project, { title: vscode.l10n.t('Run') });
      if (runId !== undefined) showRun(project, runId);
    },
    async 'mlops.predictImage'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const model = target?.kind === 'model' ? target.model : await pickModel(engine, project);
      if (model !== undefined) showPrediction(project, model);
    },
    async 'mlops.repairRun'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const title = vscode.l10n.t('Lost run to mark as failed');
      const runId =
        target?.kind === 'run' ? target.runId : await pickRun(engine, project, { title, filter: ({ lost }) => lost });
      if (runId !== undefined) await engine.request('repairRun', { project, runId });
    },
  };
}
