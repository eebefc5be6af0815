import { formatCount, formatValue } from '../charts/charts.ts';
import { countsEpochs } from '../../protocol/tracking.ts';
import { summaryOf } from '../runtable/runtable.ts';
import type { Report } from './plan.ts';

/** `12 runs, judged by val_loss, lower is better.` */
export function tellRuns({ runs, total, objective }: Pick<Report, 'runs' | 'total' | 'objective'>): string {
  const count =
    runs.length < total ? `${formatCount(runs.length)} of ${formatCount(total)} runs` : countRuns(runs.length);
  if (objective === null) return `${count}.`;
  const better = objective.direction === 'minimize' ? 'lower' : 'higher';
  return `${count}, judged by ${objective.metric}, ${better} is better.`;
}

function countRuns(count: number): string {
  return count === 1 ? '1 run' : `${formatCount(count)} runs`;
}

/** `Best: warm-fox, val_loss 0.0812 at epoch 14.`; empty where nothing says which is. */
export function tellBest({ best, objective }: Pick<Report, 'best' | 'objective'>): string {
  if (best === null || objective === null) return '';
  const summary = summaryOf(best, objective.metric);
  const point = objective.direction === 'minimize' ? summary?.min : summary?.max;
  if (point === undefined || point === null) return '';
  const unit = countsEpochs(objective.metric) ? 'epoch' : 'step';
  return `Best: ${best.name}, ${objective.metric} ${formatValue(point.value)} at ${unit} ${formatCount(point.step)}.`;
}
