// The door of the pipeline's effects: what others may ask of it.
export { loadPipeline, lockedStage, type LoadedPipeline, type UnsavedTexts } from './load.ts';
export { planRun, runPipeline, type PipelineRunOptions } from './run.ts';
export { readStatus, refuseProblems } from './status.ts';
export type { PipelineEvent } from './stagerun.ts';
