import type { Objective } from '../../protocol/tracking.ts';

/** Without a direction, a metric whose name tells an error is made small, any other large. */
export function toObjective({ metric, direction }: Readonly<Record<string, unknown>>): Objective | null {
  if (typeof metric !== 'string' || metric === '') return null;
  const isError = /loss|error|(^|_)(mae|mse|rmse|mape)$/i.test(metric);
  const minimize = typeof direction === 'string' ? direction.startsWith('min') : isError;
  return { metric, direction: minimize ? 'minimize' : 'maximize' };
}
