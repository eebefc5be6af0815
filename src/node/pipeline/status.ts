import path from 'node:path';
import { badInput, unknownName } from '../../protocol/errors.ts';
import type { StageStatus, StatusDocument } from '../../protocol/pipeline.ts';
import { hasErrors, type Problem } from '../../protocol/problem.ts';
import { findNearest } from '../../core/names/names.ts';
import { findReasons, markBlocked, resolveTarget, toState, type PipelineGraph } from '../../core/pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { Workspace, gatherFacts, signatureOfInputs } from './facts.ts';
import { loadPipeline, lockedStage, type LoadedPipeline } from './load.ts';
import { findRunningStages, readMemory, type StageMemory } from './memory.ts';
import { judgeData } from './sources.ts';

export interface StatusOptions {
  /** Addresses; a group's name or a dvc.yaml stands for its stages. Default: all. */
  readonly stages?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** False: nothing at all is written, not even the hash state (a folder that nobody trusts yet). Default: true. */
  readonly keepHashes?: boolean;
}

/**
 * What is fresh or stale, and why. Reads only (the hash state under `.mlops/tmp` aside). Wrong input does not throw: it stands
 * in `problems`, and the stages that could be read are told all the same. Throws `unknown-name` for a stage that is not there.
 */
export async function readStatus(project: Project, options: StatusOptions = {}): Promise<StatusDocument> {
  const { env = process.env, signal } = options;
  const loaded = await loadPipeline(project, { env });
  const targets = resolveTargets(loaded.graph, options.stages ?? []);
  const workspace = await Workspace.open(loaded, { env, signal });
  const all = await judgeStages(loaded, workspace, targets);
  const data = targets === undefined ? await judgeData(loaded.data, workspace) : [];
  if (options.keepHashes !== false) await workspace.save({ prune: targets === undefined });
  return {
    project: project.root,
    stages: targets === undefined ? all : all.filter(({ name }) => targets.has(name)),
    data,
    problems: [...loaded.problems, ...workspace.problems],
  };
}

/** Addresses that the names on a command line stand for; undefined for none. Throws `unknown-name`. */
export function resolveTargets(graph: PipelineGraph, names: readonly string[]): ReadonlySet<string> | undefined {
  if (names.length === 0) return undefined;
  return new Set(
    names.flatMap((name) => {
      const found = resolveTarget(graph, name);
      if (found === undefined) {
        const known = graph.stages.flatMap((stage) => [stage.name, stage.name.split('@')[0] ?? '']);
        throw unknownName('stage', name, findNearest(name, known));
      }
      return found;
    }),
  );
}

/** Judges every stage, or the targets with all that stands before them. */
export async function judgeStages(
  loaded: LoadedPipeline,
  workspace: Workspace,
  targets: ReadonlySet<string> | undefined,
): Promise<StageStatus[]> {
  const wanted = targets === undefined ? undefined : withNeeds(loaded.graph, targets);
  const [memory, running] = await Promise.all([readMemory(workspace.project), findRunningStages(workspace.project)]);
  const own: StageStatus[] = [];
  for (const stage of loaded.graph.stages) {
    if (wanted?.has(stage.name) === false) continue;
    const locked = lockedStage(loaded, stage);
    const unreadable: Problem[] = [];
    const reasons =
      stage.unsupported.length > 0
        ? []
        : findReasons(stage, locked, await gatherFacts(workspace, stage, locked, (found) => unreadable.push(found)));
    workspace.problems.push(...unreadable);
    const remembered = memory[stage.name] ?? {};
    const { failure } = remembered;
    const mayHaveFailed = failure !== undefined && reasons.length > 0 && unreadable.length === 0;
    const hasFailed = mayHaveFailed && failure.signature === (await signatureOfInputs(workspace, stage));
    const isRunning = running.has(stage.name);
    own.push({
      name: stage.name,
      file: stage.place.file,
      line: stage.place.line,
      state: toState(stage, { reasons, isLocked: locked !== undefined, isRunning, hasFailed, isBehind: false }),
      reasons,
      needs: loaded.graph.needs.get(stage.name) ?? [],
      ...toLast(remembered),
    });
  }
  return markBlocked(loaded.graph, own);
}

function toLast({ seconds, failure, endedAt }: StageMemory): Pick<StageStatus, 'lastSeconds' | 'last'> {
  const last = endedAt === undefined ? {} : { last: { at: endedAt, failure: failure?.reason ?? null } };
  return { lastSeconds: seconds ?? null, ...last };
}

function withNeeds(graph: PipelineGraph, names: ReadonlySet<string>): ReadonlySet<string> {
  const all = new Set(names);
  for (const name of all) for (const need of graph.needs.get(name) ?? []) all.add(need);
  return all;
}

/** How DVC shows a path (relative to the root) to somebody in the folder `cwd`: outside of the project in full. */
export function displayPath({ root }: Project, cwd: string): (file: string) => string {
  return (file) => {
    const absolute = path.join(root, file);
    return file.startsWith('../') ? absolute : path.relative(cwd, absolute).split(path.sep).join('/');
  };
}

/** Throws what is wrong with the pipeline's files as one `bad-input`. */
export function refuseProblems({ problems }: Pick<StatusDocument, 'problems'>): void {
  if (hasErrors(problems)) throw badInput('The pipeline can not be used as it is:', problems);
}
