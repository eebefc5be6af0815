// The door of tracking's effects: stores, wherever they are and whoever names them.
export { openStoreOf, storeOption } from './chosenstore.ts';
export { exportPoints } from './exporting.ts';
export { listDirectories, readRegularFile, tryReadFile } from './entries.ts';
export { addStore, listStores, removeStore } from './managing.ts';
export { readRunId } from './mlmodel.ts';
export { ensureStore, offlineVariable, openChosenStore, openStore } from './opening.ts';
export { readFolder, toTexts, type Flaw } from './parts.ts';
export { describeMeta } from './records.ts';
export { readRunEvents } from './runevents.ts';
export { readObjectives } from './settings.ts';
export { openAllStores, openStores } from './stores.ts';
export type { LoggedPoint, RunStart, RunStore, RunWriter } from './store.ts';
export { warnOfStore, type OwnedRun, type StoreUnion } from './union.ts';
export { forgetServerLists } from './serverstore.ts';
export { openDatabase } from './sqlite.ts';
export { syncProject, type SyncedRun } from './syncing.ts';
export {
  databaseOfUri,
  findStoresIn,
  folderOfUri,
  resolveStoreUri,
  storeEnvironment,
  type StoreChoice,
} from './uri.ts';
