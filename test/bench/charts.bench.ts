import { bandOf } from '../../src/core/charts/bands.ts';
import { envelope } from '../../src/core/charts/envelope.ts';
import { GrowingSeries, type Series } from '../../src/core/charts/series.ts';
import { smoothingKinds } from '../../src/core/charts/smoothing.ts';
import { brushRuns, toDimension, type Variable } from '../../src/core/relations/dimensions.ts';
import { paramImportance } from '../../src/core/relations/importance.ts';
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
  {
    what: 'charts: 10,000 runs laid along 8 axes and brushed on two',
    aim: '< 200 ms',
    holds: (value) => value < 200,
    measure: measureParallel,
  },
  {
    what: 'charts: importance of 8 params over 500 runs',
    aim: '< 2000 ms',
    holds: (value) => value < 2000,
    measure: measureImportance,
  },
  {
    what: 'charts: mean and 95 % band of 100 runs × 10,000 points',
    aim: '< 200 ms',
    holds: (value) => value < 200,
    measure: measureBand,
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

function variablesOf(runs: number): Variable[] {
  return Array.from({ length: 8 }, (_, axis) => ({
    name: `param ${axis}`,
    values: Array.from({ length: runs }, (__, run) =>
      axis % 2 === 0 ? ((run * 7919 * (axis + 3)) % 1009) / 7 : `choice ${(run * (axis + 5)) % 6}`,
    ),
  }));
}

function measureParallel(): Promise<Figure> {
  const variables = variablesOf(10_000);
  const brushes = [0, 3].map((dimension) => ({ dimension, low: 0.2, high: 0.7 }));
  const value = timeOf(() => {
    const dimensions = variables.map((variable) => toDimension(variable));
    brushRuns(dimensions, brushes, 10_000);
  });
  return Promise.resolve({ value, text: `${value.toFixed(0)} ms` });
}

function measureImportance(): Promise<Figure> {
  const variables = variablesOf(500);
  const objective = Array.from({ length: 500 }, (_, run) => Number(variables[0]?.values[run]) + ((run * 31) % 17));
  const value = timeOf(() => paramImportance(variables, objective, 1));
  return Promise.resolve({ value, text: `${value.toFixed(0)} ms` });
}

function measureBand(): Promise<Figure> {
  const runs = seriesOf(Array.from({ length: RUNS }, (_, seed) => growRun(10_000, seed)));
  const value = timeOf(() => bandOf(runs, 'confidence'));
  return beside(
    value,
    timeOf(() => lookAtEach(runs)),
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
