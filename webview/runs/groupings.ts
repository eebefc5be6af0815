import type { RunSummary } from '../../src/protocol/tracking.ts';

const groupingAttributes = ['experiment', 'status', 'model', 'user', 'branch', 'store'];
/** MLflow's own tags say the same of every run, or something else of each. */
const ownTags = 'mlflow.';

/** By what runs can be grouped: what has several values, and fewer than there are runs. */
export function listGroupings(runs: readonly RunSummary[]): readonly string[] {
  const values = new Map<string, Set<string>>();
  const add = (id: string, value: string): void => {
    const known = values.get(id);
    if (known === undefined) values.set(id, new Set([value]));
    else known.add(value);
  };
  for (const { params, tags } of runs) {
    for (const [name, value] of Object.entries(params)) add(`params.${name}`, value);
    for (const [name, value] of Object.entries(tags)) if (!name.startsWith(ownTags)) add(`tags.${name}`, value);
  }
  const useful = [...values].filter(([, { size }]) => size > 1 && size < runs.length).map(([id]) => id);
  return [...groupingAttributes, ...useful.sort()];
}
