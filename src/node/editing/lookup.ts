import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  findPath,
  findPointed,
  listVarFiles,
  listVariables,
  planCompletion,
  readEditedText,
  toCompletions,
  toDecorations,
  toHover,
  toLenses,
  type CompletionFacts,
  type CompletionPlan,
  type ParamsText,
} from '../../core/editing/editing.ts';
import { folderOf, parseParams } from '../../core/pipeline/pipeline.ts';
import type { Completion, Decoration, Hover, OpenText, StageLens, TextQuestion } from '../../protocol/editing.ts';
import type { StatusDocument } from '../../protocol/pipeline.ts';
import { exists, isInside } from '../files/files.ts';
import { loadPipeline, lockedStage } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { Texts } from './texts.ts';

/** Most entries of a folder that are offered, and most files that are counted. */
const MOST_ENTRIES = 2000;

export function readLenses({ file, text }: OpenText, { stages }: StatusDocument): readonly StageLens[] {
  const edited = readEditedText(text, file);
  return edited === undefined ? [] : toLenses(edited, stages);
}

export async function complete(project: Project, question: TextQuestion): Promise<readonly Completion[]> {
  const plan = planCompletion(question);
  return toCompletions(plan, await gatherFacts(project, plan, new Texts(project, [question])));
}

async function gatherFacts(
  project: Project,
  { wants, edited, stage }: CompletionPlan,
  texts: Texts,
): Promise<CompletionFacts> {
  const nothing: CompletionFacts = { entries: [], params: undefined, variables: [] };
  switch (wants.kind) {
    case 'keys':
      return nothing;
    case 'paths':
      return { ...nothing, entries: await listEntries(project, wants.folder) };
    case 'params': {
      const entries = wants.orFiles ? await listEntries(project, wants.folder) : [];
      return { ...nothing, entries, params: (await readParams(texts, wants.file))?.value };
    }
    case 'variables': {
      if (edited === undefined) return nothing;
      return { ...nothing, variables: listVariables(edited, stage, await readAll(texts, listVarFiles(edited))) };
    }
  }
}

/** What can be named by a path: links too, but nothing of Git or DVC. Never outside of the project. */
async function listEntries({ root }: Project, folder: string): Promise<CompletionFacts['entries']> {
  const absolute = path.join(root, folder);
  if (folder !== '' && !isInside(root, absolute)) return [];
  const entries = await readdir(absolute, { withFileTypes: true }).catch(() => []); // Typed so far, it names no folder.
  return entries
    .filter(({ name }) => !['.git', '.dvc', '.mlops', 'node_modules'].includes(name))
    .slice(0, MOST_ENTRIES)
    .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
}

async function readParams(texts: Texts, file: string): Promise<ParamsText | undefined> {
  const text = await texts.read(file);
  return text === undefined ? undefined : { text, value: parseParams(text, file).value };
}

async function readAll(
  texts: Texts,
  files: readonly { readonly file: string }[],
): Promise<ReadonlyMap<string, ParamsText | undefined>> {
  return new Map(await Promise.all(files.map(async ({ file }) => [file, await readParams(texts, file)] as const)));
}

/** `readStatus` is asked only where the state of files is told. */
export async function findHover(
  project: Project,
  question: TextQuestion,
  readStatus: () => Promise<StatusDocument>,
): Promise<Hover | null> {
  const found = findPointed(question);
  if (found === undefined) return null;
  const { edited, pointed } = found;
  const texts = new Texts(project, [question]);
  const loaded = await loadPipeline(project, { unsaved: texts.unsaved });
  const { stages } = loaded.graph;
  const files = pointed.kind === 'param' ? stages.flatMap(({ params }) => params) : listVarFiles(edited);
  const own = pointed.kind === 'path' ? findPath(edited, pointed, stages) : undefined;
  return (
    toHover(edited, pointed, {
      stages,
      status: pointed.kind === 'path' ? (await readStatus()).stages : [],
      locked: (stage) => lockedStage(loaded, stage),
      files: pointed.kind === 'param' || pointed.kind === 'variable' ? await readAll(texts, files) : new Map(),
      size: own === undefined ? null : await measure(path.join(project.root, own.path.file)),
    }) ?? null
  );
}

async function measure(start: string): Promise<Extract<Hover, { kind: 'path' }>['size']> {
  const first = await lstat(start).catch(() => undefined);
  if (first === undefined) return null;
  const queue = [start];
  let [files, bytes, seen] = [0, 0, 0];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const current = next;
    seen += 1;
    if (seen > MOST_ENTRIES) return 'many';
    const stat = await lstat(current).catch(() => undefined);
    if (stat?.isFile() === true) [files, bytes] = [files + 1, bytes + stat.size];
    if (stat?.isDirectory() === true) queue.push(...(await readdir(current)).map((name) => path.join(current, name)));
  }
  return { files, bytes };
}

/** What the Explorer marks. A missing file has no row there: what stands nearest says it. */
export async function listDecorations(project: Project, status: StatusDocument): Promise<readonly Decoration[]> {
  const { graph } = await loadPipeline(project);
  return Promise.all(
    toDecorations(graph.stages, status).map(async (decoration) => {
      if (decoration.state !== 'missing') return decoration;
      const { path: file, stage } = decoration;
      const written = stage === null ? `${file}.dvc` : graph.byName.get(stage)?.place.file;
      const folder = stage === null ? '' : await nearestFolder(project, file);
      return { ...decoration, shownAt: folder === '' ? (written ?? '') : folder };
    }),
  );
}

/** '' where only the project itself is there. */
async function nearestFolder({ root }: Project, file: string): Promise<string> {
  let folder = folderOf(file);
  while (folder !== '' && !(await exists(path.join(root, folder)))) folder = folderOf(folder);
  return folder;
}
