// What the benchmarks have in common: the shape of a measurement, and medians.

/** A measured figure as `npm run bench` shows it, or why there is none here. */
export type Figure = { readonly value: number; readonly text: string } | { readonly missing: string };

export interface Measurement {
  readonly what: string;
  /** In words, for the table; '–' where there is none. */
  readonly aim: string;
  readonly holds: (value: number) => boolean;
  /** `project` is a copy of the demo project, which may be changed. */
  readonly measure: (project: string) => Promise<Figure>;
}

/** Median wall time in milliseconds. */
export async function medianTime(times: number, run: () => Promise<unknown>): Promise<number> {
  const measured: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await run();
    measured.push(performance.now() - start);
  }
  return median(measured);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
