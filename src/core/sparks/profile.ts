import type { KeyedSpark, Spark, SparkBar } from '../../protocol/sparks.ts';
import type { Objective, RunSummary } from '../../protocol/tracking.ts';
import { bestValueOf, isSweepRun, paceOf, type Pace } from '../sweep/sweep.ts';

/** A run of a config as sparks need it. */
export interface TriedRun {
  readonly runId: string;
  readonly params: Readonly<Record<string, string>>;
  /** The objective's best. */
  readonly value: number;
}

/** What the runs of a config have to say. */
export interface TriedRuns {
  readonly objective: Objective;
  readonly runs: readonly TriedRun[];
  readonly pace: Pace | null;
}

/** `config`: relative to the project, as runs name theirs. What has no value of the objective says nothing. */
export function collectTried(all: readonly RunSummary[], config: string, objective: Objective): TriedRuns {
  const runs = all.flatMap((run) => {
    if (run.tags['mlops.config'] !== config || isSweepRun(run)) return [];
    const value = bestValueOf(run, objective);
    return value === null || !Number.isFinite(value) ? [] : [{ runId: run.runId, params: run.params, value }];
  });
  return { objective, runs, pace: paceOf(all, config) };
}

/** So many values of a number stand each for itself; more of them share so many bars. */
const MOST_BARS = 8;
/** From this ratio of the greatest to the least on, bars are as wide as each other on a logarithmic scale. */
const LOG_RATIO = 100;

/** How the objective goes with each of these params of which the runs have tried several values. */
export function sparksOf(tried: TriedRuns, keys: readonly string[]): readonly KeyedSpark[] {
  return keys.flatMap((key) => {
    const spark = sparkOf(tried, key);
    return spark === undefined ? [] : [{ key, ...spark }];
  });
}

/** How the objective goes with a param; undefined where the runs have tried fewer than two values of it. */
export function sparkOf({ runs, objective }: TriedRuns, key: string): Spark | undefined {
  const byText = bestByText(runs, key, objective);
  if (byText.size < 2) return undefined;
  const rows = [...byText].map(([text, best]) => ({ text, ...best })).sort(byValue(objective));
  const [best] = rows;
  if (best === undefined) return undefined;
  const numbers = rows.flatMap((row) => (isNumber(row.text) ? [{ ...row, number: Number(row.text) }] : []));
  const isNumeric = numbers.length === rows.length;
  return {
    objective,
    runs: rows.reduce((sum, { count }) => sum + count, 0),
    best: { text: best.text, value: best.value, runId: best.runId },
    bars: isNumeric ? toBars(numbers, objective) : rows.map(({ text, value }) => ({ from: text, to: text, value })),
    kind: isNumeric ? 'numbers' : 'words',
  };
}

/** The best that runs have reached with each value of a param, and how many runs had it. */
export function bestByText(
  runs: readonly TriedRun[],
  key: string,
  objective: Objective,
): ReadonlyMap<string, { readonly value: number; readonly runId: string; readonly count: number }> {
  const sign = signOf(objective);
  const byText = new Map<string, { value: number; runId: string; count: number }>();
  for (const { params, value, runId } of runs) {
    const text = Object.hasOwn(params, key) ? params[key] : undefined;
    if (text === undefined) continue;
    const known = byText.get(text);
    const count = (known?.count ?? 0) + 1;
    const isBetter = known === undefined || sign * value < sign * known.value;
    byText.set(text, isBetter ? { value, runId, count } : { ...known, count });
  }
  return byText;
}

const signOf = ({ direction }: Objective): number => (direction === 'minimize' ? 1 : -1);

const byValue =
  (objective: Objective) =>
  (a: { readonly value: number }, b: { readonly value: number }): number =>
    signOf(objective) * (a.value - b.value);

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

interface NumberRow {
  readonly text: string;
  readonly number: number;
  readonly value: number;
}

function toBars(rows: readonly NumberRow[], objective: Objective): readonly SparkBar[] {
  const sorted = [...rows].sort((a, b) => a.number - b.number);
  if (sorted.length <= MOST_BARS) return sorted.map(({ text, value }) => ({ from: text, to: text, value }));
  const [low = 0, high = 0] = [sorted[0]?.number, sorted.at(-1)?.number];
  const isLog = low > 0 && high / low >= LOG_RATIO;
  const scale = (number: number): number =>
    isLog ? Math.log(number / low) / Math.log(high / low) : (number - low) / (high - low);
  const shares = Map.groupBy(sorted, ({ number }) => Math.min(MOST_BARS - 1, Math.floor(scale(number) * MOST_BARS)));
  return Array.from({ length: MOST_BARS }, (_, index) => {
    const share = shares.get(index) ?? [];
    const [best] = [...share].sort(byValue(objective));
    return { from: share[0]?.text ?? '', to: share.at(-1)?.text ?? '', value: best?.value ?? null };
  });
}
