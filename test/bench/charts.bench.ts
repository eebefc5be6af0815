import { envelope } from '../../src/core/charts/envelope.ts';
import { GrowingSeries, type Series } from '../../src/core/charts/series.ts';
import { smoothingKinds } from '../../src/core/charts/smoothing.ts';
import { median, type Figure, type Measurement } from './measuring.ts';

// What a chart of many runs costs before a pixel is drawn. The yardstick is a look at each value, as a chart without a pyramid has to do it.

const RUNS = 100;
const POINTS = 100_000;
const COLUMNS = 1600;
const TIMES = 9;

export const measurements: readonly Measurement[] = [
  {
    what: `charts: ${RUNS} runs × ${POINTS} points on ${COLUMNS} pixels`,
    aim: '< 100 ms',
    holds: (value) => value < 100,
    measure: measureWhole,
  },
  {
    what: 'charts: the same, zoomed to a fifth',
    aim: '< 100 ms',
    holds: (value) => value < 100,
    measure: measureZoomed,
  },
  {
    what: 'charts: append a point to each of 100 runs, and draw',
    aim: '< 100 ms',
    holds: (value) => value < 100,
    measure: measureAppend,
  },
  ...smoothingKinds.map((kind): Measurement => ({
    what: `charts: smooth 1,000,000 points (${kind}, 0.9)`,
    aim: '< 200 ms',
    holds: (value) => value < 200,
    measure: () => measureSmoothing(kind),
  })),
];

function growRun(points: number, seed: number): GrowingSeries {
  const growing = new GrowingSeries();
  const steps = Float64Array.from({ length: points }, (_, i) => i);
  growing.replaceFrom({
    from: 0,
    steps,
    values: steps.map((i) => Math.sin(i / 700 + seed) + ((i * 7919 + seed * 31) % 101) / 101),
  });
  return growing;
}

const growRuns = (): GrowingSeries[] => Array.from({ length: RUNS }, (_, seed) => growRun(POINTS, seed));
const seriesOf = (runs: readonly GrowingSeries[]): Series[] => runs.map(({ series }) => series);

function timeOf(perform: () => void): number {
  const times = Array.from({ length: TIMES }, () => {
    const start = performance.now();
    perform();
    return performance.now() - start;
  });
  return median(times);
}

function lookAtEach(series: readonly Series[]): number {
  let greatest = -Infinity;
  for (const { values } of series) for (const value of values) if (value > greatest) greatest = value;
  return greatest;
}

function beside(value: number, yardstick: number): Promise<Figure> {
  return Promise.resolve({ value, text: `${value.toFixed(0)} ms (looking at each value: ${yardstick.toFixed(0)} ms)` });
}

function measureWhole(): Promise<Figure> {
  const all = seriesOf(growRuns());
  return beside(
    timeOf(() => envelope(all, { min: 0, max: POINTS, columns: COLUMNS })),
    timeOf(() => lookAtEach(all)),
  );
}

function measureZoomed(): Promise<Figure> {
  const all = seriesOf(growRuns());
  return beside(
    timeOf(() => envelope(all, { min: 0.4 * POINTS, max: 0.6 * POINTS, columns: COLUMNS })),
    timeOf(() => lookAtEach(all)),
  );
}

function measureAppend(): Promise<Figure> {
  const runs = growRuns();
  let step = POINTS;
  const value = timeOf(() => {
    for (const run of runs) run.replaceFrom({ from: step, steps: Float64Array.of(step), values: Float64Array.of(1) });
    step += 1;
    envelope(seriesOf(runs), { min: 0, max: step, columns: COLUMNS });
  });
  return beside(
    value,
    timeOf(() => lookAtEach(seriesOf(runs))),
  );
}

function measureSmoothing(kind: (typeof smoothingKinds)[number]): Promise<Figure> {
  const run = growRun(1_000_000, 1);
  let weight = 0.9;
  // Another weight each time: what was smoothed before is kept.
  const value = timeOf(() => run.series.smoothed({ kind, weight: (weight += 1e-9) }));
  return beside(
    value,
    timeOf(() => lookAtEach([run.series])),
  );
}
