import * as vscode from 'vscode';
import { isSweepRun } from '../../core/sweep/sweep.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import type { CommandTypes } from './commands.ts';
import { pickProject, pickRun } from './pick.ts';
import { runShowing, type RunningParts } from './running.ts';

type ResumingCommands = Pick<CommandTypes, 'mlops.resumeTraining' | 'mlops.resumeSweep'>;

/** Runs that did not end well go on: a training from its checkpoint, a sweep with the trials that are left. */
export function createResumingCommands(parts: RunningParts): ResumingCommands {
  const { engine, projects } = parts;
  const resume =
    ({ title, nothing, filter }: Wanted): CommandTypes['mlops.resumeTraining'] =>
    async (target) => {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const question = {
        ...{ title, nothing },
        filter: (run: RunSummary, { resumable = [] }: { readonly resumable?: readonly string[] }) =>
          filter(run) && resumable.includes(run.runId),
      };
      const runId = target?.kind === 'run' ? target.runId : await pickRun(engine, project, question);
      if (runId === undefined) return;
      // What speaks against it is told here, before a terminal opens for it.
      const args = await engine.request('planResumption', { project, runId });
      await runShowing(parts, project, { name: title, arguments: args });
    };
  return {
    'mlops.resumeTraining': resume({
      title: vscode.l10n.t('Resume Training'),
      nothing: vscode.l10n.t('No training can be resumed: none was stopped or has failed that left a checkpoint.'),
      filter: (run) => !isSweepRun(run),
    }),
    'mlops.resumeSweep': resume({
      title: vscode.l10n.t('Resume Sweep'),
      nothing: vscode.l10n.t('No sweep can be resumed: none was stopped or killed that has trials left.'),
      filter: isSweepRun,
    }),
  };
}

interface Wanted {
  readonly title: string;
  readonly nothing: string;
  readonly filter: (run: RunSummary) => boolean;
}
