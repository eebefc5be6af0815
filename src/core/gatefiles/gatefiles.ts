import { isMapping, parseYaml } from '../yaml/yaml.ts';
import { badInput, type ExpectedError } from '../../protocol/errors.ts';
import { gateNames } from '../../protocol/gates.ts';
import type { Problem } from '../../protocol/problem.ts';

// What a team writes down for the gates of a finish. Apart from their judgement: most finishes read no such file, and need no reader of YAML.

/** A threshold of `tests/<model>.checks.yaml` with its place. */
export interface Threshold {
  readonly model: string;
  readonly metric: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly place: Omit<Problem, 'message'>;
}

/**
 * Reads `metrics: {test_accuracy: {min: 0.96}, test_loss: {max: 0.2}}`. `file` is `tests/<model>.checks.yaml`, relative to the project. What the
 * file has beside `metrics` belongs to others.
 */
export function parseThresholds(
  text: string,
  file: string,
): { thresholds: readonly Threshold[]; problems: readonly Problem[] } {
  const { value: yaml, problems } = parseYaml(text, file);
  if (yaml === undefined) return { thresholds: [], problems };
  const metrics = isMapping(yaml.value) ? (yaml.value['metrics'] ?? {}) : {};
  if (!isMapping(metrics))
    return {
      thresholds: [],
      problems: [yaml.problemAt(['metrics'], 'metrics must be a mapping of metrics and bounds.')],
    };
  const model = file.replace(/^.*\//, '').replace(/\.checks\.ya?ml$/, '');
  const thresholds: Threshold[] = [];
  const wrong: Problem[] = [];
  for (const [metric, bounds] of Object.entries(metrics)) {
    const { min = null, max = null } = isMapping(bounds) ? bounds : {};
    const isBound = (value: unknown): value is number | null => value === null || typeof value === 'number';
    if (!isBound(min) || !isBound(max) || (min === null && max === null))
      wrong.push(yaml.problemAt(['metrics', metric], `${metric} needs a number as min, max or both.`));
    else
      thresholds.push({
        ...{ model, metric, min, max },
        place: { file, ...yaml.place(['metrics', metric], 'key'), severity: 'error' },
      });
  }
  return { thresholds, problems: wrong };
}

/** The mapping `gates` of `.mlops/project.yaml`; throws `bad-input` with the place of what can't be meant. */
export function parseTeamGates(text: string, file: string): Readonly<Record<string, unknown>> {
  const { value: yaml } = parseYaml(text, file);
  const gates = isMapping(yaml?.value) ? yaml.value['gates'] : undefined;
  if (yaml === undefined || gates === undefined || gates === null) return {};
  const wrong = (path: readonly string[], message: string): ExpectedError =>
    badInput('The gates in the settings of the project have a mistake.', [yaml.problemAt(path, message)]);
  if (!isMapping(gates)) throw wrong(['gates'], 'gates must be a mapping of gates and true or false.');
  for (const [name, value] of Object.entries(gates)) {
    const mistake = findTeamMistake(name, value);
    if (mistake !== undefined) throw wrong(['gates', name], mistake);
  }
  return gates;
}

function findTeamMistake(name: string, value: unknown): string | undefined {
  if ((gateNames as readonly string[]).includes(name))
    return typeof value === 'boolean' ? undefined : `${name} must be true or false.`;
  if (name !== 'max_file_size' && name !== 'timeout')
    return `There is no such gate; there are ${gateNames.join(', ')}.`;
  if (readSize(value) !== undefined) return undefined;
  return `${name} must be a whole number${name === 'timeout' ? ' of seconds' : ', or as 10m'}.`;
}

/** A number with git's endings; undefined for what is none. */
export function readSize(value: unknown): number | undefined {
  const [, digits, unit = ''] =
    /^(\d+)([kmg]?)$/i.exec(typeof value === 'number' ? String(value) : asText(value)) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase());
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
