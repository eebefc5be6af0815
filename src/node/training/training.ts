import { mkdir, rm, writeFile } from 'node:fs/promises';
import { flattenParams } from '../../core/config/config.ts';
import { ExpectedError, describeError, fromErrorDocument } from '../../protocol/errors.ts';
import type { Outcome } from '../../protocol/outcome.ts';
import { formatProblem } from '../../protocol/problem.ts';
import { pausedTag, type RunStatus } from '../../protocol/tracking.ts';
import type { TrainTask } from '../../protocol/training.ts';
import { exists } from '../files/files.ts';
import type { Git } from '../git/git.ts';
import { ensurePrivateFolders, projectPaths, type Project } from '../project/project.ts';
import { readUser } from '../user/user.ts';
import { openChosenStore, type RunStart, type RunStore, type RunWriter } from '../tracking/tracking.ts';
import { readConfig, type ResolvedConfig } from './configfile.ts';
import { createEventLog, type EventLog } from './events.ts';
import { Helm } from './helm.ts';
import { stagingFolder, sweepLeftovers } from './leftovers.ts';
import { openLiveRun, type LiveRun } from './liverun.ts';
import { findData, keepPatch, keepStageLock, openProjectGit, readGitTags, type HashedPath } from './provenance.ts';
import { publishModel } from './publish.ts';
import { backendsFor } from './ladder.ts';
import { RunRelay, type Heard } from './relay.ts';
import type { TrainDocument, TrainPlan, TrainReporter, TrainRequest } from './request.ts';
import { checkpointsOf, findResumption, reopenRun, type Resumption } from './resume.ts';
import { runWorker, type WorkerEnd, type WorkerOptions } from './worker.ts';

export { askWorker } from './ask.ts';
export { chooseBackend } from './choose.ts';
export { readConfig, type ResolvedConfig } from './configfile.ts';
export { takeRunLock } from './leftovers.ts';
export { predict } from './predict.ts';
export { findTrainedModel, type ModelRequest } from './trained.ts';
export { findData } from './provenance.ts';
export { writeMlmodel } from './publish.ts';
export { probeBackends, verifyBackend } from './probe.ts';
export { hasCheckpoint, listOverrides } from './resume.ts';
export { createReporter } from './reporting.ts';
export { steerLiveRun } from './steer.ts';
export type { TrainDocument, TrainPlan, TrainReporter, TrainRequest } from './request.ts';

/** So long a worker may say nothing, not even that it is alive. */
const SILENCE_MS = 30_000;

/** One training, once its run has begun. */
interface Training {
  readonly project: Project;
  readonly request: TrainRequest;
  readonly resolved: ResolvedConfig;
  readonly store: RunStore;
  readonly writer: RunWriter;
  readonly events: EventLog;
  readonly reporter: TrainReporter;
  readonly helm: Helm;
  /** Empty folder for the worker. */
  readonly staging: string;
  /** Set for a run that goes on. */
  readonly resumption: Resumption | undefined;
}

export async function planTraining(project: Project, request: TrainRequest): Promise<TrainPlan> {
  const resolved = await readConfig(project, request.config, request);
  const { file, model, config } = resolved;
  const store = await openChosenStore({ project, option: request.store, env: request.env, config, cwd: request.cwd });
  return {
    config: file,
    model,
    store: store.uri,
    experiment: config.mlflow.experiment_name,
    backends: backendsFor(config.training.backend),
    params: flattenParams(config),
    replaces: isInStage(request.env) ? `models/${model}` : null,
    resumes: await planResumption(store, request.resume, resolved),
  };
}

async function planResumption(
  store: RunStore,
  text: string | undefined,
  resolved: ResolvedConfig,
): Promise<TrainPlan['resumes']> {
  if (text === undefined) return null;
  const { run, newest } = await findResumption(store, text, resolved);
  return { runId: run.runId, checkpoint: newest?.name ?? null };
}

/**
 * One tracked training in a worker of its own; resolves when it has ended, however it did, with the run's record. Throws before
 * the run exists (bad config, unknown store, busy) and for bugs; then a run that was begun is FAILED.
 */
