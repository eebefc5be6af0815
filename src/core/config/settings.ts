import { isMapping, parseYaml } from '../yaml/yaml.ts';
import { sections } from './schema.ts';
import type { Parsed } from '../../protocol/problem.ts';
import type { Objective } from '../../protocol/tracking.ts';
import { toObjective } from '../tracking/tracking.ts';

/** What tracking needs of `.mlops/project.yaml`; the file has more keys, which belong to others. */
export interface ProjectSettings {
  /** Every tracking store that the file names, as it is written there. */
  readonly stores: readonly string[];
  /** The first of them that takes runs: the store to use unless the command, the environment or the config names one. */
  readonly trackingUri: string | null;
  readonly objective: Objective | null;
}

/** When neither config nor project name one. */
export const defaultObjective: Objective = { metric: 'val_loss', direction: 'minimize' };

/** Kinds of stores that are only read: they may stand first in the list, and new runs go elsewhere all the same. */
const onlyRead = /^(sqlite|dvclive|tensorboard|git):/i;

/**
 * Reads `stores` (a list of URIs, the first that takes runs is the default) and `objective: {metric, direction}` of `.mlops/project.yaml`.
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
  const uris = Array.isArray(stores) ? stores.filter((store) => typeof store === 'string') : [];
  const value = {
    stores: uris,
    trackingUri: uris.find((uri) => !onlyRead.test(uri)) ?? null,
    objective: isMapping(objective) ? toObjective(objective) : null,
  };
  return { value, problems };
}

interface Mistake {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

function findStoresMistake(stores: unknown): Mistake[] {
  const message = 'stores must be a list of tracking URIs, as file:models/mlruns.';
  if (stores === null) return [];
  if (!Array.isArray(stores)) return [{ path: ['stores'], message }];
  return stores.flatMap((store, index) => (typeof store === 'string' ? [] : [{ path: ['stores', index], message }]));
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
