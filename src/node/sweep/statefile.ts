import { readdir } from 'node:fs/promises';
import { findNearest } from '../../core/names/names.ts';
import { findNextTrial, resumed, type SweepState } from '../../core/sweep/sweep.ts';
import { isMapping } from '../../core/yaml/yaml.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import { isMissing, makeFolder, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';

const SUFFIX = '.json';

/** Written after each trial: whatever dies, what has ended is known. */
export async function writeSweep(project: Project, id: string, state: SweepState): Promise<void> {
  await makeFolder(projectPaths.state(project, 'sweeps'));
  await writeFileAtomic(fileOf(project, id), `${JSON.stringify(state, null, 1)}\n`);
}

/** By id, unique prefix, or `@last`. Throws `unknown-name`, and `bad-input` for a file that is no sweep. */
export async function findSweep(project: Project, text: string): Promise<{ id: string; state: SweepState }> {
  const ids = await listSweeps(project);
  const found = text === '@last' ? ids.slice(-1) : ids.filter((id) => id === text || id.startsWith(text));
  const [id, ...others] = found;
  if (id === undefined || text === '') throw unknownName('sweep', text, findNearest(text, ids));
  if (others.length > 0)
    throw new ExpectedError('unknown-name', `Several sweeps begin with "${text}": ${found.slice(0, 5).join(', ')}.`);
  return { id, state: parseState((await readTextIfExists(fileOf(project, id))) ?? '', id) };
}

/** Whether the sweep of that run has a trial left. False too where nothing that can be read is kept of it. */
export async function canGoOn(project: Project, id: string, parentRunId: string): Promise<boolean> {
  try {
    const { id: found, state } = await findSweep(project, id);
    return found === id && state.parentRunId === parentRunId && findNextTrial(resumed(state)) !== undefined;
  } catch {
    // Its file is gone or holds something else. Whoever asks for it by name is told so; in a list it is only not offered.
    return false;
  }
}

/** The oldest first: an id begins with its time. */
async function listSweeps(project: Project): Promise<readonly string[]> {
  const names = await readdir(projectPaths.state(project, 'sweeps')).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort();
}

function parseState(text: string, id: string): SweepState {
  try {
    const state: unknown = JSON.parse(text);
    if (isMapping(state) && state['version'] === 1) return state as unknown as SweepState;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new ExpectedError(
    'bad-input',
    `What is kept of the sweep ${id} can't be read. Its finished trials are runs all the same; start a new sweep.`,
  );
}

function fileOf(project: Project, id: string): string {
  return projectPaths.state(project, 'sweeps', `${id}${SUFFIX}`);
}
