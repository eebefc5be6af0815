import type { StageGround, StageRequest } from '../../protocol/addstage.ts';
import { buildGraph, isStageName, type Stage, type StagePath } from '../pipeline/pipeline.ts';

type Ground = Pick<StageGround, 'stages'>;

/** A sentence when no stage may be called so. */
export function checkStageName(name: string, { stages }: Ground): string | undefined {
  if (name.trim() === '') return 'A stage needs a name.';
  if (!isStageName(name) || name !== name.trim() || /[\0-\x1f\x7f]/.test(name))
    return 'Of punctuation only - and _ may be used: other characters mean something in addresses of stages.';
  return stages.some((stage) => stage.name === name || stage.name.startsWith(`${name}@`))
    ? `There is a stage "${name}" already.`
    : undefined;
}

/** Everything that would make the pipeline invalid, as far as it has been said; a part that is still missing is no mistake. */
export function checkStage(request: StageRequest, ground: Ground): readonly string[] {
  const name = checkStageName(request.name, ground);
  const paths = [...request.deps, ...request.params.map(({ file }) => file), ...request.outs.map(({ path }) => path)];
  const problems = [
    ...(name === undefined ? [] : [name]),
    ...paths.flatMap((path) => checkPath(path) ?? []),
    ...findTwice(request.outs.map(({ path }) => path)),
    ...findOwnInputs(request),
  ];
  if (problems.length > 0) return problems;
  const known = ground.stages.map(({ name: other, inputs, outputs }) => toStage(other, inputs, outputs));
  const before = new Set(buildGraph(known).problems.map(({ message }) => message));
  const inputs = [...request.deps, ...request.params.map(({ file }) => file)].map(resolved);
  const added = toStage(
    request.name,
    inputs,
    request.outs.map(({ path }) => resolved(path)),
  );
  return buildGraph([...known, added]).problems.flatMap(({ message }) => (before.has(message) ? [] : [message]));
}

function checkPath(path: string): string | undefined {
  if (path.trim() === '') return 'A path is empty.';
  if (/^[\\/]|^[A-Za-z]:[\\/]/.test(path) || resolved(path).startsWith('..'))
    return `${path} lies outside of the project; name it relative to the project’s folder.`;
  return path.includes('\\') ? `${path}: folders are parted by / in dvc.yaml.` : undefined;
}

function findTwice(paths: readonly string[]): readonly string[] {
  const all = paths.map(resolved);
  return [...new Set(all.filter((path, index) => all.indexOf(path) !== index))].map(
    (path) => `${path} is an output twice.`,
  );
}

/** Said before the graph would call it a cycle. */
function findOwnInputs({ deps, outs }: StageRequest): readonly string[] {
  const inputs = new Set(deps.map(resolved));
  return outs.flatMap(({ path }) =>
    inputs.has(resolved(path)) ? [`${path} can’t be both a dependency and an output of the stage.`] : [],
  );
}

/** As the graph compares paths: without dots and doubled or closing slashes. */
function resolved(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

const place = { file: 'dvc.yaml', line: 1, column: 1 };

function toStage(name: string, inputs: readonly string[], outputs: readonly string[]): Stage {
  const toPath = (file: string): StagePath => ({ path: file, file, place });
  return {
    name,
    key: name,
    place,
    cmd: '',
    wdir: '',
    deps: inputs.map(toPath),
    params: [],
    outs: outputs.map((file) => ({ ...toPath(file), kind: 'out', cache: true, persist: false })),
    frozen: false,
    alwaysChanged: false,
    desc: undefined,
    unsupported: [],
  };
}
