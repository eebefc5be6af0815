import type { DatabaseSync } from 'node:sqlite';
import type { RunInputs } from '../../protocol/tracking.ts';

// Data sets and logged models of a run in MLflow's database. Their tables came with 2.4 and 3.0: an older one has none of them.

interface LoggedModelRow {
  readonly modelId: string;
  readonly name: string;
  /** Where its files lie, as MLflow says it. */
  readonly uri: string;
}

export function readDatabaseModels(database: DatabaseSync, runId: string): readonly LoggedModelRow[] {
  if (!hasTables(database, 'inputs', 'logged_models')) return [];
  const rows = database
    .prepare(
      `SELECT m.model_id AS modelId, m.name AS name, m.artifact_location AS uri
       FROM inputs i JOIN logged_models m ON m.model_id = i.destination_id
       WHERE i.source_type = 'RUN_OUTPUT' AND i.source_id = ? AND m.lifecycle_stage = 'active' ORDER BY m.creation_timestamp_ms, m.model_id`,
    )
    .all(runId);
  return rows.map(({ modelId, name, uri }) => ({ modelId: toText(modelId), name: toText(name), uri: toText(uri) }));
}

export function readDatabaseInputs(database: DatabaseSync, runId: string): RunInputs {
  if (!hasTables(database, 'inputs', 'input_tags', 'datasets')) return { datasets: [], models: [] };
  const datasets = database
    .prepare(
      `SELECT d.name AS name, d.digest AS digest, d.dataset_source_type AS type, d.dataset_source AS source, t.value AS context
       FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
       LEFT JOIN input_tags t ON t.input_uuid = i.input_uuid AND t.name = 'mlflow.data.context'
       WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id = ? ORDER BY d.name, d.digest`,
    )
    .all(runId);
  const models = database
    .prepare("SELECT destination_id AS id FROM inputs WHERE source_type = 'RUN_INPUT' AND source_id = ? ORDER BY id")
    .all(runId);
  return {
    datasets: datasets.map(({ name, digest, type, source, context }) => ({
      ...{ name: toText(name), digest: toText(digest), sourceType: toText(type) },
      ...{ source: toText(source), context: toText(context) },
    })),
    models: models.map(({ id }) => toText(id)),
  };
}

function hasTables(database: DatabaseSync, ...tables: readonly string[]): boolean {
  const known = new Set(
    database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
      .map(({ name }) => name),
  );
  return tables.every((table) => known.has(table));
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
