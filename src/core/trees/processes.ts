import type { LiveProcess } from '../../protocol/engine.ts';

/**
 * The process to stop when this run is to stop. A training inside a pipeline is stopped through the pipeline, which would
 * otherwise take it for a stage that failed.
 */
export function findProcessOfRun(processes: readonly LiveProcess[], runId: string): LiveProcess | undefined {
  const training = processes.find((process) => process.runId === runId);
  return training === undefined ? undefined : (findPipelineOf(training, processes) ?? training);
}

/** The live pipeline that a training is a stage of. One that was started by itself has a log of its own, or none of its stages. */
function findPipelineOf(training: LiveProcess, processes: readonly LiveProcess[]): LiveProcess | undefined {
  if (training.kind !== 'training' || (training.command.startsWith('train ') && training.log !== null))
    return undefined;
  const { model } = training;
  return processes.find(
    ({ kind, stages, id }) =>
      kind === 'pipeline' &&
      id !== training.id &&
      (stages.length === 0 ||
        stages.some((stage) => stage === model || stage.endsWith(`@${model ?? ''}`) || stage === 'train')),
  );
}
