import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { findNearest } from '../../core/names/names.ts';
import { findViewNameMistake, formatView, parseView } from '../../core/views/views.ts';
import { parseYaml } from '../../core/yaml/yaml.ts';
import { badInput, ExpectedError, unknownName } from '../../protocol/errors.ts';
import { formatProblem, hasErrors } from '../../protocol/problem.ts';
import type { RunsView } from '../../protocol/runsview.ts';
import type { SavedView } from '../../protocol/runtable.ts';
import { diskError, exists, isMissing, makeFolder, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';

/** More views than anybody chooses from; the rest is left out. */
const mostViews = 200;

/** The views that the project keeps, by name. One that can't be read is told in its place and hides no other. */
export async function listViews(project: Project): Promise<readonly SavedView[]> {
  const folder = projectPaths.views(project);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw diskError(error, folder);
  });
  const names = entries
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.yaml'))
    .map(({ name }) => name.slice(0, -'.yaml'.length))
    .sort();
  return Promise.all(names.slice(0, mostViews).map((name) => readView(project, name)));
}

/** The view of a name. Throws `unknown-name` where there is none, `bad-input` for one that can't be read. */
export async function findView(project: Project | undefined, name: string): Promise<RunsView> {
  const views = project === undefined ? [] : await listViews(project);
  const found = views.find((view) => view.name === name);
  if (found === undefined) {
    const names = views.map((view) => view.name);
    throw unknownName('view', name, findNearest(name, names));
  }
  if (found.view === null) throw badInput(found.problem ?? `The view "${name}" can't be read.`);
  return found.view;
}

/** Makes an error of what is wrong with the filter of a view, with its place in the file. */
export async function placeFilterMistakes(project: Project, name: string): Promise<(message: string) => ExpectedError> {
  const { shown, file } = placeOf(project, name);
  const { value: yaml } = parseYaml((await readTextIfExists(file)) ?? '', shown);
  return (message) =>
    badInput(
      `The filter of the view "${name}" can't be used.`,
      yaml === undefined ? [] : [yaml.problemAt(['table', 'filter'], message)],
    );
}

async function readView(project: Project, name: string): Promise<SavedView> {
  try {
    const { shown, file } = placeOf(project, name);
    const { value = null, problems } = parseView((await readTextIfExists(file)) ?? '', shown);
    const [worst] = [...problems].sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
    return { name, view: value, problem: worst === undefined ? null : formatProblem(worst) };
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return { name, view: null, problem: error.message };
  }
}

/** Writes the view into its file, made anew or changed so that comments stay. A file that can't be read is not overwritten. */
export async function saveView(project: Project, name: string, view: RunsView): Promise<void> {
  const mistake = findViewNameMistake(name);
  if (mistake !== undefined) throw badInput(mistake);
  const { shown, file } = placeOf(project, name);
  const { value, problems } = formatView(await readTextIfExists(file), shown, view);
  if (value === undefined || hasErrors(problems))
    throw badInput(
      `The view "${name}" is not saved, because its file can't be read. Mend it, or delete it first.`,
      problems,
    );
  await makeFolder(path.dirname(file));
  await writeFileAtomic(file, value);
}

/** Throws `unknown-name` where there is none. */
export async function deleteView(project: Project, name: string): Promise<void> {
  const { file } = placeOf(project, name);
  if (path.basename(file) !== `${name}.yaml` || !(await exists(file))) {
    const names = (await listViews(project)).map((view) => view.name);
    throw unknownName('view', name, findNearest(name, names));
  }
  await rm(file);
}

function placeOf(project: Project, name: string): { readonly file: string; readonly shown: string } {
  return { file: path.join(projectPaths.views(project), `${name}.yaml`), shown: `.mlops/views/${name}.yaml` };
}
