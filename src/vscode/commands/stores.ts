import * as vscode from 'vscode';
import { ExpectedError } from '../../protocol/errors.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickProject } from './pick.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
}

/** A way to say which store is meant; undefined when the person backs out. */
interface Way extends vscode.QuickPickItem {
  readonly ask: (project: string) => Promise<string | undefined>;
}

/** Commands on the tracking stores whose runs a project shows. */
export function createStoreCommands({
  engine,
  projects,
}: Parts): Pick<CommandTypes, 'mlops.addStore' | 'mlops.removeStore'> {
  return {
    async 'mlops.addStore'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const title = vscode.l10n.t('Tracking store to add');
      const way = await vscode.window.showQuickPick(listWays(), { title, matchOnDescription: true });
      const asked = await way?.ask(project);
      if (asked === undefined) return;
      const { uri, changed } = await engine.request('addStore', { project, uri: asked });
      const message = changed
        ? vscode.l10n.t('The runs of {0} are shown in this project now. New runs go where they went before.', uri)
        : vscode.l10n.t('{0} is one of the tracking stores of this project already.', uri);
      void vscode.window.showInformationMessage(message);
    },
    async 'mlops.removeStore'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const { stores } = await engine.request('listStores', { project });
      const named = stores.filter(({ source }) => source === 'project');
      if (named.length === 0)
        throw new ExpectedError('unknown-name', vscode.l10n.t('.mlops/project.yaml names no tracking store.'));
      const items = named.map(({ label, uri, runs }) => ({
        label,
        description: runs === null ? '' : vscode.l10n.t('{0} runs', runs),
        detail: uri,
        uri,
      }));
      const title = vscode.l10n.t('Tracking store to remove from the project; its runs stay where they are');
      const chosen = await vscode.window.showQuickPick(items, { title });
      if (chosen !== undefined) await engine.request('removeStore', { project, uri: chosen.uri });
    },
  };
}

function listWays(): readonly Way[] {
  return [
    {
      label: vscode.l10n.t('Folder of runs…'),
      description: vscode.l10n.t('of MLflow, TensorBoard or DVCLive: what lies in it says which'),
      ask: (project) => askPlace(project, { canSelectFolders: true, canSelectFiles: false }),
    },
    {
      label: vscode.l10n.t('Database…'),
      description: vscode.l10n.t('MLflow’s mlflow.db'),
      ask: (project) => askPlace(project, { canSelectFolders: false, canSelectFiles: true }),
    },
    {
      label: vscode.l10n.t('Git'),
      description: vscode.l10n.t(
        'branches, tags and DVC’s experiments, with the metrics and params of their pipelines',
      ),
      ask: () => Promise.resolve('git:'),
    },
    {
      label: vscode.l10n.t('Path or address…'),
      description: vscode.l10n.t('as MLFLOW_TRACKING_URI has it'),
      ask: async () => {
        const text = await vscode.window.showInputBox({
          title: vscode.l10n.t('Path or address of the tracking store'),
          placeHolder: 'sqlite:///../other/mlflow.db',
        });
        return text === undefined || text.trim() === '' ? undefined : text.trim();
      },
    },
  ];
}

async function askPlace(project: string, kinds: vscode.OpenDialogOptions): Promise<string | undefined> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      ...kinds,
      defaultUri: vscode.Uri.file(project),
      openLabel: vscode.l10n.t('Add'),
      title: vscode.l10n.t('Tracking store to add'),
    })) ?? [];
  return chosen?.fsPath;
}
