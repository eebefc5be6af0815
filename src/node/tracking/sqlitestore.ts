import path from 'node:path';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { findNearest } from '../../core/names/names.ts';
import { chooseBest, selectRun, toHistory, type ObjectiveOf, type TimedPoint } from '../../core/tracking/tracking.ts';
import { unknownName } from '../../protocol/errors.ts';
import type {
  ArtifactEntry,
  MetricHistory,
  MetricPoint,
  MetricSummary,
  RunInputs,
  RunStatus,
  RunSummary,
} from '../../protocol/tracking.ts';
import { isDirectory } from '../files/files.ts';
import { listLocalArtifacts, readLocalArtifact, type ArtifactRoots } from './artifacts.ts';
import { choosePage } from './paging.ts';
import { readDatabaseInputs, readDatabaseModels } from './sqlitelinks.ts';
import { openDatabase } from './sqlite.ts';
import { toReadOnlyStore } from './readonly.ts';
import type { ArtifactBytes, ArtifactReading, RunPage, RunQuery, RunReader, RunStore } from './store.ts';
import { folderOfUri, refuseDistant } from './uri.ts';

// MLflow's database, which it makes as `mlflow.db` where nothing else was chosen (specs: its tables since 2.0). Only read: what writes
// must keep several tables in step and fit the version of the schema to the day.

/** So many runs are asked for at once; SQLite takes 32,766 values in one question. */
const MOST_AT_ONCE = 5000;

