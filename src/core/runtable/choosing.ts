import { isSystemMetric, type RunSummary } from '../../protocol/tracking.ts';
import { attributeIds } from './columns.ts';

/** Say nothing of a run as a whole. */
const duringTraining: ReadonlySet<string> = new Set(['batch_loss', 'learning_rate']);

const mostMetrics = 6;
const mostParams = 10;

/** Everything that the runs have something of, as ids of columns: attributes, metrics, params, tags, each sorted by name. */
export function listColumnIds(runs: readonly RunSummary[]): readonly string[] {
  const namesOf = (part: 'metrics' | 'params' | 'tags'): readonly string[] =>
    [...new Set(runs.flatMap((run) => Object.keys(run[part])))].sort().map((name) => `${part}.${name}`);
  return [...attributeIds, ...namesOf('metrics'), ...namesOf('params'), ...namesOf('tags')];
}

/**
 * What is shown where nobody has chosen: how the run ended, the metric of the objective, other metrics, when it was, and the params
 * that tell the runs apart. What is the same everywhere says nothing.
 */
export function chooseColumnIds(runs: readonly RunSummary[]): readonly string[] {
  const objective = findObjective(runs);
  const metrics = countNames(runs, 'metrics').filter((name) => !isSystemMetric(name) && !duringTraining.has(name));
  const first = objective === null ? metrics : [objective, ...metrics.filter((name) => name !== objective)];
  const differing = countNames(runs, 'params').filter((name) => differs(runs, name));
  const experiments = new Set(runs.map(({ experiment }) => experiment));
  const stores = new Set(runs.map(({ store }) => store));
  return [
    ...['name', 'status'],
    ...first.slice(0, mostMetrics).map((name) => `metrics.${name}`),
    ...['start', 'duration'],
    ...(experiments.size > 1 ? ['experiment'] : []),
    ...(stores.size > 1 ? ['store'] : []),
    ...differing.slice(0, mostParams).map((name) => `params.${name}`),
  ];
}

/** The metric that most runs are judged by; null where none is known. */
export function findObjective(runs: readonly RunSummary[]): string | null {
  const judged = runs.flatMap(({ metrics }) =>
    Object.keys(metrics).filter((name) => (metrics[name]?.best ?? null) !== null),
  );
  const counts = count(judged);
  return (
    [...counts].reduce<[string, number] | undefined>(
      (a, b) => (a === undefined || b[1] > a[1] ? b : a),
      undefined,
    )?.[0] ?? null
  );
}

/** Names that runs have, those of most runs first, equal ones by name. */
function countNames(runs: readonly RunSummary[], part: 'metrics' | 'params'): readonly string[] {
  const counts = count(runs.flatMap((run) => Object.keys(run[part])));
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([name]) => name);
}

function count(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function differs(runs: readonly RunSummary[], name: string): boolean {
  const seen = new Set<string>();
  for (const { params } of runs) {
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (value !== undefined && seen.add(value).size > 1) return true;
  }
  return false;
}
