import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ExpectedError, fromErrorDocument } from '../../protocol/errors.ts';
import { describeOutcome } from '../../protocol/outcome.ts';
import type { TrainTask } from '../../protocol/training.ts';
import type { Project } from '../project/project.ts';
import { readConfig } from './configfile.ts';
import { backendsFor } from './ladder.ts';
import type { TrainRequest } from './request.ts';
import { runWorker } from './worker.ts';

/** `mlops train --explain --json`. */
export interface ExplainDocument {
  readonly config: string;
  readonly model: string;
  readonly backend: string | null;
  /** As the tag `mlops.step` of a run says it. */
  readonly way: string;
  /** What a step does, line by line. */
  readonly lines: readonly string[];
}

/** How a training would take its steps. The project's code runs up to its first `fit`; no run is made, and nothing is trained. */
export async function explainTraining(
  project: Project,
  request: TrainRequest,
  signal: AbortSignal,
): Promise<ExplainDocument> {
  const { file, model, config } = await readConfig(project, request.config, request);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-explain-'));
  const task: TrainTask = {
    ...{ kind: 'train', projectRoot: project.root, model, config: { ...config }, checkpoints: [], runId: 'explained' },
    ...{ backends: backendsFor(config.training.backend), seed: config.training.seed, tests: true, explains: true },
    ...{ outputDirectory: folder, checkpointDirectory: path.join(folder, 'checkpoints') },
    engineVersion: request.installation.version,
  };
  try {
    return { config: file, model, ...(await ask(task, request, signal)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function ask(
  task: TrainTask,
  { installation, env }: TrainRequest,
  signal: AbortSignal,
): Promise<Pick<ExplainDocument, 'backend' | 'way' | 'lines'>> {
  let backend: string | null = null;
  let way: string | undefined;
  let text = '';
  const end = await runWorker(task, { installation, env, cwd: task.projectRoot, signal }, (message) => {
    if (message.type === 'backend') backend = message.name;
    if (message.type === 'explained') {
      way = message.way;
      text += message.part;
    }
    return Promise.resolve();
  });
  if (way !== undefined) return { backend, way, lines: text.split('\n') };
  if (signal.aborted) throw new ExpectedError('stopped', 'Stopped.');
  if (end.kind === 'failed') throw fromErrorDocument(end.error);
  if (end.kind !== 'ended')
    throw new ExpectedError(
      'training-failed',
      `train.ts of ${task.model} has not called fit: there is no step to explain.`,
    );
  throw new ExpectedError('training-failed', `The worker explained nothing: ${describeOutcome(end.outcome)}.`);
}
