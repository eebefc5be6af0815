import { isMapping, parseYaml } from '../yaml/yaml.ts';
import { sections } from './schema.ts';
import type { Parsed } from '../../protocol/problem.ts';
import type { Objective } from '../../protocol/tracking.ts';
import { toObjective } from '../tracking/tracking.ts';

/** What tracking needs of `.mlops/project.yaml`; the file has more keys, which belong to others. */
export interface ProjectSettings {
  /** The store to use unless the command, the environment or the config names one. */
  readonly trackingUri: string | null;
  readonly objective: Objective | null;
}

/** When neither config nor project name one. */
export const defaultObjective: Objective = { metric: 'val_loss', direction: 'minimize' };

/**
 * Reads `stores` (a list of URIs, the first is the default) and `objective: {metric, direction}` of `.mlops/project.yaml`.
 */
export function parseProjectSettings(text: string, file: string): Parsed<ProjectSettings> {
  const { value: yaml, problems } = parseYaml(text, file);
  if (yaml === undefined) return { value: undefined, problems };
  const { stores = null, objective = null } = isMapping(yaml.value) ? yaml.value : {};
  const mistakes = [...findStoresMistake(stores), ...findObjectiveMistake(objective)];
  if (mistakes.length > 0) {
    const wrong = mistakes.map(({ path, message }) => yaml.problemAt(path, message));
    return { value: undefined, problems: [...problems, ...wrong] };
  }
  const value = {
    trackingUri: Array.isArray(stores) ? ((stores[0] as string | undefined) ?? null) : null,
    objective: isMapping(objective) ? toObjective(objective) : null,
  };
  return { value, problems };
}

interface Mistake {
  readonly path: readonly string[];
  readonly message: string;
}

function findStoresMistake(stores: unknown): Mistake[] {
  if (stores === null || (Array.isArray(stores) && stores.slice(0, 1).every((store) => typeof store === 'string')))
    return [];
  return [{ path: ['stores'], message: 'stores must be a list of tracking URIs, as file:models/mlruns.' }];
}

function findObjectiveMistake(objective: unknown): Mistake[] {
  if (objective === null) return [];
  if (!isMapping(objective) || toObjective(objective) === null)
    return [{ path: ['objective'], message: 'objective must be a mapping of metric and direction.' }];
  const { accepts, expects } = sections.objective.direction;
  const { direction = null } = objective;
  if (direction === null || accepts(direction)) return [];
  return [{ path: ['objective', 'direction'], message: `direction must be ${expects}.` }];
}
