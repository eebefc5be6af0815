import type { RunPoints } from '../../protocol/chartfeed.ts';
import type { SeriesPlace } from '../../protocol/chartfeedreading.ts';
import type { MetricHistory } from '../../protocol/tracking.ts';

/** Points of one metric of a run, the first of which is number `from` of it: ordered by step, points of one step as they came. */
export function toRunPoints(runId: string, metric: string, from: number, history: MetricHistory): RunPoints {
  const { steps, values, timestamps } = history;
  const order = orderOf(steps);
  const column = (numbers: readonly number[]): Float64Array =>
    order === undefined ? Float64Array.from(numbers) : Float64Array.from(order, (index) => numbers[index] ?? NaN);
  return { runId, metric, from, steps: column(steps), values: column(values), times: column(timestamps) };
}

/** Undefined: as they are. A step that is no number has no place. */
function orderOf(steps: readonly number[]): readonly number[] | undefined {
  if (steps.every((step, i) => Number.isFinite(step) && (i === 0 || step >= (steps[i - 1] ?? NaN)))) return undefined;
  const order = steps.flatMap((step, index) => (Number.isFinite(step) ? [index] : []));
  return order.sort((a, b) => (steps[a] ?? 0) - (steps[b] ?? 0) || a - b);
}

/** Of a whole series what is behind a place; all of it where the series is another one by now, or nothing is known of it. */
export function pointsSince(points: RunPoints, place: SeriesPlace | undefined): RunPoints {
  if (place === undefined || !isAt(points, place)) return points;
  const { steps, values, times } = points;
  const from = place.count;
  return { ...points, from, steps: steps.slice(from), values: values.slice(from), times: times.slice(from) };
}

function isAt({ steps, values }: RunPoints, { count, step, value }: SeriesPlace): boolean {
  return steps[count - 1] === step && Object.is(values[count - 1], value);
}
