import * as vscode from 'vscode';
import type { RunSummary } from '../../protocol/tracking.ts';
import type { CommandTypes } from './commands.ts';
import { pickProject, pickRun } from './pick.ts';
import { runShowing, type RunningParts } from './running.ts';

type ReproducingCommands = Pick<CommandTypes, 'mlops.reproduceRun'>;

/** A run is trained again as a task: what is missing is told before, and code of another commit runs only when a person has agreed. */
export function createReproducingCommands(parts: RunningParts): ReproducingCommands {
  const { engine, projects } = parts;
  return {
    async 'mlops.reproduceRun'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const question = {
        title: vscode.l10n.t('Run to reproduce'),
        filter: (run: RunSummary) => run.status !== 'RUNNING' || run.lost,
      };
      const runId = target?.kind === 'run' ? target.runId : await pickRun(engine, project, question);
      if (runId === undefined) return;
      const planning = engine.request('planReproduction', { project, runId });
      const title = vscode.l10n.t('Looking for what the run needs …');
      const plan = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Window, title },
        () => planning,
      );
      const agree = vscode.l10n.t('Reproduce');
      const answer = await vscode.window.showInformationMessage(
        vscode.l10n.t('Train {0} again and compare its metrics?', plan.name),
        { modal: true, detail: describe(plan) },
        agree,
      );
      if (answer !== agree) return;
      await runShowing(parts, project, {
        name: vscode.l10n.t('Reproduce {0}', plan.name),
        arguments: ['runs', 'reproduce', runId],
      });
    },
  };
}

function describe({ folder, patch, notes }: { folder: string; patch: boolean; notes: readonly string[] }): string {
  const place = patch
    ? vscode.l10n.t(
        'Its commit, with the changes that were not committed, is checked out into {0} and its code is run there. The folder is removed afterwards.',
        folder,
      )
    : vscode.l10n.t(
        'Its commit is checked out into {0} and its code is run there. The folder is removed afterwards.',
        folder,
      );
  return [place, ...notes].join('\n');
}
