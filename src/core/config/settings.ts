import { isMapping, parseYaml } from '../yaml/yaml.ts';
import type { Parsed } from '../../protocol/problem.ts';

/** The metric that a run is judged by, and which way is better. */
export interface Objective {
  readonly metric: string;
  readonly direction: 'minimize' | 'maximize';
}

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
  const root = isMapping(yaml.value) ? yaml.value : {};
  const [store] = Array.isArray(root['stores']) ? (root['stores'] as unknown[]) : [];
  const found: ProjectSettings = {
    trackingUri: typeof store === 'string' ? store : null,
    objective: isMapping(root['objective']) ? toObjective(root['objective']) : null,
  };
  const wrong = [
    ...(root['stores'] !== undefined && found.trackingUri === null
      ? [yaml.problemAt(['stores'], 'stores must be a list of tracking URIs, as file:models/mlruns.')]
      : []),
    ...(root['objective'] !== undefined && root['objective'] !== null && found.objective === null
      ? [yaml.problemAt(['objective'], 'objective must be a mapping of metric and direction.')]
      : []),
  ];
  return { value: wrong.length === 0 ? found : undefined, problems: [...problems, ...wrong] };
}

/** Without a direction, a metric whose name tells an error is made small, any other large. */
export function toObjective({ metric, direction }: Readonly<Record<string, unknown>>): Objective | null {
  if (typeof metric !== 'string' || metric === '') return null;
  const isError = /loss|error|(^|_)(mae|mse|rmse|mape)$/i.test(metric);
  const minimize = typeof direction === 'string' ? direction.startsWith('min') : isError;
  return { metric, direction: minimize ? 'minimize' : 'maximize' };
}
