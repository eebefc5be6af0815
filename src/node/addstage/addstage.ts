import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { planStage as planText } from '../../core/addstage/addstage.ts';
import { compareCodePoints } from '../../core/names/names.ts';
import { isMapping, parseYaml } from '../../core/yaml/yaml.ts';
import type { StageAddition, StageGround, StagePlan, StageRequest } from '../../protocol/addstage.ts';
import { badInput } from '../../protocol/errors.ts';
import { hasErrors } from '../../protocol/problem.ts';
import { exists, isInside, isMissing, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { loadPipeline, refuseProblems } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';

const file = 'dvc.yaml';

/** What a new stage must fit in with. Throws `bad-input` when the pipeline is broken as it is. */
export async function readStageGround(project: Project): Promise<StageGround> {
  const loaded = await loadPipeline(project);
  refuseProblems(loaded);
  const paths = await listPaths(project.root);
  return {
    stages: loaded.graph.stages.map(({ name, deps, params, outs }) => ({
      name,
      inputs: [...deps, ...params].map((input) => input.file),
      outputs: outs.map((out) => out.file),
    })),
    paths,
    params: await listParams(project, paths),
  };
}

/** What would be written. The planned text is read as the pipeline would be, so that whatever would be wrong with it is told now. */
export async function planStage(project: Project, request: StageRequest): Promise<StagePlan> {
  const { addition, problems } = await planFile(project, request);
  return { addition, problems };
}

/** Writes the stage, or throws `bad-input` and leaves everything as it is. */
export async function addStage(project: Project, request: StageRequest): Promise<StageAddition> {
  const { addition, text, problems } = await planFile(project, request);
  if (addition === null || text === null) throw badInput(`The stage "${request.name}" can not be added:`, problems);
  const { target, mode } = await findFile(project);
  await writeFileAtomic(target, text, mode === undefined ? {} : { mode });
  return addition;
}

async function planFile(project: Project, request: StageRequest): Promise<ReturnType<typeof planText>> {
  const ground = await readStageGround(project);
  const text = (await readTextIfExists(path.join(project.root, file))) ?? '';
  const planned = planText(request, { text, file, ground });
  if (planned.text === null) return planned;
  const { problems } = await loadPipeline(project, { unsaved: new Map([[file, planned.text]]) });
  return hasErrors(problems) ? { addition: null, text: null, problems } : planned;
}

/** A link is followed as far as the project goes: it stays a link, and its file is replaced. */
async function findFile({ root }: Project): Promise<{ target: string; mode: number | undefined }> {
  const target = path.join(root, file);
  if (!(await exists(target))) return { target, mode: undefined };
  const real = await realpath(target);
  if (!isInside(await realpath(root), real))
    throw badInput(`${file} leads out of the project, to ${real}; edit it there.`);
  return { target: real, mode: (await stat(real)).mode & 0o777 };
}

/** Folders in which nobody looks for what a stage reads. */
const ignored = /^(\.|node_modules$|__pycache__$|mlruns$|venv$)/;
/** Of a folder with more entries only its name is told, and of the project no more than that in all. */
const most = { inFolder: 300, inAll: 4000 };

async function listPaths(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  const folders = [''];
  for (const folder of folders) {
    const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error) || folder !== '') return [];
      throw error;
    });
    const shown = entries.filter(({ name }) => !ignored.test(name));
    if (folder !== '' && shown.length > most.inFolder) continue;
    for (const entry of shown.sort((a, b) => compareCodePoints(a.name, b.name))) {
      if (found.length >= most.inAll) return found;
      const inner = `${folder}${entry.name}`;
      if (entry.isDirectory()) folders.push(`${inner}/`);
      found.push(entry.isDirectory() ? `${inner}/` : inner);
    }
  }
  return found;
}

async function listParams(project: Project, paths: readonly string[]): Promise<StageGround['params']> {
  const files = paths.filter((name) => name === 'params.yaml' || /^configs\/[^/]+\.(ya?ml|json)$/.test(name));
  const read = await Promise.all(
    files.map(async (name) => {
      const text = (await readTextIfExists(path.join(project.root, name))) ?? '';
      const value = parseYaml(text, name).value?.value;
      return { file: name, keys: isMapping(value) ? Object.keys(value) : [] };
    }),
  );
  return read.filter(({ keys }) => keys.length > 0);
}
