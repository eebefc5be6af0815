import { isErrorMetric, type Objective } from '../../protocol/tracking.ts';

/** Without a direction, a metric whose name tells an error is made small, any other large. */
export function toObjective({ metric, direction }: Readonly<Record<string, unknown>>): Objective | null {
  if (typeof metric !== 'string' || metric === '') return null;
  const minimize = typeof direction === 'string' ? direction.startsWith('min') : isErrorMetric(metric);
  return { metric, direction: minimize ? 'minimize' : 'maximize' };
}
