import { ExpectedError } from '../../protocol/errors.ts';
import { folderOfUri, openStore, resolveStoreUri, type StoreChoice } from '../tracking/tracking.ts';
import { createFileRegistry } from './fileregistry.ts';
import type { ModelRegistry } from './store.ts';

/** The registry that lies in the store of an absolute URI; nothing is read or written yet. */
function openRegistry(uri: string, env: NodeJS.ProcessEnv): ModelRegistry {
  const folder = folderOfUri(uri);
  if (folder !== undefined)
    return createFileRegistry(uri, { root: folder, ensure: () => openStore(uri, { env }).ensure() });
  throw new ExpectedError(
    'not-supported',
    `The registry of ${uri.replace(/\/\/[^/@]*@/, '//')} is not yet supported: those in MLflow's file layout are, as file:models/mlruns.`,
  );
}

/** The registry that goes with the chosen store: MLflow's own variable for it first, else it is in the store. */
export async function openChosenRegistry(choice: StoreChoice): Promise<ModelRegistry> {
  const { env, option } = choice;
  const own = env['MLFLOW_REGISTRY_URI'];
  const registry = option === undefined && own !== undefined && own !== '' ? own : option;
  return openRegistry(await resolveStoreUri({ ...choice, option: registry }), env);
}
