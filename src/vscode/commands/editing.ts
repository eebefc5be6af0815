import * as vscode from 'vscode';
import type { EngineClient } from '../../protocol/engine.ts';
import type { Problems } from '../problems.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickProject, pickTrackedOutput } from './pick.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
  readonly problems: Problems;
}

/** Commands that mend what an edit of a text can't. */
export function createEditingCommands({
  engine,
  projects,
  problems,
}: Parts): Pick<CommandTypes, 'mlops.untrackOutput'> {
  return {
    async 'mlops.untrackOutput'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const file = target?.kind === 'data' ? target.path : await pickTrackedOutput(engine, project);
      if (file === undefined) return;
      const agree = vscode.l10n.t('Stop Tracking');
      const detail = vscode.l10n.t(
        'Runs "git rm -r --cached {0}". The files stay where they are; the next commit says that Git has them no more.',
        file,
      );
      const answer = await vscode.window.showWarningMessage(
        vscode.l10n.t('Stop tracking {0} with Git?', file),
        { modal: true, detail },
        agree,
      );
      if (answer !== agree) return;
      await engine.request('untrackFile', { project, file });
      problems.check(project);
    },
  };
}
