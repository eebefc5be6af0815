import { lstatSync, statSync } from 'node:fs';
import path from 'node:path';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { findNearest } from '../../core/names/names.ts';
import { chooseBest, selectRun, toHistory, type ObjectiveOf } from '../../core/tracking/tracking.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import type {
  ArtifactEntry,
  MetricHistory,
  RunInputs,
  RunStatus,
  RunSummary,
  UnreadableRun,
} from '../../protocol/tracking.ts';
import { listLocalArtifacts, readLocalArtifact, type ArtifactRoots } from './artifacts.ts';
import { choosePage } from './paging.ts';
import { readDatabaseInputs, readDatabaseModels } from './sqlitelinks.ts';
import { isDamage, openDatabase, toDatabaseError } from './sqlite.ts';
import {
  exactEnough,
  readMetrics,
  readTexts,
  toNumber,
  toText,
  toTimedPoint,
  type MetricsMemo,
  type Row,
} from './sqliterows.ts';
import { toReadOnlyStore } from './readonly.ts';
import type { ArtifactBytes, ArtifactReading, RunPage, RunQuery, RunReader, RunStore } from './store.ts';
import { folderOfUri, refuseDistant } from './uri.ts';

// MLflow's database, which it makes as `mlflow.db` where nothing else was chosen (specs: its tables since 2.0). Only read: what writes
// must keep several tables in step and fit the version of the schema to the day.

/** So many runs are asked for at once; SQLite takes 32,766 values in one question. */
const MOST_AT_ONCE = 5000;

