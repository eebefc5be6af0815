import path from 'node:path';
import { isMapping, parseYaml } from '../../core/yaml/yaml.ts';
import { readTextIfExists } from '../files/files.ts';

/** The run that a model's MLmodel names; undefined where there is none. */
export async function readRunId(directory: string): Promise<string | undefined> {
  const file = path.join(directory, 'MLmodel');
  const mlmodel = parseYaml((await readTextIfExists(file)) ?? '', file).value?.value;
  const runId = isMapping(mlmodel) ? mlmodel['run_id'] : undefined;
  return typeof runId === 'string' ? runId : undefined;
}