const statuses: ReadonlySet<string> = new Set<RunStatus>(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']);

type Row = Readonly<Record<string, SQLOutputValue>>;

/** Runs of the experiments and runs that are not deleted. */
const LIVE = `FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
  WHERE r.lifecycle_stage = 'active' AND e.lifecycle_stage = 'active'`;
const COLUMNS = `r.run_uuid AS id, r.name AS name, r.status AS status, r.start_time AS start, r.end_time AS end,
  r.artifact_uri AS artifacts, e.name AS experiment`;

export function createSqliteStore(file: string, uri: string, objectiveOf: ObjectiveOf): RunStore {
  const wayOn = `start "mlflow server --backend-store-uri ${uri}", which is what writes its database`;
  return toReadOnlyStore(new SqliteReader(file, uri, objectiveOf), wayOn);
}

class SqliteReader implements RunReader {
  readonly uri: string;
  readonly #file: string;
  readonly #objectiveOf: ObjectiveOf;

  constructor(file: string, uri: string, objectiveOf: ObjectiveOf) {
    this.uri = uri;
    this.#file = file;
    this.#objectiveOf = objectiveOf;
  }

  listRuns(query: RunQuery = {}): Promise<RunPage> {
    return this.#withDatabase(async (database) => {
      const isNewest = query.where === undefined && query.order === undefined;
      if (!isNewest) {
        const all = await this.#readRuns(database, database.prepare(`SELECT ${COLUMNS} ${LIVE}`).all());
        return { ...choosePage(all, query), unreadable: [] };
      }
      const { start = 0, limit = -1 } = query;
      const rows = database
        .prepare(`SELECT ${COLUMNS} ${LIVE} ORDER BY r.start_time DESC, r.run_uuid LIMIT ? OFFSET ?`)
        .all(limit, start);
      const total =
        limit < 0 ? start + rows.length : toNumber(database.prepare(`SELECT COUNT(*) AS n ${LIVE}`).get()?.['n']);
      return { runs: await this.#readRuns(database, rows), total, unreadable: [] };
    });
  }

  readHistory(runId: string, metric: string): Promise<MetricHistory> {
    return this.#withDatabase((database) => {
      const rows = database
        .prepare('SELECT value, is_nan, timestamp, step FROM metrics WHERE run_uuid = ? AND key = ?')
        .all(runId, metric);
      if (rows.length === 0) {
        const known = database.prepare('SELECT key FROM latest_metrics WHERE run_uuid = ?').all(runId);
        throw unknownName(
          'metric',
          metric,
          findNearest(
            metric,
            known.map(({ key }) => toText(key)),
          ),
        );
      }
      return Promise.resolve(toHistory(rows.map(toTimedPoint)));
    });
  }

  async listArtifacts(runId: string, folder: string): Promise<readonly ArtifactEntry[]> {
    return listLocalArtifacts(await this.#artifactRoots(runId), folder);
  }

  async readArtifact(runId: string, name: string, reading: ArtifactReading): Promise<ArtifactBytes> {
    return readLocalArtifact(await this.#artifactRoots(runId), name, reading);
  }

  readInputs(runId: string): Promise<RunInputs> {
    return this.#withDatabase((database) => Promise.resolve(readDatabaseInputs(database, runId)));
  }

  findRun(text: string): Promise<RunSummary> {
    return this.#withDatabase(async (database) => {
      const find = (condition: string): Promise<readonly RunSummary[]> =>
        this.#readRuns(database, database.prepare(`SELECT ${COLUMNS} ${LIVE} AND ${condition}`).all(text));
      // By id or name, which says which one it is in almost every case, without reading all of them.
      const near = text.startsWith('@')
        ? []
        : await find('(r.run_uuid = ?1 OR r.name = ?1 OR substr(r.run_uuid, 1, length(?1)) = lower(?1))');
      if (near.length > 0) return selectRun(near, text, this.#objectiveOf);
      return selectRun((await this.listRuns()).runs, text, this.#objectiveOf);
    });
  }

  #artifactRoots(runId: string): Promise<ArtifactRoots> {
    const base = path.dirname(this.#file);
    return this.#withDatabase(async (database) => {
      const row = database.prepare('SELECT artifact_uri AS uri FROM runs WHERE run_uuid = ?').get(runId);
      if (row === undefined) throw unknownName('run', runId, []);
      const own = await findArtifacts(toText(row['uri']), base);
      if (own === null) refuseDistant(toText(row['uri']));
      const models = readDatabaseModels(database, runId).map(async ({ modelId, name, uri }) => {
        const folder = await findArtifacts(uri, base);
        return folder === null ? [] : [{ modelId, name, folder }];
      });
      return { own, models: (await Promise.all(models)).flat() };
    });
  }

  async #withDatabase<T>(use: (database: DatabaseSync) => Promise<T>): Promise<T> {
    const database = openDatabase(this.#file, requiredTables);
    try {
      return await use(database);
    } finally {
      database.close();
    }
  }

  async #readRuns(database: DatabaseSync, rows: readonly Row[]): Promise<readonly RunSummary[]> {
    const runs: RunSummary[] = [];
    for (let at = 0; at < rows.length; at += MOST_AT_ONCE)
      runs.push(...(await this.#readSome(database, rows.slice(at, at + MOST_AT_ONCE))));
    return runs;
  }

  async #readSome(database: DatabaseSync, rows: readonly Row[]): Promise<readonly RunSummary[]> {
    const ids = rows.map(({ id }) => toText(id));
    const [params, tags] = [readTexts(database, 'params', ids), readTexts(database, 'tags', ids)];
    const metrics = readMetrics(database, ids);
    const folders = new Map<string, Promise<string | null>>();
    return Promise.all(
      rows.map(async (row): Promise<RunSummary> => {
        const runId = toText(row['id']);
        const own = tags.get(runId) ?? {};
        const uri = toText(row['artifacts']);
        const folder = folders.get(uri) ?? findArtifacts(uri, path.dirname(this.#file));
        folders.set(uri, folder);
        return {
          runId,
          name: toText(row['name']) === '' ? (own['mlflow.runName'] ?? '') : toText(row['name']),
          experiment: toText(row['experiment']),
          status: toStatus(row['status']),
          startTime: toNumber(row['start']),
          endTime: row['end'] === null ? null : toNumber(row['end']),
          parentRunId: own['mlflow.parentRunId'] ?? null,
          params: params.get(runId) ?? {},
          tags: own,
          metrics: chooseBest(metrics.get(runId) ?? {}, this.#objectiveOf({ tags: own })),
          // Nothing is known of the process that writes it.
          lost: false,
          artifacts: await folder,
        };
      }),
    );
  }
}

const requiredTables = ['experiments', 'runs', 'metrics', 'latest_metrics', 'params', 'tags'] as const;

function placeholders(count: number): string {
  return Array.from({ length: count }, () => '?').join();
}

function readTexts(
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
function readMetrics(
  database: DatabaseSync,
  ids: readonly string[],
): ReadonlyMap<string, Readonly<Record<string, MetricSummary>>> {
  const among = `WHERE run_uuid IN (${placeholders(ids.length)})`;
  const extremes = (
    choose: 'MIN' | 'MAX',
  ): Map<string, { readonly point: MetricPoint | null; readonly count: number }> => {
    const rows = database
      .prepare(
        `SELECT run_uuid AS id, key, ${choose}(CASE is_nan WHEN 0 THEN value END) AS value, step, COUNT(*) AS n
         FROM metrics ${among} GROUP BY run_uuid, key`,
      )
      .iterate(...ids);
    const found = new Map<string, { readonly point: MetricPoint | null; readonly count: number }>();
    for (const row of rows)
      found.set(keyOf(row), { point: row['value'] === null ? null : toPoint(row), count: toNumber(row['n']) });
    return found;
  };
  const [lowest, highest] = [extremes('MIN'), extremes('MAX')];
  const latest = database
    .prepare(`SELECT run_uuid AS id, key, value, is_nan, step FROM latest_metrics ${among} ORDER BY key`)
    .iterate(...ids);
  const pairs = new Map<string, [string, MetricSummary][]>();
  for (const row of latest) {
    const key = keyOf(row);
    const [min, max] = [lowest.get(key)?.point ?? null, highest.get(key)?.point ?? null];
    add(pairs, toText(row['id']), [
      toText(row['key']),
      { points: lowest.get(key)?.count ?? 1, last: toPoint(row), min, max, best: null },
    ]);
  }
  return new Map([...pairs].map(([id, own]) => [id, Object.fromEntries(own)]));
}

function keyOf({ id, key }: Row): string {
  return `${toText(id)}/${toText(key)}`;
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
function toTimedPoint({ value, is_nan: isNan, timestamp = 0, step }: Row): TimedPoint {
  return { value: isNan === 1 ? NaN : toNumber(value), timestamp: toNumber(timestamp), step: toNumber(step) };
}

function toText(value: SQLOutputValue | undefined): string {
  return typeof value === 'string' ? value : value === null || value === undefined ? '' : String(value);
}

function toNumber(value: SQLOutputValue | undefined): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;
}

function toStatus(value: SQLOutputValue | undefined): RunStatus {
  const text = toText(value);
  return statuses.has(text) ? (text as RunStatus) : 'FAILED';
}

/** What a server keeps elsewhere is not on this machine; a relative place begins at the database. */
async function findArtifacts(uri: string, base: string): Promise<string | null> {
  const isPath = !/^[a-z][a-z0-9+.-]+:/i.test(uri);
  const folder = isPath ? path.resolve(base, uri) : folderOfUri(uri);
  return uri !== '' && folder !== undefined && (await isDirectory(folder)) ? folder : null;
}
