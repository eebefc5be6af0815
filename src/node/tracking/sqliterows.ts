import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { TimedPoint } from '../../core/tracking/tracking.ts';
import type { MetricPoint, MetricSummary } from '../../protocol/tracking.ts';

// What the tables of MLflow's database say of some runs.

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** A column of whole numbers, as JavaScript's: beyond 2^53 SQLite's would be refused, and one odd step must not hide a store. */
export function exactEnough(column: string): string {
  return `CAST(${column} AS REAL) AS ${column}`;
}

function placeholders(count: number): string {
  return Array.from({ length: count }, () => '?').join();
}

export function readTexts(
  database: DatabaseSync,
  table: 'params' | 'tags',
  ids: readonly string[],
): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const rows = database
    .prepare(
      `SELECT run_uuid AS id, key, value FROM ${table} WHERE run_uuid IN (${placeholders(ids.length)}) ORDER BY key`,
    )
    .iterate(...ids);
  const pairs = new Map<string, [string, string][]>();
  for (const { id, key, value } of rows) add(pairs, toText(id), [toText(key), toText(value)]);
  return new Map([...pairs].map(([id, own]) => [id, Object.fromEntries(own)]));
}

/** What is computed of all points of a run: valid as long as the run has so many, since MLflow only adds to them. */
interface KnownMetrics {
  readonly points: number;
  readonly metrics: Readonly<Record<string, MetricSummary>>;
}

/** What this process knows of the runs of a database. */
export type MetricsMemo = Map<string, KnownMetrics>;

/** Metrics in short: from what is known, where a run has no more points than then; of the others they are computed, and known from now on. */
export function readMetrics(
  database: DatabaseSync,
  ids: readonly string[],
  memo: MetricsMemo,
): ReadonlyMap<string, KnownMetrics> {
  const candidates = ids.filter((id) => memo.has(id));
  const known = new Set<string>();
  if (candidates.length > 0) {
    const counts = `SELECT run_uuid AS id, COUNT(*) AS n FROM metrics ${among(candidates)} GROUP BY run_uuid`;
    for (const row of database.prepare(counts).iterate(...candidates))
      if (memo.get(toText(row['id']))?.points === toNumber(row['n'])) known.add(toText(row['id']));
  }
  const unknown = ids.filter((id) => !known.has(id));
  for (const id of unknown) memo.delete(id);
  for (const [id, metrics] of computeMetrics(database, unknown)) memo.set(id, metrics);
  return memo;
}

/** The last point is what MLflow keeps of its own; of the others it has to be computed. */
function computeMetrics(database: DatabaseSync, ids: readonly string[]): ReadonlyMap<string, KnownMetrics> {
  if (ids.length === 0) return new Map();
  const latest = database
    .prepare(
      `SELECT run_uuid AS id, key, value, is_nan, ${exactEnough('step')} FROM latest_metrics ${among(ids)} ORDER BY key`,
    )
    .iterate(...ids);
  const extremes = computeExtremes(database, ids);
  const pairs = new Map<string, [string, MetricSummary][]>();
  for (const row of latest) {
    const [id, key] = [toText(row['id']), toText(row['key'])];
    const { points, min, max } = extremes.get(id)?.metrics.get(key) ?? { points: 1, min: null, max: null };
    add(pairs, id, [key, { points, last: toPoint(row), min, max, best: null }]);
  }
  return new Map(
    [...pairs].map(([id, own]) => [id, { points: extremes.get(id)?.points ?? 0, metrics: Object.fromEntries(own) }]),
  );
}

interface Extremes {
  readonly metrics: Map<string, Pick<MetricSummary, 'points' | 'min' | 'max'>>;
  points: number;
}

/**
 * A bare column beside MIN or MAX is that of its row (sqlite.org/lang_select.html#bareagg); of equal ones any may be taken. The two
 * questions give their groups in one order, so that the second one need not say which group it is.
 */
function computeExtremes(database: DatabaseSync, ids: readonly string[]): ReadonlyMap<string, Extremes> {
  const found = new Map<string, Extremes>();
  const ask = (columns: string, choose: 'MIN' | 'MAX'): Iterator<Row> =>
    database
      .prepare(
        `SELECT ${columns}${choose}(CASE is_nan WHEN 0 THEN value END) AS value, ${exactEnough('step')}
         FROM metrics ${among(ids)} GROUP BY run_uuid, key ORDER BY run_uuid, key`,
      )
      .iterate(...ids);
  const [lowest, highest] = [ask('run_uuid AS id, key, COUNT(*) AS points, ', 'MIN'), ask('', 'MAX')];
  for (let low = lowest.next(), high = highest.next(); low.done !== true; low = lowest.next(), high = highest.next()) {
    const { id, key, points } = low.value;
    const extremes = found.get(toText(id)) ?? { metrics: new Map(), points: 0 };
    found.set(toText(id), extremes);
    const max = high.done === true ? null : toPointOrNull(high.value);
    extremes.metrics.set(toText(key), { points: toNumber(points), min: toPointOrNull(low.value), max });
    extremes.points += toNumber(points);
  }
  return found;
}

function toPointOrNull(row: Row): MetricPoint | null {
  return row['value'] === null ? null : toPoint(row);
}

function among(ids: readonly string[]): string {
  return `WHERE run_uuid IN (${placeholders(ids.length)})`;
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function toPoint(row: Row): MetricPoint {
  const { value, step } = toTimedPoint(row);
  return { value, step };
}

/** NaN is kept as 0 with a mark. Infinity is kept as the greatest number, which MLflow's own client gives as well. */
export function toTimedPoint({ value, is_nan: isNan, timestamp = 0, step }: Row): TimedPoint {
  return { value: isNan === 1 ? NaN : toNumber(value), timestamp: toNumber(timestamp), step: toNumber(step) };
}

export function toText(value: SQLOutputValue | undefined): string {
  return typeof value === 'string' ? value : value === null || value === undefined ? '' : String(value);
}

export function toNumber(value: SQLOutputValue | undefined): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;
}
