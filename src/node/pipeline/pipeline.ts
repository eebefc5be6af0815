// The door of the pipeline's effects: what others may ask of it.
export { guardAgainstDvc, type DvcGuard } from './dvcguard.ts';
export { Workspace } from './facts.ts';
export { ensureDvcFolder, ignoreOuts, refuseTrackedOuts } from './gitfiles.ts';
export { loadPipeline, lockedStage, type LoadedPipeline, type UnsavedTexts } from './load.ts';
export { sweepTemporaries } from './orphans.ts';
export { planRun, runPipeline, type PipelineRunOptions } from './run.ts';
export { judgeData } from './sources.ts';
export type { PipelineEvent } from './stagecontext.ts';
export { readStatus, refuseProblems } from './status.ts';
