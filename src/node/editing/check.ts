import { readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  findMistakes,
  foldersNearby,
  indexOuts,
  listPrograms,
  toFinding,
  type EditedText,
  type ProjectFacts,
} from '../../core/editing/editing.ts';
import { isWithin, parseParams, type Stage } from '../../core/pipeline/pipeline.ts';
import type { Finding, OpenText } from '../../protocol/editing.ts';
import type { Problem } from '../../protocol/problem.ts';
import { exists } from '../files/files.ts';
import { outlineConfig } from '../../core/inventory/inventory.ts';
import { listConfigs } from '../inventory/inventory.ts';
import { loadPipeline, lockedStage, type LoadedPipeline } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { findUnknownPrograms } from './programs.ts';
import { Texts } from './texts.ts';

export interface CheckOptions {
  /** Environment of stage commands: programs are looked for in its PATH. */
  readonly env: NodeJS.ProcessEnv;
  /** False: git is not asked, because it reads the configuration of the folder. */
  readonly trusted: boolean;
}

/** Every problem of dvc.yaml, dvc.lock, `.dvc`, params and config files, as the texts stand in the editor, with ways to mend it. */
export async function checkFiles(
  project: Project,
  open: readonly OpenText[],
  options: CheckOptions,
): Promise<readonly Finding[]> {
  const texts = new Texts(project, open);
  const loaded = await loadPipeline(project, { unsaved: texts.unsaved });
  const facts = await gatherFacts(project, loaded, texts, options);
  const problems: Problem[] = [...loaded.problems, ...facts.problems, ...(await checkConfigs(project, texts))];
  const edited = new Map<string, EditedText>();
  for (const file of new Set([...problems, ...loaded.graph.stages.map(({ place }) => place)].map(({ file }) => file))) {
    const text = await texts.readEdited(file);
    if (text !== undefined) edited.set(file, text);
  }
  return [
    ...once(problems).map((problem) => toFinding(problem, edited.get(problem.file))),
    ...findMistakes(facts, edited),
  ];
}

function once(problems: readonly Problem[]): readonly Problem[] {
  const keyOf = ({ file, line, column, message }: Problem): string => `${file}:${line}:${column}:${message}`;
  return [...new Map(problems.map((problem) => [keyOf(problem), problem])).values()];
}

async function checkConfigs(project: Project, texts: Texts): Promise<readonly Problem[]> {
  return (await listConfigs(project)).flatMap(({ file, problems }) => {
    const unsaved = texts.unsaved.get(file);
    return unsaved === undefined ? problems : outlineConfig(unsaved, file).problems;
  });
}

async function gatherFacts(
  project: Project,
  loaded: LoadedPipeline,
  texts: Texts,
  { env, trusted }: CheckOptions,
): Promise<ProjectFacts & { readonly problems: readonly Problem[] }> {
  const { stages } = loaded.graph;
  const missing = await findMissing(project, stages);
  const { params, problems } = await readParams(stages, texts);
  return {
    stages,
    locked: (stage) => lockedStage(loaded, stage),
    missing,
    dataFiles: new Set(loaded.data.map(({ name }) => name)),
    nearby: await listNearby(project, missing),
    inGit: trusted ? await findInGit(project, loaded, env) : new Set(),
    params,
    programs: await findUnknownPrograms(project.root, listPrograms(stages), env),
    problems,
  };
}

async function findMissing({ root }: Project, stages: readonly Stage[]): Promise<ReadonlySet<string>> {
  const wanted = new Set(stages.flatMap(({ deps, frozen }) => (frozen ? [] : deps.map(({ file }) => file))));
  const missing = new Set<string>();
  const isMade = indexOuts(stages);
  for (const file of wanted) {
    if (/^[a-zA-Z][\w+.-]+:\//.test(file) || (await exists(path.join(root, file)))) continue;
    if (!isMade(file)) missing.add(file);
  }
  return missing;
}

async function listNearby({ root }: Project, missing: ReadonlySet<string>): Promise<readonly string[]> {
  const lists = await Promise.all(
    foldersNearby(missing).map(async (folder) => {
      const names = await readdir(path.join(root, folder)).catch(() => [] as string[]);
      return names.filter((name) => !name.startsWith('.')).map((name) => (folder === '' ? name : `${folder}/${name}`));
    }),
  );
  return lists.flat();
}

async function findInGit(
  project: Project,
  { graph, gitIgnores }: LoadedPipeline,
  env: NodeJS.ProcessEnv,
): Promise<ReadonlySet<string>> {
  const outs = graph.stages.flatMap((stage) => stage.outs.filter(({ cache, file }) => cache && isWithin('', file)));
  if (gitIgnores === undefined || outs.length === 0) return new Set();
  const { openGit } = await import('../git/git.ts');
  const git = openGit(project.root, { env });
  if (!(await git.isRepository())) return new Set();
  return new Set(await git.listTracked(outs.map(({ file }) => file)));
}

async function readParams(
  stages: readonly Stage[],
  texts: Texts,
): Promise<{ readonly params: ProjectFacts['params']; readonly problems: readonly Problem[] }> {
  const params = new Map<string, { text: string; value: ReturnType<typeof parseParams>['value'] } | undefined>();
  const problems: Problem[] = [];
  for (const file of new Set(stages.flatMap((stage) => stage.params.map(({ file: name }) => name)))) {
    const text = await texts.read(file);
    if (text === undefined) {
      params.set(file, undefined);
      continue;
    }
    const parsed = parseParams(text, file);
    problems.push(...parsed.problems);
    params.set(file, { text, value: parsed.value });
  }
  return { params, problems };
}
