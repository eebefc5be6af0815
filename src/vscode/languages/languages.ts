import * as vscode from 'vscode';
import type { EngineClient } from '../../protocol/engine.ts';
import { Problems } from '../problems.ts';
import type { Projects } from '../projects.ts';
import { registerCodeActions } from './codeactions.ts';
import { Lenses, ofHyperparameters, ofStages } from './codelens.ts';
import { registerCompletion } from './completion.ts';
import { FileDecorations } from './decorations.ts';
import { registerHover } from './hover.ts';

export interface LanguageParts {
  readonly engine: EngineClient;
  readonly projects: Projects;
  /** Of the manifest. */
  readonly commands: ReadonlySet<string>;
  readonly report: (error: unknown) => void;
}

/** Everything that the editor says and does about the text of pipeline files. */
export function registerLanguages({ engine, projects, commands, report }: LanguageParts): {
  readonly problems: Problems;
  dispose(): void;
} {
  const problems = new Problems(engine, projects, report);
  const all = vscode.Disposable.from(
    problems,
    registerCodeActions(projects, problems),
    new Lenses({ engine, projects, report }, ofStages(commands)),
    new Lenses({ engine, projects, report }, ofHyperparameters()),
    registerCompletion(engine, projects),
    registerHover(engine, projects),
    new FileDecorations(engine, projects, report),
  );
  return { problems, dispose: () => void all.dispose() };
}
