import * as vscode from 'vscode';
import { toAbsolute } from '../core/trees/trees.ts';
import type { EngineClient } from '../protocol/engine.ts';
import type { Problem } from '../protocol/problem.ts';
import type { Projects } from './projects.ts';

/** Mistakes in dvc.yaml and configs, in the Problems view and under the text. */
export function registerProblems(
  engine: EngineClient,
  projects: Projects,
  report: (error: unknown) => void,
): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('mlops');
  const shown = new Map<string, readonly vscode.Uri[]>();
  const read = async (project: string): Promise<void> => {
    const [status, configs] = await Promise.allSettled([
      engine.request('readStatus', { project }),
      engine.request('listConfigs', { project }),
    ]);
    const problems = [
      ...(status.status === 'fulfilled' ? status.value.problems : []),
      ...(configs.status === 'fulfilled' ? configs.value.flatMap((config) => config.problems) : []),
    ];
    for (const uri of shown.get(project) ?? []) collection.delete(uri);
    const byFile = Map.groupBy(problems, ({ file }) => toAbsolute(project, file));
    for (const [file, own] of byFile) collection.set(vscode.Uri.file(file), own.map(toDiagnostic));
    shown.set(
      project,
      [...byFile.keys()].map((file) => vscode.Uri.file(file)),
    );
  };
  const readAll = (): void => projects.list.forEach(({ root }) => void read(root).catch(report));
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
