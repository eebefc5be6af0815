import type { RunPoints } from '../../protocol/chartfeed.ts';
import type { AskedAxis, AskedRun, Measure } from './asking.ts';
import { overAxis, type Abscissa, type TimedPoints } from './axes.ts';
import { alignTo } from './bands.ts';
import { evaluateOver, parseExpression } from './expression.ts';
import { lowerBound, type Points } from './points.ts';
import { GrowingSeries, toLine, type Line, type Series } from './series.ts';
import { smooth, type Smoothing } from './smoothing.ts';

/** The x axis as one run has it. */
export interface Over {
  readonly axis: AskedAxis;
  readonly isLog: boolean;
  readonly run: AskedRun;
}

/** More lines than charts draw of one run at once are not kept. */
const mostMade = 48;
const nothing = new Float64Array(0);
export const emptyLine: Line = toLine({ steps: nothing, values: nothing });

/** All that is known of the points of one run, and the lines that have been made of them. */
export class RunShelf {
  readonly #stored = new Map<string, StoredSeries>();
  readonly #made = new Map<string, { readonly stamp: string; readonly line: Line }>();

  /** False for points that do not fit those before. */
  take(points: RunPoints): boolean {
    const stored = this.#stored.get(points.metric) ?? new StoredSeries();
    this.#stored.set(points.metric, stored);
    return stored.take(points);
  }

  keep(metrics: ReadonlySet<string>): void {
    for (const name of this.#stored.keys()) if (!metrics.has(name)) this.#stored.delete(name);
    this.#made.clear();
  }

  series(metric: string): Series | undefined {
    return this.#stored.get(metric)?.series;
  }

  /** Two equal stamps: the line is the same. */
  stampOf(measure: Measure, { axis }: Over): string {
    const names = [...metricsOf(measure), ...(axis.kind === 'metric' ? [axis.metric] : [])];
    return names.map((name) => this.#stored.get(name)?.version ?? 0).join();
  }

  /** A measure over an axis; without points where the run has none. */
  line(measure: Measure, over: Over, smoothing: Smoothing | null): Line {
    const { axis, isLog } = over;
    const own = measure.isExpression ? undefined : this.#stored.get(measure.text)?.series;
    if (!measure.isExpression && own === undefined) return emptyLine;
    if (own !== undefined && isByStep(measure, axis) && !isLog)
      return smoothing === null ? own : own.smoothed(smoothing);
    const key = JSON.stringify([measure, axis, isLog, smoothing]);
    const stamp = this.stampOf(measure, over);
    const known = this.#made.get(key);
    if (known?.stamp === stamp) return known.line;
    const line = own === undefined ? this.#compute(measure, over, smoothing) : this.#lay(measure, over, smoothing);
    if (this.#made.size >= mostMade) this.#made.clear();
    this.#made.set(key, { stamp, line });
    return line;
  }

  #lay(measure: Measure, over: Over, smoothing: Smoothing | null): Line {
    const stored = this.#stored.get(measure.text);
    if (stored === undefined) return emptyLine;
    const { series, times } = stored;
    const line = smoothing === null ? series : series.smoothed(smoothing);
    const points = this.#place({ steps: line.steps, values: line.values, times }, measure, over);
    // Where the values have stayed in their order, so have their extremes.
    return points.values === line.values ? { ...points, pyramid: line.pyramid } : toLine(points);
  }

  #compute(measure: Measure, over: Over, smoothing: Smoothing | null): Line {
    const parsed = parseExpression(measure.text);
    if (!('value' in parsed)) return emptyLine;
    const { steps, values } = evaluateOver(parsed.value, (metric) => this.series(metric) ?? emptyLine);
    const [first] = parsed.value.metrics.flatMap((metric) => this.#stored.get(metric) ?? []);
    const times = first === undefined ? steps : alignTo({ steps: first.series.steps, values: first.times }, steps);
    const smoothed = smoothing === null ? values : smooth(values, smoothing);
    return toLine(this.#place({ steps, values: smoothed, times }, measure, over));
  }

  #place(points: TimedPoints, measure: Measure, { axis, isLog, run }: Over): Points {
    const placed = overAxis(points, this.#abscissaOf(measure, axis, run));
    if (!isLog) return placed;
    const from = lowerBound(placed.steps, Number.MIN_VALUE);
    return {
      steps: placed.steps.subarray(from).map(Math.log10),
      values: from === 0 ? placed.values : placed.values.subarray(from),
    };
  }

  #abscissaOf({ isByBatch }: Measure, axis: AskedAxis, run: AskedRun): Abscissa {
    switch (axis.kind) {
      case 'step':
      case 'wall':
        return { kind: axis.kind };
      case 'epoch':
        return { kind: 'epoch', perEpoch: isByBatch ? run.perEpoch : 1 };
      case 'relative':
        return { kind: 'relative', start: run.start };
      case 'metric':
        return { kind: 'metric', points: this.series(axis.metric) ?? emptyLine };
    }
  }
}

/** Metrics that a measure needs; none for an expression that is none. */
export function metricsOf({ text, isExpression }: Measure): readonly string[] {
  if (!isExpression) return [text];
  const parsed = parseExpression(text);
  return 'value' in parsed ? parsed.value.metrics : [];
}

const isByStep = ({ isByBatch }: Measure, { kind }: AskedAxis): boolean =>
  kind === 'step' || (kind === 'epoch' && !isByBatch);

/** A series with the time of each point. */
class StoredSeries {
  readonly #growing = new GrowingSeries();
  #times = nothing;
  version = 0;

  take({ from, steps, values, times }: RunPoints): boolean {
    if (this.#growing.replaceFrom({ from, steps, values }) === undefined) return false;
    this.version += 1;
    const length = from + times.length;
    if (length > this.#times.length) {
      const larger = new Float64Array(Math.max(length, from === 0 ? 0 : 2 * this.#times.length));
      larger.set(this.#times.subarray(0, from));
      this.#times = larger;
    }
    this.#times.set(times, from);
    return true;
  }

  get series(): Series {
    return this.#growing.series;
  }

  get times(): Float64Array {
    return this.#times.subarray(0, this.#growing.series.steps.length);
  }
}