const statuses: ReadonlySet<string> = new Set<RunStatus>(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']);

/** Runs of the experiments and runs that are not deleted. */
const LIVE = `FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
  WHERE r.lifecycle_stage = 'active' AND e.lifecycle_stage = 'active'`;
const COLUMNS = `r.run_uuid AS id, r.name AS name, r.status AS status, CAST(r.start_time AS REAL) AS start, CAST(r.end_time AS REAL) AS end,
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
    return this.#withDatabase((database) => {
      const isNewest = query.where === undefined && query.order === undefined;
      if (!isNewest) {
        const { runs, unreadable } = this.#readRuns(database, database.prepare(`SELECT ${COLUMNS} ${LIVE}`).all());
        return { ...choosePage(runs, query), unreadable };
      }
      const { start = 0, limit = -1 } = query;
      const rows = database
        .prepare(`SELECT ${COLUMNS} ${LIVE} ORDER BY r.start_time DESC, r.run_uuid LIMIT ? OFFSET ?`)
        .all(limit, start);
      const total =
        limit < 0 ? start + rows.length : toNumber(database.prepare(`SELECT COUNT(*) AS n ${LIVE}`).get()?.['n']);
      return { ...this.#readRuns(database, rows), total };
    });
  }

  readHistory(runId: string, metric: string): Promise<MetricHistory> {
    return this.#withDatabase((database) => {
      const rows = database
        .prepare(
          `SELECT value, is_nan, ${exactEnough('timestamp')}, ${exactEnough('step')} FROM metrics WHERE run_uuid = ? AND key = ?`,
        )
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
      return toHistory(rows.map(toTimedPoint));
    });
  }

  async listArtifacts(runId: string, folder: string): Promise<readonly ArtifactEntry[]> {
    return listLocalArtifacts(await this.#artifactRoots(runId), folder);
  }

  async readArtifact(runId: string, name: string, reading: ArtifactReading): Promise<ArtifactBytes> {
    return readLocalArtifact(await this.#artifactRoots(runId), name, reading);
  }

  readInputs(runId: string): Promise<RunInputs> {
    return this.#withDatabase((database) => readDatabaseInputs(database, runId));
  }

  findRun(text: string): Promise<RunSummary> {
    return this.#withDatabase(async (database) => {
      const find = (condition: string): Readings =>
        this.#readRuns(database, database.prepare(`SELECT ${COLUMNS} ${LIVE} AND ${condition}`).all(text));
      // By id or name, which says which one it is in almost every case, without reading all of them.
      const { runs, unreadable } = text.startsWith('@')
        ? { runs: [], unreadable: [] }
        : find('(r.run_uuid = ?1 OR r.name = ?1 OR substr(r.run_uuid, 1, length(?1)) = lower(?1))');
      if (runs.length > 0) return selectRun(runs, text, this.#objectiveOf);
      const [broken] = unreadable;
      if (broken !== undefined) throw new ExpectedError('corrupt', `${broken.file}: ${broken.message}`);
      return selectRun((await this.listRuns()).runs, text, this.#objectiveOf);
    });
  }

  #artifactRoots(runId: string): Promise<ArtifactRoots> {
    const base = path.dirname(this.#file);
    return this.#withDatabase((database) => {
      const row = database.prepare('SELECT artifact_uri AS uri FROM runs WHERE run_uuid = ?').get(runId);
      if (row === undefined) throw unknownName('run', runId, []);
      const own = findArtifacts(toText(row['uri']), base);
      if (own === null) refuseDistant(toText(row['uri']));
      const models = readDatabaseModels(database, runId).flatMap(({ modelId, name, uri }) => {
        const folder = findArtifacts(uri, base);
        return folder === null ? [] : [{ modelId, name, folder }];
      });
      return { own, models };
    });
  }

  async #withDatabase<T>(use: (database: DatabaseSync) => T | Promise<T>): Promise<T> {
    const database = openDatabase(this.#file, requiredTables);
    try {
      return await use(database);
    } catch (error) {
      throw toDatabaseError(error, this.#file);
    } finally {
      database.close();
    }
  }

  #readRuns(database: DatabaseSync, rows: readonly Row[]): Readings {
    const readings: Readings[] = [];
    for (let at = 0; at < rows.length; at += MOST_AT_ONCE)
      readings.push(this.#readSome(database, rows.slice(at, at + MOST_AT_ONCE)));
    return joinReadings(readings);
  }

  /** Where a page of the database is damaged, the runs that are not on it are found by halving. */
  #readSome(database: DatabaseSync, rows: readonly Row[]): Readings {
    try {
      return { runs: this.#readWhole(database, rows), unreadable: [] };
    } catch (error) {
      const [row] = rows;
      if (!isDamage(error) || row === undefined) throw error;
      const message = `Where the database keeps its params, tags and metrics it is damaged (${error.message}).`;
      if (rows.length === 1) return { runs: [], unreadable: [{ runId: toText(row['id']), file: this.#file, message }] };
      const half = Math.ceil(rows.length / 2);
      return joinReadings([rows.slice(0, half), rows.slice(half)].map((some) => this.#readSome(database, some)));
    }
  }

  /** A file in its place is another database. */
  #memo(): MetricsMemo {
    const found = statSync(this.#file, { throwIfNoEntry: false });
    const identity = `${found?.dev} ${found?.ino} ${found?.birthtimeMs}`;
    const known = memos.get(this.#file);
    if (known?.identity === identity && known.memo.size <= MOST_KNOWN) return known.memo;
    const memo: MetricsMemo = new Map();
    memos.set(this.#file, { identity, memo });
    return memo;
  }

  #readWhole(database: DatabaseSync, rows: readonly Row[]): readonly RunSummary[] {
    const ids = rows.map(({ id }) => toText(id));
    const [params, tags] = [readTexts(database, 'params', ids), readTexts(database, 'tags', ids)];
    const metrics = readMetrics(database, ids, this.#memo());
    return rows.map((row): RunSummary => {
      const runId = toText(row['id']);
      const own = tags.get(runId) ?? {};
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
        metrics: chooseBest(metrics.get(runId)?.metrics ?? {}, this.#objectiveOf({ tags: own })),
        // Nothing is known of the process that writes it.
        lost: false,
        artifacts: findArtifacts(toText(row['artifacts']), path.dirname(this.#file)),
      };
    });
  }
}

/** By the file of the database. */
const memos = new Map<string, { readonly identity: string; readonly memo: MetricsMemo }>();
/** Runs; more than that are forgotten. */
const MOST_KNOWN = 50_000;

interface Readings {
  readonly runs: readonly RunSummary[];
  readonly unreadable: readonly UnreadableRun[];
}

function joinReadings(readings: readonly Readings[]): Readings {
  return {
    runs: readings.flatMap(({ runs }) => runs),
    unreadable: readings.flatMap(({ unreadable }) => unreadable),
  };
}

const requiredTables = ['experiments', 'runs', 'metrics', 'latest_metrics', 'params', 'tags'] as const;

function toStatus(value: SQLOutputValue | undefined): RunStatus {
  const text = toText(value);
  return statuses.has(text) ? (text as RunStatus) : 'FAILED';
}

/** What a server keeps elsewhere is not on this machine; a relative place begins at the database. */
function findArtifacts(uri: string, base: string): string | null {
  const isPath = !/^[a-z][a-z0-9+.-]+:/i.test(uri);
  const folder = isPath ? path.resolve(base, uri) : folderOfUri(uri);
  return uri !== '' && folder !== undefined && isFolder(folder) ? folder : null;
}

function isFolder(place: string): boolean {
  try {
    return lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // It can't be entered: as if it were not there.
    return false;
  }
}
