import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { compareCodePoints } from '../../core/names/names.ts';
import { isPrompt } from '../../core/registry/registry.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { ModelVersion, RegisteredModel } from '../../protocol/registry.ts';
import { openDatabase } from '../tracking/tracking.ts';
import { findModel } from './selecting.ts';
import type { ModelRegistry } from './store.ts';

// The registry in MLflow's database: its tables as they have been since 2.0, with a column for workspaces since 3.10. Only read.

type Row = Readonly<Record<string, SQLOutputValue>>;

/** MLflow's word for a version that was deleted. */
const DELETED = 'Deleted_Internal';

export function createSqliteRegistry(file: string, uri: string): ModelRegistry {
  const list = async (): Promise<readonly RegisteredModel[]> => {
    const database = await Promise.resolve(openDatabase(file, []));
    try {
      return readModels(database);
    } finally {
      database.close();
    }
  };
  const refuse = (): Promise<never> =>
    Promise.reject(
      new ExpectedError(
        'not-supported',
        `The registry in ${uri} can only be read here. Choose a folder (--store file:models/mlruns), or start "mlflow server --backend-store-uri ${uri}".`,
      ),
    );
  return {
    uri,
    listModels: async () => ({ models: await list(), problems: [] }),
    readModel: async (name) => findModel(await list(), name),
    createVersion: refuse,
    edit: refuse,
    moveAlias: refuse,
  };
}

/** Databases of before 1.0 have no registry, those of 2.0 no aliases. */
function readModels(database: DatabaseSync): readonly RegisteredModel[] {
  const tables = new Set(
    database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
      .map(({ name }) => toText(name)),
  );
  const all = (table: string): readonly Row[] =>
    tables.has(table) ? database.prepare(`SELECT * FROM ${table}`).all() : [];
  const inDefault = all('registered_models').filter(isOfDefaultWorkspace);
  const versions = groupByName(all('model_versions').filter(isOfDefaultWorkspace));
  const versionTags = groupByName(all('model_version_tags').filter(isOfDefaultWorkspace));
  const tags = groupByName(all('registered_model_tags').filter(isOfDefaultWorkspace));
  const aliases = groupByName(all('registered_model_aliases').filter(isOfDefaultWorkspace));
  return inDefault
    .map((row): RegisteredModel => {
      const name = toText(row['name']);
      return {
        ...{ name, origin: 'mlflow', tags: toTags(tags.get(name)) },
        aliases: Object.fromEntries(
          (aliases.get(name) ?? []).map(({ alias, version }) => [toText(alias), toText(version)]),
        ),
        description: toOptional(row['description']),
        createdTime: toTime(row['creation_time']),
        updatedTime: toTime(row['last_updated_time']),
        versions: toVersions(versions.get(name) ?? [], versionTags.get(name) ?? []),
      };
    })
    .filter((model) => !isPrompt(model.tags))
    .sort((a, b) => compareCodePoints(a.name, b.name));
}

/** Without the column there is one workspace. */
function isOfDefaultWorkspace({ workspace }: Row): boolean {
  return workspace === undefined || workspace === null || workspace === 'default';
}

function toVersions(rows: readonly Row[], tags: readonly Row[]): readonly ModelVersion[] {
  return rows
    .filter((row) => row['current_stage'] !== DELETED)
    .sort((a, b) => Number(b['version']) - Number(a['version']))
    .map((row) => {
      const stage = toOptional(row['current_stage']);
      return {
        version: toText(row['version']),
        runId: toOptional(row['run_id']),
        source: toText(row['source']),
        tags: toTags(tags.filter(({ version }) => version === row['version'])),
        description: toOptional(row['description']),
        createdTime: toTime(row['creation_time']),
        updatedTime: toTime(row['last_updated_time']),
        stage: stage === 'None' ? null : stage,
        status: toOptional(row['status']) ?? 'READY',
      };
    });
}

function groupByName(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = toText(row['name']);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups;
}

function toTags(rows: readonly Row[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(rows.map(({ key, value }) => [toText(key), toText(value)]));
}

function toText(value: SQLOutputValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
}

function toOptional(value: SQLOutputValue | undefined): string | null {
  const text = toText(value);
  return text === '' ? null : text;
}

function toTime(value: SQLOutputValue | undefined): number | null {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
}
