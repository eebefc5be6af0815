import * as vscode from 'vscode';
import type { EngineClient } from '../../protocol/engine.ts';
import type { Steering } from '../../protocol/steering.ts';
import { isPaused, type RunSummary } from '../../protocol/tracking.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickModel, pickProject, pickRun, pickRunsFolder } from './pick.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
  readonly showRun: (root: string, runId: string) => void;
  readonly showPrediction: (root: string, model: string) => void;
}

type RunsCommands = Pick<
  CommandTypes,
  | 'mlops.showRunChart'
  | 'mlops.predictImage'
  | 'mlops.exportModel'
  | 'mlops.repairRun'
  | 'mlops.pauseRun'
  | 'mlops.resumeRun'
  | 'mlops.stopRunAtBest'
>;

/** Commands on what has been trained. */
export function createRunsCommands({ engine, projects, showRun, showPrediction }: Parts): RunsCommands {
  /** `filter`: which of the live runs are asked about when no entry was clicked. */
  const steer =
    (steering: Steering, title: string, filter: (run: RunSummary) => boolean): CommandTypes['mlops.pauseRun'] =>
    async (target) => {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const runId = target?.kind === 'run' ? target.runId : await pickRun(engine, project, { title, filter });
      if (runId === undefined) return;
      const asking = engine.request('steerRun', { project, runId, steering });
      const { state } = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Window, title },
        () => asking,
      );
      if (state === 'waiting')
        void vscode.window.showInformationMessage(
          vscode.l10n.t('The training does it when the batch in hand is over.'),
        );
    };
  const isLive = (run: RunSummary): boolean => run.status === 'RUNNING' && !run.lost;
  return {
    'mlops.pauseRun': steer({ type: 'pause' }, vscode.l10n.t('Pause Run'), (run) => isLive(run) && !isPaused(run)),
    'mlops.resumeRun': steer({ type: 'resume' }, vscode.l10n.t('Resume Run'), isPaused),
    'mlops.stopRunAtBest': steer({ type: 'stop', when: 'best' }, vscode.l10n.t('Stop Run at Best'), isLive),
    async 'mlops.showRunChart'(target) {
      const project = await pickRunsFolder(projects, target);
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
    async 'mlops.exportModel'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const model = target?.kind === 'model' ? target.model : await pickModel(engine, project);
      if (model !== undefined) await exportModel(engine, project, model);
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

/** The dialog for new files, because it takes a name; the model becomes a folder of that name. */
async function exportModel(engine: EngineClient, project: string, model: string): Promise<void> {
  const folder = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(vscode.Uri.file(project), 'exports', model),
    title: vscode.l10n.t('Folder for {0} as a SavedModel', model),
    saveLabel: vscode.l10n.t('Export'),
  });
  if (folder === undefined) return;
  const title = vscode.l10n.t('Exporting {0}', model);
  const { path } = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
    engine.request('exportModel', { project, model, format: 'savedmodel', out: folder.fsPath }),
  );
  void vscode.window.showInformationMessage(
    vscode.l10n.t('{0} is a SavedModel now, for TensorFlow, TensorFlow Serving and MLflow: {1}', model, path),
  );
}
