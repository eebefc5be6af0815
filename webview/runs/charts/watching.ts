import { metricsOf } from '../../../src/core/charts/charts.ts';
import type { Watched } from '../../../src/protocol/chartfeed.ts';
import type { ChartCard } from './card.ts';
import type { Scene } from './scene.ts';

/** Points of metrics that have been scrolled out of view are kept up to so many, so that they are there when one comes back. */
const mostSpare = 3_000_000;

/** What is to be watched: the metrics of the cards in view, of all runs that are drawn. The same object as before when it is the same. */
export function chooseWatched({ cast, objective, view }: Scene, cards: readonly ChartCard[], before: Watched): Watched {
  const runs = [...cast.lines, ...cast.crowd];
  const runIds = runs.map(({ runId }) => runId).sort();
  const needed = new Set(cards.flatMap(({ plan }) => plan.card.measures.flatMap(metricsOf)));
  if (view.x.kind === 'metric' && view.x.metric !== null && needed.size > 0) needed.add(view.x.metric);
  if (objective !== null && needed.size > 0) needed.add(objective);
  let spare = mostSpare;
  for (const metric of before.metrics) {
    if (needed.has(metric)) continue;
    spare -= runs.reduce(
      (sum, { metrics }) => sum + (Object.hasOwn(metrics, metric) ? (metrics[metric]?.points ?? 0) : 0),
      0,
    );
    if (spare < 0) break;
    needed.add(metric);
  }
  const metrics = [...needed].sort();
  const isSame = isEqual(runIds, before.runIds) && isEqual(metrics, before.metrics);
  return isSame ? before : { runIds, metrics, events: true };
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
