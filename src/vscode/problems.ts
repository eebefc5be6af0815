import * as vscode from 'vscode';
import { toAbsolute } from '../core/trees/trees.ts';
import type { EngineClient } from '../protocol/engine.ts';
import type { Problem } from '../protocol/problem.ts';
import type { Projects } from './projects.ts';

/** What is wrong, by absolute path. */
type ByFile = ReadonlyMap<string, readonly Problem[]>;

/** Mistakes in dvc.yaml and configs, in the Problems view and under the text. */
export function registerProblems(
  engine: EngineClient,
  projects: Pick<Projects, 'list' | 'onDidChange'>,
  report: (error: unknown) => void,
): vscode.Disposable {
  // Of the same name as the owner of the problem matcher: what a task has printed of a file gives way to what is read of it.
  const collection = vscode.languages.createDiagnosticCollection('mlops');
  const shown = new Map<string, ByFile>();
  const show = (project: string, found: ByFile): void => {
    const files = new Set([...(shown.get(project)?.keys() ?? []), ...found.keys()]);
    shown.set(project, found);
    for (const file of files) {
      // Projects may share a file that lies in neither.
      const problems = [...shown.values()].flatMap((byFile) => byFile.get(file) ?? []);
      if (problems.length > 0) collection.set(vscode.Uri.file(file), problems.map(toDiagnostic));
      else collection.delete(vscode.Uri.file(file));
    }
  };
  const remove = (project: string): void => {
    show(project, new Map());
    shown.delete(project);
  };
  const isOpen = (project: string): boolean => projects.list.some(({ root }) => root === project);
  const read = async (project: string): Promise<void> => {
    const [status, configs] = await Promise.allSettled([
      engine.request('readStatus', { project }),
      engine.request('listConfigs', { project }),
    ]);
    // It may have been removed while it was being read.
    if (!isOpen(project)) return;
    const problems = [
      ...(status.status === 'fulfilled' ? status.value.problems : []),
      ...(configs.status === 'fulfilled' ? configs.value.flatMap((config) => config.problems) : []),
    ];
    show(
      project,
      Map.groupBy(problems, ({ file }) => toAbsolute(project, file)),
    );
  };
  const readAll = (): void => {
    for (const project of [...shown.keys()]) if (!isOpen(project)) remove(project);
    projects.list.forEach(({ root }) => void read(root).catch(report));
  };
  return vscode.Disposable.from(
    collection,
    projects.onDidChange(readAll),
    engine.onEvent('changed', ({ project, areas }) => {
      if (areas.includes('configs') || areas.includes('pipeline')) read(project).catch(report);
    }),
  );
}

function toDiagnostic({ line, column, message, severity }: Problem): vscode.Diagnostic {
  const start = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
  const diagnostic = new vscode.Diagnostic(
    new vscode.Range(start, start.translate(0, 1)),
    message,
    severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
  );
  diagnostic.source = 'mlops';
  return diagnostic;
}
