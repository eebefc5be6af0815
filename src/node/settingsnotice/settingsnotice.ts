import path from 'node:path';
import { formatProblem, type Problem } from '../../protocol/problem.ts';
import { readTextIfExists } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';

/** What stands behind the places of mistakes, and in the error of who needs the settings. */
export const SETTINGS_MISTAKEN =
  'The settings of the project have mistakes. Mend .mlops/project.yaml; its stores and objective are not known until then.';

/** Tells mistakes in `.mlops/project.yaml` once, whichever command finds the project: most go on without the settings, and would be silent. */
export class SettingsNotice {
  readonly #note: (text: string) => void;
  readonly #told = new Set<string>();
  readonly #looked = new Set<string>();

  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  async look(project: Project): Promise<void> {
    if (this.#looked.has(project.root)) return;
    this.#looked.add(project.root);
    const problems = await findSettingsProblems(project);
    for (const problem of problems) {
      this.#note(formatProblem({ ...problem, severity: 'warning' }));
      this.#told.add(keyOf(problem));
    }
    if (problems.length > 0) this.#note(SETTINGS_MISTAKEN);
  }

  /** False for a problem that was told already: an error need not repeat it. */
  isNew(problem: Problem): boolean {
    return !this.#told.has(keyOf(problem));
  }
}

function keyOf({ file, line, column, message }: Problem): string {
  return [file, line, column, message].join('\n');
}

async function findSettingsProblems(project: Project): Promise<readonly Problem[]> {
  const file = projectPaths.settings(project);
  // What can't be read at all is told by who needs it.
  const text = await readTextIfExists(file).catch(() => undefined);
  if (text === undefined) return [];
  // Loaded here: most projects have no such file, and many commands need no reader of YAML.
  const { parseProjectSettings } = await import('../../core/config/config.ts');
  return parseProjectSettings(text, path.relative(project.root, file)).problems;
}
