import path from 'node:path';
import type { ObjectiveOf } from '../../core/tracking/tracking.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { cacheFolder } from '../cachefolder/cachefolder.ts';
import { openMlflowClient } from '../mlflowserver/mlflowserver.ts';
import { createFileStore } from './filestore.ts';
import { RunIndex } from './runindex.ts';
import { createServerStore } from './serverstore.ts';
import { readObjectives } from './settings.ts';
import type { RunStore } from './store.ts';
import { createSqliteStore } from './sqlitestore.ts';
import { databaseOfUri, folderOfUri, resolveStoreUri, withoutUserInfo, type StoreChoice } from './uri.ts';

/** Set where no server may be asked, whatever names one. */
export const offlineVariable = 'MLOPS_OFFLINE';

export interface StoreOptions {
  /** For the `best` value of a run's metrics and `@best`; default: none is known. */
  readonly objectiveOf?: ObjectiveOf;
  /** Of the person whose cache keeps an index of the runs; default: none is kept. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Opens the store that an absolute URI names; nothing is read or written yet. */
export function openStore(uri: string, { objectiveOf = () => null, env }: StoreOptions = {}): RunStore {
  const folder = folderOfUri(uri);
  if (folder !== undefined) {
    const index = env === undefined ? undefined : RunIndex.of(folder, path.join(cacheFolder(env), 'runs'));
    return createFileStore(uri, { root: folder, index, objectiveOf });
  }
  const database = databaseOfUri(uri);
  if (database !== undefined) return createSqliteStore(database, uri, objectiveOf);
  const client = openMlflowClient(uri, { env: env ?? {} });
  // A folder that nobody trusts may name any server, which would learn of us.
  if (client !== undefined && env?.[offlineVariable] !== undefined)
    throw new ExpectedError(
      'not-trusted',
      `${client.base} is not asked: no network here (Restricted Mode, or ${offlineVariable} is set).`,
    );
  if (client !== undefined) return createServerStore(client, { objectiveOf });
  throw new ExpectedError(
    'not-supported',
    `The tracking store ${withoutUserInfo(uri)} is not yet supported: folders in MLflow's file layout are, as file:models/mlruns, its databases, as sqlite:///mlflow.db, and its servers, as http://host:5000 (choose one with --store, MLFLOW_TRACKING_URI or mlflow.tracking_uri in the config).`,
  );
}

/** The store that a project, an option or the environment chooses, with the project's objectives. */
export async function openChosenStore(choice: StoreChoice): Promise<RunStore> {
  const uri = await resolveStoreUri(choice);
  const objectiveOf = choice.project === undefined ? undefined : await readObjectives(choice.project);
  return openStore(uri, { env: choice.env, ...(objectiveOf === undefined ? {} : { objectiveOf }) });
}

export async function ensureStore(store: RunStore): Promise<void> {
  await store.ensure();
}