export async function train(
  project: Project,
  request: TrainRequest,
  reporter: TrainReporter,
  signal: AbortSignal,
): Promise<TrainDocument> {
  const resolved = await readConfig(project, request.config, request);
  for (const warning of resolved.warnings) reporter.warning(formatProblem(warning));
  await ensurePrivateFolders(project);
  await sweepLeftovers(project).catch((error: unknown) =>
    reporter.warning(`What killed trainings have left can't be removed: ${toMessage(error)}`),
  );
  const { env, cwd } = request;
  const store = await openChosenStore({ project, option: request.store, env, config: resolved.config, cwd });
  const git = openProjectGit(project, env);
  const file = resolved.config.data.dataset_path;
  const brought = request.reproduces?.data;
  const { data, warning } =
    brought === undefined
      ? await findData(project, { file, env, signal, isInStage: isInStage(env) })
      : { data: brought };
  if (warning !== undefined) reporter.warning(warning);
  const command = `mlops train ${resolved.file}`;
  const onWarning = (message: string): void => reporter.warning(message);
  let training: Training | undefined;
  // The chart shows it as well.
  const onTrouble = (message: string): void => {
    reporter.warning(message);
    void training?.events.add('warning', message);
  };
  const helm = new Helm();
  const goLive = (runId: string): Promise<LiveRun> =>
    openLiveRun(project, { runId, model: resolved.model, command, helm, onWarning });
  const gitTags = await readGitTags(git);
  const resumption = request.resume === undefined ? undefined : await findResumption(store, request.resume, resolved);
  // A run that stands already may have another writer: the lock comes first.
  let live = resumption === undefined ? undefined : await goLive(resumption.run.runId);
  try {
    const writer =
      resumption === undefined
        ? await store.createRun(toRunStart(request, resolved, gitTags, data, onTrouble))
        : await reopenRun(store, resumption, onTrouble);
    const staging = stagingFolder(project, writer.runId);
    const events = createEventLog(writer.artifacts, onWarning);
    training = { project, request, resolved, store, writer, events, reporter, helm, staging, resumption };
    live ??= await goLive(writer.runId);
    await reportToPipeline(project, env, writer.runId);
    reporter.started({ runId: writer.runId, name: writer.name, model: resolved.model });
    if (resumption === undefined) await keepProvenance(training, git, data);
    else await tellResumption(training, resumption, gitTags);
    return await carryOut(training, live, signal);
  } catch (error) {
    if (training !== undefined) await endAfterError(training, error);
    throw error;
  } finally {
    helm.close();
    if (training !== undefined) await rm(training.staging, { recursive: true, force: true });
    await live?.close();
  }
}

/** What a person should know of a run that goes on; from which checkpoint, the worker says when it has loaded it. */
async function tellResumption(
  { events, reporter }: Training,
  { run, newest, broken }: Resumption,
  gitTags: Readonly<Record<string, string>>,
): Promise<void> {
  const commit = 'mlflow.source.git.commit';
  if (run.tags[commit] !== gitTags[commit])
    reporter.warning('The project is at another commit than when the run began; its code may have changed.');
  if (broken.length > 0 && newest !== undefined)
    reporter.warning(`${broken.join(', ')}: the training goes on from the one before, ${newest.name}.`);
  if (newest !== undefined) return;
  const text =
    broken.length === 0
      ? 'The run has no checkpoint: it starts from the first epoch.'
      : `No checkpoint of the run can be read (${broken.join(', ')}): it starts from the first epoch.`;
  await events.add('resumed', text, 0);
  reporter.note(text);
}

function toRunStart(
  { env, trial, reproduces }: TrainRequest,
  { file, model, config }: ResolvedConfig,
  gitTags: Readonly<Record<string, string>>,
  data: HashedPath | undefined,
  onWarning: (message: string) => void,
): RunStart {
  return {
    experiment: config.mlflow.experiment_name,
    user: readUser(env),
    startTime: Date.now(),
    params: flattenParams(config),
    tags: {
      'mlops.config': file,
      'mlops.seed': String(config.training.seed),
      ...(isInStage(env) ? { 'mlops.stage': env['DVC_STAGE'] ?? '' } : {}),
      ...(trial === undefined ? {} : trialTags(trial)),
      ...(reproduces === undefined ? {} : { 'mlops.reproduces': reproduces.runId }),
      ...(data === undefined ? {} : { 'mlops.data': data.md5 }),
      'mlflow.source.name': `src/models/${model}/train.ts`,
      'mlflow.source.type': 'LOCAL',
      ...gitTags,
    },
    onWarning,
  };
}

