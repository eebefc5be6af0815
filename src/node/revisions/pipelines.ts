import path from 'node:path';
import {
  defaultFlags,
  parseParams,
  resolveStages,
  type PipelineFile,
  type PyMap,
  type PyValue,
  type Stage,
} from '../../core/pipeline/pipeline.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { Parsed, Problem } from '../../protocol/problem.ts';
import { readDvcSettings } from '../cache/cache.ts';
import type { Project } from '../project/project.ts';

// Pipelines as a revision has them, and where DVC's cache keeps what they name.

/** Files of one revision, or of the work tree; names relative to the project's root. */
export interface Source {
  readonly files: readonly string[];
  readonly read: (files: readonly string[]) => Promise<ReadonlyMap<string, string>>;
}

export interface ResolvedFile {
  readonly pipeline: PipelineFile;
  readonly stages: readonly Stage[];
  /** Its section `plots`, filled in; undefined for an item that can't be. */
  readonly plots: readonly (PyValue | undefined)[];
  readonly problems: readonly Problem[];
}

/** Stages with everything filled in that the revision's own files say; one that is wrong names nothing. */
export async function resolvePipeline(
  pipeline: PipelineFile,
  read: Source['read'],
  root: string,
): Promise<ResolvedFile> {
  const sources = new Map<string, Parsed<PyMap> | undefined>();
  for (;;) {
    const resolved = resolveStages(pipeline, sources, { root, flags: defaultFlags });
    const { value: stages = [], missing: wanted, plots, problems } = resolved;
    if (wanted.length === 0) return { pipeline, stages, plots, problems };
    const texts = await read(wanted);
    for (const file of wanted) {
      const text = texts.get(file);
      sources.set(file, text === undefined ? undefined : parseParams(text, file));
    }
  }
}

export function lockOf({ file }: Pick<PipelineFile, 'file'>): string {
  return file.replace(/\.yaml$/, '.lock');
}

/** `legacy`: in the layout of DVC 2. */
export function objectPath(cache: string, { md5, legacy }: { readonly md5: string; readonly legacy: boolean }): string {
  return path.join(cache, ...(legacy ? [] : ['files', 'md5']), md5.slice(0, 2), md5.slice(2));
}

/** Undefined where DVC is configured in a way that only DVC understands: then what is only in the cache is not shown. */
export async function cacheOf(project: Project, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    return (await readDvcSettings(project, env)).cache;
  } catch (error) {
    if (error instanceof ExpectedError) return undefined;
    throw error;
  }
}
