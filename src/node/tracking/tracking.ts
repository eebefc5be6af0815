import type { ObjectiveOf } from '../../core/tracking/tracking.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { createFileStore } from './filestore.ts';
import { readObjectives } from './settings.ts';
import type { RunStore } from './store.ts';
import { folderOfUri, resolveStoreUri, type StoreChoice } from './uri.ts';

export { readObjectives } from './settings.ts';
export type { LoggedPoint, RunStart, RunStore, RunWriter } from './store.ts';
export { resolveStoreUri, storeEnvironment, type StoreChoice } from './uri.ts';

export interface StoreOptions {
  /** For the `best` value of a run's metrics and `@best`; default: none is known. */
  readonly objectiveOf?: ObjectiveOf;
}

/** Opens the store that an absolute URI names; nothing is read or written yet. Only MLflow's file layout works so far. */
export function openStore(uri: string, options: StoreOptions = {}): RunStore {
  const folder = folderOfUri(uri);
  if (folder === undefined) {
    throw new ExpectedError(
      'not-supported',
      `The tracking store ${withoutUserInfo(uri)} is not yet supported: only folders in MLflow's file layout are, as file:models/mlruns (choose one with --store, MLFLOW_TRACKING_URI or mlflow.tracking_uri in the config).`,
    );
  }
  return createFileStore(folder, uri, options.objectiveOf ?? (() => null));
}

/** The store that a project, an option or the environment chooses, with the project's objectives. */
export async function openChosenStore(choice: StoreChoice): Promise<RunStore> {
  const uri = await resolveStoreUri(choice);
  const objectiveOf = choice.project === undefined ? undefined : await readObjectives(choice.project);
  return openStore(uri, objectiveOf === undefined ? {} : { objectiveOf });
}

export async function ensureStore(store: RunStore): Promise<void> {
  await store.ensure();
}

/** Passwords in URIs are never shown. */
function withoutUserInfo(uri: string): string {
  return uri.replace(/\/\/[^/@]*@/, '//');
}