function trialTags({ sweep, parentRunId, number }: NonNullable<TrainRequest['trial']>): Record<string, string> {
  return { 'mlflow.parentRunId': parentRunId, 'mlops.sweep': sweep, 'mlops.trial': String(number) };
}

async function keepProvenance(
  { project, request, resolved: { file, config }, writer, reporter }: Training,
  git: Git,
  data: HashedPath | undefined,
): Promise<void> {
  const trouble = await keepPatch(git, project, writer.artifacts);
  if (trouble !== undefined) {
    reporter.warning(trouble);
    // Whoever wants to make the run again must know.
    await writer.setTags({ 'mlops.not_kept': trouble });
  }
  if (!isInStage(request.env)) return;
  const name = request.env['DVC_STAGE'] ?? '';
  await keepStageLock(writer.artifacts, { name, cmd: `mlops train ${file}`, configFile: file, config, data });
}

/** Our pipeline learns which run its stage has made through a file that only it knows the name of. */
async function reportToPipeline(project: Project, env: NodeJS.ProcessEnv, runId: string): Promise<void> {
  const token = env['MLOPS_STAGE_TOKEN'];
  if (token === undefined || !/^[0-9a-f]+$/i.test(token)) return;
  await mkdir(projectPaths.tmp(project, 'stage-runs'), { recursive: true });
  await writeFile(projectPaths.tmp(project, 'stage-runs', token), runId);
}

async function carryOut(training: Training, live: LiveRun, signal: AbortSignal): Promise<TrainDocument> {
  const { project, request, writer, helm, staging, store, resumption } = training;
  await mkdir(staging, { recursive: true });
  // A process that was killed while it was paused has left it.
  await writer.removeTag(pausedTag);
  const relay = new RunRelay({
    ...training,
    store: resumption === undefined ? undefined : store,
    onSteered: (change) => live.noteSteering(change),
  });
  const { heard } = relay;
  const { installation, env } = request;
  const options: WorkerOptions = {
    ...{ installation, env, cwd: project.root, signal },
    onStarted: (worker) => helm.attach(worker),
    silence: { limitMs: request.silenceMs ?? SILENCE_MS, onSilence: () => tellSilence(training) },
  };
  const end = await runWorker(toTask(training), options, relay.handle).finally(() => helm.close());
  await writer.removeTag(pausedTag);
  await relay.tellLosses();
  const told = toEnding(end, heard, signal.aborted || helm.isStopping);
  const modelPath = await keepModel(training, end, told);
  const isIncomplete = told.kind === 'succeeded' && modelPath === null;
  const ending: Ending = isIncomplete ? { kind: 'failed', reason: 'the worker has left no model' } : told;
  return finish(training, ending, {
    backend: heard.backend,
    modelPath,
    examplesPerSecond: end.kind === 'done' ? end.message.examplesPerSecond : null,
  });
}

function tellSilence({ request: { silenceMs = SILENCE_MS }, events, reporter }: Training): void {
  const text = `The training has said nothing for ${silenceMs / 1000} s: something in the project's code keeps it busy. Stop it if that is not meant.`;
  reporter.warning(text);
  void events.add('warning', text);
}

function toTask({ project, request, resolved: { model, config }, writer, staging, resumption }: Training): TrainTask {
  const { newest, checkpoints = [] } = resumption ?? {};
  return {
    kind: 'train',
    projectRoot: project.root,
    model,
    config: { ...config },
    backends: newest === undefined ? backendsFor(config.training.backend) : [newest.backend],
    seed: config.training.seed,
    outputDirectory: staging,
    checkpointDirectory: checkpointsOf(writer.artifacts),
    checkpoints,
    engineVersion: request.installation.version,
    runId: writer.runId,
    tests: request.trial === undefined,
  };
}

/**
 * What a stopped training has so far goes to its run only, also when its worker had to be ended by force; a failed one has nothing
 * worth keeping.
 */
async function keepModel(training: Training, end: WorkerEnd, ending: Ending): Promise<string | null> {
  const { project, request, resolved, writer, staging } = training;
  if (ending.kind !== 'succeeded' && ending.kind !== 'stopped') return null;
  return publishModel({
    project,
    model: resolved.model,
    runId: writer.runId,
    artifacts: writer.artifacts,
    staging,
    signature: end.kind === 'done' ? end.message.signature : null,
    engineVersion: request.installation.version,
    replacesModel: ending.kind === 'succeeded' && isInStage(request.env),
  });
}

