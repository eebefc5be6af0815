import { ExpectedError } from '../../protocol/errors.ts';
import { openMlflowClient } from '../mlflowserver/mlflowserver.ts';
import {
  databaseOfUri,
  folderOfUri,
  offlineVariable,
  openStore,
  resolveStoreUri,
  type StoreChoice,
} from '../tracking/tracking.ts';
import { createFileRegistry } from './fileregistry.ts';
import { createServerRegistry } from './serverregistry.ts';
import { createSqliteRegistry } from './sqliteregistry.ts';
import type { ModelRegistry } from './store.ts';

/** The registry that lies in the store of an absolute URI; nothing is read or written yet. */
function openRegistry(uri: string, env: NodeJS.ProcessEnv): ModelRegistry {
  const folder = folderOfUri(uri);
  if (folder !== undefined)
    return createFileRegistry(uri, { root: folder, ensure: () => openStore(uri, { env }).ensure() });
  const database = databaseOfUri(uri);
  if (database !== undefined) return createSqliteRegistry(database, uri);
  const client = openMlflowClient(uri, { env });
  if (client !== undefined) {
    // A folder that nobody trusts may name any server, which would learn of us.
    if (env[offlineVariable] !== undefined)
      throw new ExpectedError(
        'not-trusted',
        `${client.base} is not asked: no network here (${offlineVariable} is set).`,
      );
    return createServerRegistry(client);
  }
  throw new ExpectedError(
    'not-supported',
    `The registry of ${uri.replace(/\/\/[^/@]*@/, '//')} is not yet supported: those in MLflow's file layout are, as file:models/mlruns, its databases, as sqlite:///mlflow.db, and its servers, as http://host:5000.`,
  );
}

/** The registry that goes with the chosen store: MLflow's own variable for it first, else it is in the store. */
export async function openChosenRegistry(choice: StoreChoice): Promise<ModelRegistry> {
  const { env, option } = choice;
  const own = env['MLFLOW_REGISTRY_URI'];
  const registry = option === undefined && own !== undefined && own !== '' ? own : option;
  return openRegistry(await resolveStoreUri({ ...choice, option: registry }), env);
}
