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

/**
 * Metrics in short. The last point is what MLflow keeps of its own; lowest and highest are looked for among all points, a bare column
 * beside MIN or MAX being that of its row (sqlite.org/lang_select.html#bareagg). Of equal ones any may be taken.
 */
export function readMetrics(
  database: DatabaseSync,
  ids: readonly string[],
): ReadonlyMap<string, Readonly<Record<string, MetricSummary>>> {
  const among = `WHERE run_uuid IN (${placeholders(ids.length)})`;
  const found = new Map<string, Map<string, Writable<MetricSummary>>>(ids.map((id) => [id, new Map()]));
  const summaryOf = ({ id, key }: Row): Writable<MetricSummary> | undefined => found.get(toText(id))?.get(toText(key));
  const latest = `SELECT run_uuid AS id, key, value, is_nan, ${exactEnough('step')} FROM latest_metrics ${among} ORDER BY key`;
  for (const row of database.prepare(latest).iterate(...ids))
    found
      .get(toText(row['id']))
      ?.set(toText(row['key']), { points: 1, last: toPoint(row), min: null, max: null, best: null });
  const extremes = (choose: 'MIN' | 'MAX', count: string): Iterable<Row> =>
    database
      .prepare(
        `SELECT run_uuid AS id, key, ${choose}(CASE is_nan WHEN 0 THEN value END) AS value, ${exactEnough('step')}, ${count} AS points
         FROM metrics ${among} GROUP BY run_uuid, key`,
      )
      .iterate(...ids);
  for (const row of extremes('MIN', 'COUNT(*)')) {
    const summary = summaryOf(row);
    if (summary === undefined) continue;
    summary.points = toNumber(row['points']);
    if (row['value'] !== null) summary.min = toPoint(row);
  }
  for (const row of extremes('MAX', '0')) {
    const summary = summaryOf(row);
    if (summary !== undefined && row['value'] !== null) summary.max = toPoint(row);
  }
  return new Map([...found].map(([id, own]) => [id, Object.fromEntries(own)]));
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

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