/** An outcome, and for a failure the sentence for people, which may name the place in user code. */
type Ending = Outcome & { readonly text?: string };

function toEnding(end: WorkerEnd, heard: Heard, wasStopped: boolean): Ending {
  if (heard.diverged !== null) return { kind: 'failed', reason: heard.diverged };
  switch (end.kind) {
    case 'done':
      return end.message.outcome === 'succeeded' ? { kind: 'succeeded' } : { kind: 'stopped' };
    case 'failed': {
      if (wasStopped) return { kind: 'stopped' };
      const error = fromErrorDocument(end.error);
      const text = error instanceof ExpectedError ? describeError(error) : (error.stack ?? error.message);
      return { kind: 'failed', reason: firstLine(error.message), text };
    }
    case 'answered':
      return { kind: 'failed', reason: 'the worker answered another question' };
    case 'ended':
      return end.outcome.kind === 'succeeded' || end.outcome.kind === 'failed'
        ? { kind: 'failed', reason: `worker ended before its work was done (${describeExit(end.outcome)})` }
        : explainDeath(end.outcome);
  }
}

/** What a signal that nobody here has sent mostly means. */
const deaths: Readonly<Record<string, string>> = {
  SIGKILL: 'the system ends a process in this way when memory runs out',
  SIGABRT: 'JavaScript ends in this way when its memory is used up; what the training has printed tells more',
};

function explainDeath(outcome: Outcome): Ending {
  const meaning = outcome.kind === 'killed' ? deaths[outcome.signal] : undefined;
  return meaning === undefined ? outcome : { ...outcome, text: `${toReason(outcome) ?? ''}: ${meaning}.` };
}

function describeExit(outcome: Outcome): string {
  return outcome.kind === 'failed' ? outcome.reason : 'exit code 0';
}

async function finish(
  training: Training,
  ending: Ending,
  facts: Pick<TrainDocument, 'backend' | 'modelPath' | 'examplesPerSecond'>,
): Promise<TrainDocument> {
  const { store, writer, events, reporter } = training;
  const reason = toReason(ending);
  if (reason !== null) {
    await events.add(ending.kind, reason);
    if (ending.kind !== 'stopped') {
      await writer.setTags({ 'mlops.reason': reason });
      reporter.failure(ending.text ?? reason);
    }
  }
  if (facts.examplesPerSecond !== null)
    await writer.setTags({ 'mlops.examples_per_second': facts.examplesPerSecond.toFixed(1) });
  await events.close();
  await writer.finish(statuses[ending.kind], Date.now());
  const outcome = ending.kind === 'killed' ? 'failed' : ending.kind;
  const modelPath = await findModel(training, facts.modelPath);
  return { ...(await store.findRun(writer.runId)), outcome, reason, ...facts, modelPath };
}

/** What a server has got of a run is no longer here: then its own word for the place. */
async function findModel({ writer }: Training, modelPath: string | null): Promise<string | null> {
  return modelPath === null || (await exists(modelPath)) ? modelPath : `runs:/${writer.runId}/model`;
}

/** DESIGN's table of how things end. */
const statuses = {
  succeeded: 'FINISHED',
  failed: 'FAILED',
  killed: 'FAILED',
  stopped: 'KILLED',
} as const satisfies Record<Outcome['kind'], RunStatus>;

function toReason(ending: Ending): string | null {
  switch (ending.kind) {
    case 'succeeded':
      return null;
    case 'failed':
      return ending.reason;
    case 'killed':
      return `worker died (${ending.signal})`;
    case 'stopped':
      return 'stopped by the user';
  }
}

/** The error itself goes on to the caller; a store that can't even be told of it must not hide it. */
async function endAfterError({ writer, events, reporter }: Training, error: unknown): Promise<void> {
  const reason = firstLine(toMessage(error));
  try {
    await writer.setTags({ 'mlops.reason': reason });
    await events.close();
    await writer.finish('FAILED', Date.now());
  } catch (second) {
    reporter.warning(`The run can't be ended: ${toMessage(second)}`);
  }
}

/** Our own pipeline sets it as DVC does. */
function isInStage(env: NodeJS.ProcessEnv): boolean {
  return (env['DVC_STAGE'] ?? '') !== '';
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
