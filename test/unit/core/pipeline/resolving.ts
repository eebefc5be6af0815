import type { Parsed } from '../../../../src/protocol/problem.ts';
import { defaultFlags } from '../../../../src/core/pipeline/flags.ts';
import { parseParams } from '../../../../src/core/pipeline/params.ts';
import { resolveStages, type PipelineFile } from '../../../../src/core/pipeline/stages.ts';
import type { PyMap } from '../../../../src/core/pipeline/values.ts';

/** Stages of a file beside which these files stand, and no others. */
export function resolveBeside(pipeline: PipelineFile, files: Readonly<Record<string, string>>) {
  const sources = new Map<string, Parsed<PyMap> | undefined>(
    Object.entries(files).map(([name, content]) => [name, parseParams(content, name)]),
  );
  const facts = { root: '/home/p', flags: defaultFlags };
  let resolved = resolveStages(pipeline, sources, facts);
  for (let { missing } = resolved; missing.length > 0; { missing } = resolved) {
    for (const name of missing) sources.set(name, undefined);
    resolved = resolveStages(pipeline, sources, facts);
  }
  return resolved;
}
