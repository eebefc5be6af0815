import type { Problem } from '../../protocol/problem.ts';
import { isMapping, parseYaml } from '../yaml/yaml.ts';

/** What is wrong with a `.dvc` file as a text: it must name its data. */
export function checkDataFile(text: string, file: string): readonly Problem[] {
  const { value: yaml, problems } = parseYaml(text, file);
  if (yaml === undefined) return problems;
  if (!isMapping(yaml.value)) return [...problems, yaml.problemAt([], 'A .dvc file must be a mapping.')];
  const { outs } = yaml.value;
  if (!Array.isArray(outs) || outs.length === 0)
    return [...problems, yaml.problemAt(['outs'], 'A .dvc file must name its data in a list "outs".')];
  const nameless = outs.findIndex((out) => !isMapping(out) || typeof out['path'] !== 'string');
  return nameless === -1 ? problems : [...problems, yaml.problemAt(['outs', nameless], 'This must name a "path".')];
}
