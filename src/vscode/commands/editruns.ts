import * as vscode from 'vscode';
import type { Target } from '../../core/trees/trees.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import { noteTag, type RunEdit, type RunSummary } from '../../protocol/tracking.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickRun, pickRunsFolder } from './pick.ts';
import { editAll, findRuns } from './runstable.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
}

type RunEditCommands = Pick<CommandTypes, 'mlops.renameRun' | 'mlops.noteRun' | 'mlops.deleteRun'>;

/** Commands with which a person changes what is kept of a run. */
export function createRunEditCommands({ engine, projects }: Parts): RunEditCommands {
  const find = async (
    target: Target | undefined,
    title: string,
  ): Promise<{ readonly project: string; readonly run: RunSummary } | undefined> => {
    const project = await pickRunsFolder(projects, target);
    if (project === undefined) return undefined;
    const runId = target?.kind === 'run' ? target.runId : await pickRun(engine, project, { title });
    const { runs } = await engine.request('listRuns', { project });
    const run = runs.find((one) => one.runId === runId);
    return run === undefined ? undefined : { project, run };
  };
  /** Asks for a text; nothing happens when it is closed without one. */
  const askAndEdit =
    (
      title: string,
      input: (run: RunSummary) => vscode.InputBoxOptions,
      toEdit: (text: string) => RunEdit,
    ): CommandTypes['mlops.renameRun'] =>
    async (target) => {
      const found = await find(target, title);
      if (found === undefined) return;
      const { project, run } = found;
      const text = await vscode.window.showInputBox({ title, ...input(run) });
      if (text !== undefined) await engine.request('editRun', { project, runId: run.runId, edit: toEdit(text) });
    };
  return {
    'mlops.renameRun': askAndEdit(
      vscode.l10n.t('Rename Run'),
      ({ name }) => ({
        value: name,
        validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('A run needs a name.') : undefined),
      }),
      (text) => ({ name: text.trim() }),
    ),
    'mlops.noteRun': askAndEdit(
      vscode.l10n.t('Note of the run'),
      ({ tags }) => ({ value: tags[noteTag] ?? '', prompt: vscode.l10n.t('Markdown, as MLflow shows it') }),
      (text) => ({ tags: { [noteTag]: text.trim() === '' ? null : text } }),
    ),
    async 'mlops.deleteRun'(target) {
      const found = await findRuns({ engine, projects }, target, vscode.l10n.t('Run to delete'));
      const [first, ...others] = found?.runs ?? [];
      if (found === undefined || first === undefined) return;
      const { project, runs } = found;
      await editAll(engine, project, { runs, edit: { isDeleted: true } });
      const undo = vscode.l10n.t('Undo');
      const message =
        others.length === 0
          ? vscode.l10n.t('{0} is no longer listed. Its files stay where they are.', first.name)
          : vscode.l10n.t('{0} runs are no longer listed. Their files stay where they are.', runs.length);
      if ((await vscode.window.showInformationMessage(message, undo)) === undo)
        await editAll(engine, project, { runs, edit: { isDeleted: false } });
    },
  };
}
