import { shownImageBytes, toArtifactView } from '../../core/artifacts/artifacts.ts';
import { directionOf } from '../../core/tracking/tracking.ts';
import type { CellExamples } from '../../protocol/answers.ts';
import { ExpectedError, badInput, unknownName } from '../../protocol/errors.ts';
import type { ArtifactView, CodeComparison, CodeOfRun, RunAbout } from '../../protocol/runpage.ts';
import { noteTag, type ArtifactEntry } from '../../protocol/tracking.ts';
import { openGit, openHistory } from '../git/git.ts';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { readCell, type CellChoice, type CellOptions } from '../classification/classification.ts';
import type { Project } from '../project/project.ts';
import { readObjectives } from '../tracking/tracking.ts';
import { findRun } from './runs.ts';

// What the run page shows beside curves, and the files that an editor opens from it.

/** Longer files are not opened as documents: an editor would be of no use with them. */
const MOST_DOCUMENT_BYTES = 64 << 20;

/** More are not looked at one by one. */
const MOST_EXAMPLES = 24;

interface Asking {
  readonly project: Project;
  readonly runId: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Tags that stand elsewhere on the page, or say nothing to people. */
const hiddenTags: ReadonlySet<string> = new Set([noteTag, 'mlflow.runName', 'mlflow.log-model.history']);

export async function readRunAbout({ project, runId, env }: Asking, isTrusted: boolean): Promise<RunAbout> {
  const { store, run } = await findRun(project, runId, env);
  const { tags, metrics } = run;
  const objective = (await readObjectives(project))(run);
  const { datasets, models } = (await store.readInputs?.(runId)) ?? { datasets: [], models: [] };
  const [commit, config] = [tags['mlflow.source.git.commit'], tags['mlops.config']];
  return {
    note: tags[noteTag] ?? '',
    mayEdit: isTrusted && store.abilities.edits,
    tags: Object.entries(tags)
      .filter(([name]) => !hiddenTags.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    ...{ datasets, models },
    origin: commit === undefined || config === undefined ? null : { commit, config },
    directions: Object.keys(metrics).flatMap((name) => {
      const direction = directionOf(name, objective);
      return direction === null ? [] : [[name, direction] as const];
    }),
  };
}

export async function listRunArtifacts(
  { project, runId, env }: Asking,
  folder: string,
): Promise<{ readonly entries: readonly ArtifactEntry[]; readonly trouble: string | null }> {
  try {
    const { store } = await findRun(project, runId, env);
    return { entries: await store.listArtifacts(runId, folder), trouble: null };
  } catch (error) {
    if (error instanceof ExpectedError) return { entries: [], trouble: error.message };
    throw error;
  }
}

export async function viewRunArtifact({ project, runId, env }: Asking, name: string): Promise<ArtifactView> {
  try {
    const { store } = await findRun(project, runId, env);
    return toArtifactView(name, await store.readArtifact(runId, name, { limit: shownImageBytes }));
  } catch (error) {
    if (error instanceof ExpectedError) return { kind: 'broken', text: error.message };
    throw error;
  }
}

/** Examples of a cell of the confusion matrix, as many as a page shows. */
export async function readExamplesOf(
  { project, runId, env }: Asking,
  cell: CellChoice,
  options: Omit<CellOptions, 'most'>,
): Promise<CellExamples> {
  try {
    const { store, run } = await findRun(project, runId, env);
    return await readCell(project, { store, run, cell }, { ...options, most: MOST_EXAMPLES });
  } catch (error) {
    if (error instanceof ExpectedError) return { split: '', total: 0, examples: [], note: error.message };
    throw error;
  }
}

/** The whole of an artifact, for an editor. */
export async function readArtifactDocument({ project, runId, env }: Asking, name: string): Promise<Uint8Array> {
  const { store } = await findRun(project, runId, env);
  const { bytes, isWhole } = await store.readArtifact(runId, name, { limit: MOST_DOCUMENT_BYTES });
  if (!isWhole) throw badInput(`${name} is larger than ${MOST_DOCUMENT_BYTES >> 20} MiB.`);
  return bytes;
}

/** Files of the project (relative to it) in which the commits of two runs differ, and which of the two have kept changes beside them. */
export async function compareCode(
  project: Project,
  runIds: readonly [string, string],
  env: NodeJS.ProcessEnv,
): Promise<CodeComparison> {
  const sides = await Promise.all(runIds.map((runId) => readCodeOf({ project, runId, env })));
  const [before, after] = sides;
  if (before === undefined || after === undefined) throw badInput('Two runs are compared.');
  const top = await openGit(project.root, { env }).root();
  const place = path
    .relative(top, await realpath(project.root))
    .split(path.sep)
    .join('/');
  const history = openHistory(top, env);
  for (const { name, commit } of sides)
    if ((await history.resolve(commit)) !== commit) throw unknownName('commit', `${commit} (of the run ${name})`, []);
  const names = await history.changed(before.commit, after.commit, place);
  const files = await Promise.all(
    names.map(async (name) => ({
      path: path.posix.relative(`/${place}`, `/${name}`),
      inBefore: (await history.list(before.commit, name)).length > 0,
      inAfter: (await history.list(after.commit, name)).length > 0,
    })),
  );
  return { before, after, files };
}

async function readCodeOf({ project, runId, env }: Asking): Promise<CodeOfRun> {
  const { run } = await findRun(project, runId, env);
  const commit = run.tags['mlflow.source.git.commit'];
  if (commit === undefined) throw badInput(`The run ${run.name} does not say of which commit it is.`);
  const { entries } = await listRunArtifacts({ project, runId: run.runId, env }, 'mlops');
  return { runId: run.runId, name: run.name, commit, hasPatch: entries.some((entry) => entry.path === PATCH) };
}

const PATCH = 'mlops/dirty.patch';

/** A file of the project as a commit has it; `file` is relative to the project. */
export async function readCommitDocument(
  project: Project,
  { commit, file }: { readonly commit: string; readonly file: string },
  env: NodeJS.ProcessEnv,
): Promise<Uint8Array> {
  const top = await openGit(project.root, { env }).root();
  const place = path
    .relative(top, await realpath(project.root))
    .split(path.sep)
    .join('/');
  const history = openHistory(top, env);
  const found = await history.resolve(commit);
  if (found === undefined) throw unknownName('commit', commit, []);
  const bytes = await history.readFile(found, path.posix.join(place, file));
  if (bytes === undefined) throw unknownName('file in that commit', file, []);
  return new Uint8Array(bytes);
}
