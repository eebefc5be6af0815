// The door of what the pipeline and the data have in common: hashes of files, DVC's cache, DVC's configuration of it.
export type { HashContext } from './context.ts';
export { hashPath, missingPath, type HashedPath } from './hashing.ts';
export { HashState } from './hashstate.ts';
export { looksLikeText, type HashMethod } from './taking.ts';
export { Cache, type ObjectId } from './objects.ts';
export { readDvcSettings, readFlagSettings } from './settings.ts';
