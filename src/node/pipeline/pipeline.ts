// The door of the pipeline's effects: what others may ask of it.
export { planRun, runPipeline, type PipelineRunOptions, type PipelineRunTools } from './run.ts';
export { readStatus, type StatusOptions } from './status.ts';
export { logFileOf, type PipelineEvent, type PipelineReporter } from './stagerun.ts';
