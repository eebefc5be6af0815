import path from 'node:path';
import { stemOf } from '../../core/config/config.ts';
import { addToGrid, offerGrid, toConfigLenses, type TriedRuns } from '../../core/sparks/sparks.ts';
import type { OpenText, TextEdit } from '../../protocol/editing.ts';
import { badInput } from '../../protocol/errors.ts';
import type { ConfigLens, GridOffer } from '../../protocol/sparks.ts';
import { exists } from '../files/files.ts';
import type { Project } from '../project/project.ts';

/** Nothing of the model's own code is executed: that there is some is said. */
export async function readConfigLenses(
  { root }: Project,
  open: OpenText,
  tried: TriedRuns,
): Promise<readonly ConfigLens[]> {
  const code = path.join(root, 'src', 'models', stemOf(open.file), 'hyperparameters_tuning.ts');
  return toConfigLenses(open, { tried, hasTuningCode: await exists(code) });
}

export function offerGridOf(open: OpenText, tried: TriedRuns): readonly GridOffer[] {
  const { value, problems } = offerGrid(open, tried);
  if (value === undefined) throw badInput(`${open.file} has mistakes: mend them first.`, problems);
  return value;
}

export function planGridAddition(open: OpenText, name: string, values: readonly string[]): TextEdit {
  const { value, problems } = addToGrid(open, name, values);
  if (value === undefined) throw badInput(problems[0]?.message ?? `${open.file} can't be changed.`, problems);
  return value;
}
