// The door of the pipeline's pure half: what dvc.yaml and dvc.lock mean, what is stale and why, what a run would do. Nothing in
// here knows a disk or a clock; hashes and values come in as facts (node/pipeline gathers them).
export {
  addIgnoreEntry,
  builtInIgnore,
  isIgnored,
  ignoredIn,
  isIgnoredHere,
  parseIgnoreFile,
  type IgnoreDialect,
  type IgnoreFile,
} from './ignore.ts';
export { activeNeeds, buildGraph, dependentsOf, type PipelineGraph } from './graph.ts';
export {
  emptyLock,
  formatLock,
  parseLock,
  placeOfOffset,
  readHash,
  toLockMapping,
  type LockFile,
  type LockedPath,
  type LockedStage,
} from './lockfile.ts';
export { emitMapping } from './emit.ts';
export { formatDirectory, parseDirectory, type DirectoryEntry } from './directory.ts';
export { canRecord, canRestore, toRunCacheTexts } from './runcache.ts';
export {
  commandsEqual,
  findLocked,
  findReasons,
  reasonsToRun,
  summariseReasons,
  toState,
  type PathFact,
  type StageFacts,
} from './staleness.ts';
export {
  addressOf,
  commandsOf,
  folderOf,
  isOutside,
  isStageName,
  isWithin,
  joinPath,
  overlaps,
  type Out,
  type ParamValues,
  type ParamsFile,
  type Place,
  type Stage,
  type StagePath,
} from './stage.ts';
export { defaultFlags, type FlagSettings } from './flags.ts';
export { parseParams, pickParams } from './params.ts';
export { listDescriptions, shapesAt, type Shape, type YamlPath } from './schema.ts';
export { parsePipeline, resolveStages, type PipelineFile } from './stages.ts';
export { markBlocked, planRun, planWaits, resolveTarget, selectStages, type RunOptions, type RunPlan } from './plan.ts';
export { toDvcStatus } from './dvcstatus.ts';
export {
  UnreadableValue,
  formatPythonJson,
  getKey,
  integer,
  isList,
  isPyMap,
  keyText,
  toPyMap,
  toPyValue,
  type PyMap,
  type PyValue,
} from './values.ts';
