import { open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import { isOutside, isWithin, type Stage, type StageFacts } from '../../core/pipeline/pipeline.ts';
import { diskError, exists, isInside, isMissing } from '../files/files.ts';
import type { Project } from '../project/project.ts';
import { looksLikeText } from '../cache/cache.ts';
import type { Workspace } from './facts.ts';

/** Checked before anything is removed, so that a missing input costs no output. */
export function refuseMissingInputs(stage: Stage, facts: StageFacts): void {
  for (const [index, { path: written }] of stage.deps.entries())
    if (facts.deps[index]?.md5 === undefined)
      throw new ExpectedError('missing-file', `the dependency ${written} does not exist`);
  for (const [index, file] of stage.params.entries()) {
    const values = facts.params[index];
    if (values === undefined) throw new ExpectedError('missing-file', `the params file ${file.path} does not exist`);
    const missing = file.keys.filter((key) => !values.has(key));
    if (missing.length > 0)
      throw new ExpectedError('missing-param', `${file.path} has no ${missing.map((key) => `"${key}"`).join(', ')}`);
  }
}

export async function refuseMissingFolder({ wdir }: Stage, { root }: Project): Promise<void> {
  if (!(await exists(path.join(root, wdir))))
    throw new ExpectedError('missing-file', `the folder ${wdir} (wdir) does not exist`);
}

/**
 * Outside of the project nothing is ours to remove or to write, whether a path or a link among the folders of an output leads
 * there; what a stage's own command writes there is tracked only.
 */
export async function refuseOutsideOuts({ outs }: Stage, { root }: Project): Promise<void> {
  for (const out of outs)
    if (isOutside(out.file) && out.cache)
      throw new ExpectedError(
        'stage-failed',
        `the output ${out.path} lies outside of the project, so no cache can keep it. Give it "cache: false"`,
      );
  const realRoot = await realpath(root);
  for (const { file, path: written } of outs.filter((out) => isWithin('', out.file))) {
    const folder = await realFolderOf(path.dirname(path.join(root, file)));
    if (folder !== realRoot && !isInside(realRoot, folder))
      throw new ExpectedError(
        'stage-failed',
        `the output ${written} lies outside of the project, in ${folder}, through a link. Name a place within the project`,
      );
  }
}

/** The real path of the nearest folder above, or at, `folder` that exists. */
async function realFolderOf(folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      return await realpath(at);
    } catch (error) {
      if (!isMissing(error) || at === path.dirname(at)) throw diskError(error, at);
    }
  }
}

export async function refuseMissingOuts(stage: Stage, workspace: Workspace): Promise<void> {
  for (const out of stage.outs)
    if (!(await exists(path.join(workspace.project.root, out.file))))
      throw new ExpectedError('stage-failed', `the output ${out.path} does not exist`);
}

export async function refuseBinaryMetrics(stage: Stage, project: Project): Promise<void> {
  for (const out of stage.outs.filter(({ kind }) => kind === 'metric')) {
    const file = path.join(project.root, out.file);
    if ((await stat(file)).isDirectory()) continue;
    const handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0).finally(() => handle.close());
    if (!looksLikeText(buffer.subarray(0, bytesRead)))
      throw new ExpectedError('stage-failed', `the metrics file ${out.path} is binary; metrics must be text`);
  }
}
