import path from 'node:path';
import * as vscode from 'vscode';
import { listRunnable } from '../../core/trees/trees.ts';
import type { EngineThread } from '../engine/client.ts';
import { taskType } from '../manifest.ts';
import type { Projects } from '../projects.ts';
import { toArguments, type MlopsTaskDefinition, type TaskWork } from './definition.ts';
import { toFolderBelow } from './folder.ts';
import { problemMatchers } from './matchers.ts';
import { ProcessTerminal } from './terminal.ts';

interface TaskParts {
  readonly engine: EngineThread;
  readonly projects: Projects;
  readonly report: (error: unknown) => void;
}

/** What a task does, and what it is called. */
export interface ProjectWork extends TaskWork {
  readonly name: string;
}

/** Tasks of type `mlops`: the whole pipeline and each stage of each project; others can be written in tasks.json. */
export function registerTasks(parts: TaskParts): vscode.Disposable {
  return vscode.tasks.registerTaskProvider(taskType, {
    provideTasks: async () =>
      (await Promise.all((await parts.projects.whenKnown()).map((project) => listTasks(parts, project.root)))).flat(),
    resolveTask: (task) => {
      const definition = task.definition as MlopsTaskDefinition;
      const folder = typeof task.scope === 'object' ? task.scope : vscode.workspace.workspaceFolders?.[0];
      if (folder === undefined) return undefined;
      const root =
        definition.project === undefined ? folder.uri.fsPath : path.resolve(folder.uri.fsPath, definition.project);
      return createTask(parts, { root, definition, name: task.name, scope: folder });
    },
  });
}

/** A task that runs `mlops` in the project; start it with `vscode.tasks.executeTask`. */
export function createProjectTask(parts: TaskParts, root: string, { name, ...work }: ProjectWork): vscode.Task {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(root));
  const below = toFolderBelow(root);
  const definition: MlopsTaskDefinition = {
    type: taskType,
    ...work,
    ...(below === '' ? {} : { project: below }),
  };
  return createTask(parts, { root, definition, name, scope: folder ?? vscode.TaskScope.Workspace });
}

async function listTasks(parts: TaskParts, root: string): Promise<vscode.Task[]> {
  const pipeline = createProjectTask(parts, root, { name: vscode.l10n.t('Run Pipeline') });
  pipeline.group = vscode.TaskGroup.Build;
  try {
    const { stages } = await parts.engine.request('readStatus', { project: root });
    return [pipeline, ...listRunnable(stages).map((name) => createProjectTask(parts, root, { name, stage: name }))];
  } catch (error) {
    // A broken dvc.yaml is shown in the Pipeline view; the list of tasks stays usable.
    parts.report(error);
    return [pipeline];
  }
}

function createTask(
  { engine, report }: TaskParts,
  {
    root,
    definition,
    name,
    scope,
  }: {
    readonly root: string;
    readonly definition: MlopsTaskDefinition;
    readonly name: string;
    readonly scope: vscode.WorkspaceFolder | vscode.TaskScope.Workspace;
  },
): vscode.Task {
  const args = toArguments(definition);
  const start = () => engine.request('startProcess', { project: root, arguments: args });
  const execution = new vscode.CustomExecution(() =>
    Promise.resolve(new ProcessTerminal({ engine, report }, { project: root, begin: start, atEnd: 'close' })),
  );
  const task = new vscode.Task(
    definition,
    scope,
    name,
    taskType,
    execution,
    problemMatchers.map(({ name }) => `$${name}`),
  );
  task.detail = `mlops ${args.join(' ')}`;
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    panel: vscode.TaskPanelKind.Dedicated,
    showReuseMessage: false,
    clear: true,
  };
  return task;
}
