// The door of tracking's effects: stores, wherever they are and whoever names them.
export { addStore, listStores, removeStore } from './managing.ts';
export { readObjectives } from './settings.ts';
export { openAllStores, openStores } from './stores.ts';
export type { LoggedPoint, RunStart, RunStore, RunWriter } from './store.ts';
export type { OwnedRun, StoreUnion } from './union.ts';
export { findStoresIn, resolveStoreUri, storeEnvironment } from './uri.ts';
export { ensureStore, openChosenStore, openStore } from './opening.ts';
