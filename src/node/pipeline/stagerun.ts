import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, readdir, realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import { describeOutcome, type Outcome } from '../../protocol/outcome.ts';
import type { StageResult, StaleReason } from '../../protocol/pipeline.ts';
import { stageLogName } from '../../core/names/names.ts';
import {
  canRecord,
  canRestore,
  commandsEqual,
  commandsOf,
  emitMapping,
  findLocked,
  findReasons,
  reasonsToRun,
  formatLock,
  isOutside,
  isWithin,
  parseLock,
  summariseReasons,
  toLockMapping,
  toRunCacheTexts,
  type LockedPath,
  type LockedStage,
  type Out,
  type Stage,
  type StageFacts,
} from '../../core/pipeline/pipeline.ts';
import { diskError, exists, isInside, isMissing, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';
import { removeOuts, setOutsAside, type OutputsBefore } from './aside.ts';
import type { DvcTurns } from './dvcturns.ts';
import { gatherFacts, signatureOfInputs, takeLockEntry, type Workspace } from './facts.ts';
import { ignoreOuts, refuseTrackedOuts } from './gitfiles.ts';
import { looksLikeText } from '../cache/cache.ts';
import { lockFileOf, lockedStage, type LoadedPipeline } from './load.ts';
import { readMemory, remember } from './memory.ts';
import type { RunRecords } from './records.ts';
import { runCommands, type ShellRun } from './shell.ts';

/** What happens to stages, as it happens. */
export type PipelineEvent =
  | {
      readonly type: 'stage-started';
      readonly stage: string;
      readonly reasons: readonly StaleReason[];
      /** The reasons in a few words; '' when it was forced. */
      readonly why: string;
      /** Absolute path of the file that takes everything that the stage prints. */
      readonly log: string;
    }
  | { readonly type: 'command'; readonly stage: string; readonly command: string }
  | { readonly type: 'output'; readonly stage: string; readonly stream: 'stdout' | 'stderr'; readonly line: string }
  | { readonly type: 'stage-ended'; readonly stage: string; readonly result: StageResult }
  | { readonly type: 'note'; readonly text: string };

export type PipelineReporter = (event: PipelineEvent) => void;

export interface StageContext {
  readonly loaded: LoadedPipeline;
  readonly workspace: Workspace;
  readonly force: boolean;
  /** A stage that fails or is stopped gets back the outputs that it had. */
  readonly keepOutputs: boolean;
  readonly records: RunRecords;
  /** Called before the first file is changed. */
  readonly prepare: () => Promise<void>;
  /** A stage's commands may use DVC themselves. */
  readonly turns: DvcTurns;
  /** Environment of stage commands, without what differs from stage to stage; asked for when something really runs. */
  readonly environment: () => Promise<NodeJS.ProcessEnv>;
  readonly reporter: PipelineReporter;
  readonly signal: AbortSignal;
}

/** Brings one stage up to date and tells how that ended. Everything that the user can mend is an outcome, not an error. */
export async function runStage(stage: Stage, context: StageContext): Promise<StageResult> {
  const started = performance.now();
  const end = (rest: Omit<StageResult, 'name' | 'seconds'>): StageResult => ({
    name: stage.name,
    seconds: Math.round(performance.now() - started) / 1000,
    ...rest,
  });
  try {
    return end(await bringUpToDate(stage, context));
  } catch (error) {
    if (context.signal.aborted) return end({ outcome: 'stopped' });
    // Another process at work is no failure of the stage; a bug is none either.
    if (!(error instanceof ExpectedError) || error.code === 'busy') throw error;
    return end({ outcome: 'failed', reason: error.message });
  }
}

type StageEnd = Omit<StageResult, 'name' | 'seconds'>;

async function bringUpToDate(stage: Stage, context: StageContext): Promise<StageEnd> {
  const { loaded, workspace, force, signal } = context;
  const locked = lockedStage(loaded, stage);
  const facts = await gatherFacts(workspace, stage, locked);
  signal.throwIfAborted();
  const reasons = reasonsToRun(stage, findReasons(stage, locked, facts));
  if (reasons.length === 0 && !force) return { outcome: 'skipped' };
  if (!stage.frozen) {
    refuseMissingInputs(stage, facts);
    await refuseMissingFolder(stage, workspace.project);
    await refuseOutsideOuts(stage, workspace.project);
    if (!workspace.noScm) await refuseTrackedOuts(loaded, stage);
  }
  await context.prepare();
  if (stage.frozen) return verifyFrozen(stage, context);
  const restored = force ? undefined : await restore(stage, locked, facts, context);
  if (restored !== undefined) return restored;
  return execute(stage, reasons, context);
}

/** A frozen stage is never run: what stands at its outputs becomes what the lock says, as in DVC. */
async function verifyFrozen(stage: Stage, context: StageContext): Promise<StageEnd> {
  await refuseMissingOuts(stage, context.workspace);
  await save(stage, context);
  return { outcome: 'skipped', reason: 'frozen' };
}

/** Checked before anything is removed, so that a missing input costs no output. */
function refuseMissingInputs(stage: Stage, facts: StageFacts): void {
  for (const [index, { path: written }] of stage.deps.entries())
    if (facts.deps[index]?.md5 === undefined)
      throw new ExpectedError('missing-file', `the dependency ${written} does not exist`);
  for (const [index, file] of stage.params.entries()) {
    const values = facts.params[index];
    if (values === undefined) throw new ExpectedError('missing-file', `the params file ${file.path} does not exist`);
    const missing = file.keys.filter((key) => !values.has(key));
    if (missing.length > 0)
      throw new ExpectedError('missing-param', `${file.path} has no ${missing.map((key) => `"${key}"`).join(', ')}`);
  }
}

async function refuseMissingFolder({ wdir }: Stage, { root }: Project): Promise<void> {
  if (!(await exists(path.join(root, wdir))))
    throw new ExpectedError('missing-file', `the folder ${wdir} (wdir) does not exist`);
}

/**
 * Outside of the project nothing is ours to remove or to write, whether a path or a link among the folders of an output leads
 * there; what a stage's own command writes there is tracked only.
 */
async function refuseOutsideOuts({ outs }: Stage, { root }: Project): Promise<void> {
  for (const out of outs)
    if (isOutside(out.file) && out.cache)
      throw new ExpectedError(
        'stage-failed',
        `the output ${out.path} lies outside of the project, so no cache can keep it. Give it "cache: false"`,
      );
  const realRoot = await realpath(root);
  for (const { file, path: written } of outs.filter((out) => isWithin('', out.file))) {
    const folder = await realFolderOf(path.dirname(path.join(root, file)));
    if (folder !== realRoot && !isInside(realRoot, folder))
      throw new ExpectedError(
        'stage-failed',
        `the output ${written} lies outside of the project, in ${folder}, through a link. Name a place within the project`,
      );
  }
}

/** The real path of the nearest folder above, or at, `folder` that exists. */
async function realFolderOf(folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      return await realpath(at);
    } catch (error) {
      if (!isMissing(error) || at === path.dirname(at)) throw diskError(error, at);
    }
  }
}

async function refuseMissingOuts(stage: Stage, workspace: Workspace): Promise<void> {
  for (const out of stage.outs)
    if (!(await exists(path.join(workspace.project.root, out.file))))
      throw new ExpectedError('stage-failed', `the output ${out.path} does not exist`);
}

/**
 * Takes the outputs from the cache when this very stage has run on these very inputs before: by the lock entry, else by a
 * run-cache record, as DVC does.
 */
async function restore(
  stage: Stage,
  locked: LockedStage | undefined,
  facts: StageFacts,
  context: StageContext,
): Promise<StageEnd | undefined> {
  if (!canRestore(stage)) return undefined;
  const { workspace } = context;
  const record = isSameRun(stage, locked, facts) ? locked : await findRecord(stage, locked, workspace);
  if (record === undefined) return undefined;
  const outs = stage.outs.map((out) => ({ out, entry: findLocked(record.outs, out.path) }));
  for (const { entry } of outs)
    if (entry?.md5 === undefined || !(await workspace.cache.holds({ md5: entry.md5, legacy: entry.legacy })))
      return undefined;
  for (const { out, entry } of outs) {
    if (entry?.md5 === undefined) continue;
    const current = await workspace.hash(out.file);
    const id = { md5: entry.md5, legacy: entry.legacy };
    await workspace.cache.checkout(out.file, id, { isexec: entry.isexec, current });
  }
  workspace.forget();
  await save(stage, context);
  return { outcome: 'restored' };
}

function isSameRun(stage: Stage, locked: LockedStage | undefined, facts: StageFacts): boolean {
  if (locked === undefined || !commandsEqual(stage.cmd, locked.cmd)) return false;
  return findReasons(stage, locked, facts).every(({ kind }) => kind === 'out');
}

async function findRecord(
  stage: Stage,
  locked: LockedStage | undefined,
  workspace: Workspace,
): Promise<LockedStage | undefined> {
  // Outs are in the key by path only, so their hashes may be left open.
  const outs = stage.outs.map(({ path: written }): LockedPath => ({ ...emptyPath, path: written }));
  const inputs = await takeLockEntry(workspace, { ...stage, outs: [] }, locked);
  const { key } = toRunCacheTexts({ ...inputs, outs });
  const folder = recordFolder(workspace, key);
  const names = await readdir(folder).catch(() => [] as string[]);
  const dated = await Promise.all(
    names.map(async (name) => ({
      name,
      time: (await stat(path.join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0,
    })),
  );
  const newest = dated.sort((a, b) => b.time - a.time)[0];
  if (newest === undefined) return undefined;
  const text = await readTextIfExists(path.join(folder, newest.name)).catch(() => undefined);
  return parseRecord(text ?? '');
}

const emptyPath: LockedPath = {
  path: '',
  md5: undefined,
  legacy: false,
  size: undefined,
  nfiles: undefined,
  isexec: false,
  foreign: [],
};

/** A record has the shape of a stage's entry in dvc.lock; a damaged one is no record. */
function parseRecord(text: string): LockedStage | undefined {
  const entry = text
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('');
  return parseLock(`schema: '2.0'\nstages:\n  record:\n${entry}`, 'record').value?.stages.get('record');
}

function recordFolder(workspace: Workspace, keyText: string): string {
  const key = createHash('sha256').update(keyText).digest('hex');
  return path.join(workspace.cache.runs, key.slice(0, 2), key);
}

async function execute(stage: Stage, reasons: readonly StaleReason[], context: StageContext): Promise<StageEnd> {
  const { records, workspace, loaded, reporter } = context;
  const token = randomBytes(16).toString('hex');
  const locked = lockedStage(loaded, stage);
  const why = summariseReasons(reasons, { isLocked: locked !== undefined });
  const log = logFileOf(workspace.project, stage.name);
  reporter({ type: 'stage-started', stage: stage.name, reasons, why, log });
  await records.show({ stage: stage.name, token, child: null });
  try {
    const end = await runAndSave(stage, token, context);
    return end.outcome === 'succeeded' && why !== '' ? { ...end, reason: why } : end;
  } finally {
    workspace.forget();
    await records.hide(stage.name);
  }
}

async function runAndSave(stage: Stage, token: string, context: StageContext): Promise<StageEnd> {
  const { workspace, loaded, records, keepOutputs } = context;
  const { project } = workspace;
  const signature = await signatureOfInputs(workspace, stage);
  const locked = lockedStage(loaded, stage);
  const before = await (keepOutputs ? setOutsAside(stage, workspace, { token, locked }) : removeOuts(stage, workspace));
  let isSaved = false;
  try {
    const { outcome, seconds } = await runCommand(stage, token, context);
    const runId = await takeRunId(project, token);
    const tracked = runId === undefined ? {} : { runId };
    if (outcome.kind === 'stopped' || (runId !== undefined && wasSteeredToStop(outcome)))
      return { outcome: 'stopped', ...tracked };
    const failure = outcome.kind === 'succeeded' ? await saveResult(stage, context) : toReason(outcome);
    isSaved = failure === undefined;
    await records.inTurn(() => rememberEnd(project, stage.name, failure ?? seconds, signature));
    return failure === undefined
      ? { outcome: 'succeeded', ...tracked }
      : { outcome: 'failed', reason: failure, ...tracked };
  } finally {
    await (isSaved ? before.discard() : putBack(before, stage, context));
  }
}

/** Outputs that can't be put back now are no loss: the next run finds them. */
async function putBack(before: OutputsBefore, { name }: Stage, { reporter }: StageContext): Promise<void> {
  await before.putBack().catch((error: unknown) => {
    if (!(error instanceof ExpectedError)) throw error;
    const text = `The outputs that ${name} had could not be put back (${error.message}); the next run tries again.`;
    reporter({ type: 'note', text });
  });
}

async function runCommand(
  stage: Stage,
  token: string,
  { workspace, reporter, signal, environment, records, turns }: StageContext,
): Promise<{ outcome: Outcome; seconds: number }> {
  const { project } = workspace;
  const work: ShellRun = {
    commands: commandsOf(stage.cmd),
    cwd: path.join(project.root, stage.wdir),
    env: { ...(await environment()), DVC_STAGE: stage.name },
    token,
    log: logFileOf(project, stage.name),
    signal,
    onCommand: (command) => reporter({ type: 'command', stage: stage.name, command }),
    onStart: (child) => records.show({ stage: stage.name, token, child }),
    onLine: (line, stream) => reporter({ type: 'output', stage: stage.name, stream, line }),
  };
  const end = await turns.inCommands(async () => {
    const started = performance.now();
    return { outcome: await runCommands(work), seconds: Math.round(performance.now() - started) / 1000 };
  });
  workspace.forget();
  return end;
}

/** A training that the user has stopped by steering says so by its exit code; whoever started it sent no signal. */
function wasSteeredToStop(outcome: Outcome): boolean {
  return outcome.kind === 'failed' && outcome.reason === `exit code ${exitCodes.stopped}`;
}

function toReason(outcome: Exclude<Outcome, { kind: 'succeeded' | 'stopped' }>): string {
  return outcome.kind === 'failed' ? outcome.reason : describeOutcome(outcome);
}

/** What a command that ended well has left becomes the stage's result; otherwise the reason why it can't. */
async function saveResult(stage: Stage, context: StageContext): Promise<string | undefined> {
  const { workspace } = context;
  try {
    await refuseMissingOuts(stage, workspace);
    await refuseBinaryMetrics(stage, workspace.project);
    await save(stage, context);
    return undefined;
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return error.message;
  }
}

/** `end`: the seconds that it took, or the reason why it failed. */
async function rememberEnd(project: Project, stage: string, end: number | string, signature: string): Promise<void> {
  const endedAt = Date.now();
  if (typeof end === 'number') return remember(project, stage, { seconds: end, endedAt });
  const before = (await readMemory(project))[stage]?.seconds;
  const failure = { signature, reason: end };
  await remember(project, stage, { ...(before === undefined ? {} : { seconds: before }), failure, endedAt });
}

function logFileOf(project: Project, stage: string): string {
  return path.join(projectPaths.logs(project), stageLogName(stage));
}

async function refuseBinaryMetrics(stage: Stage, project: Project): Promise<void> {
  for (const out of stage.outs.filter(({ kind }) => kind === 'metric')) {
    const file = path.join(project.root, out.file);
    if ((await stat(file)).isDirectory()) continue;
    const handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0).finally(() => handle.close());
    if (!looksLikeText(buffer.subarray(0, bytesRead)))
      throw new ExpectedError('stage-failed', `the metrics file ${out.path} is binary; metrics must be text`);
  }
}

/** The id that `mlops train` leaves for the stage that it ran in. */
async function takeRunId(project: Project, token: string): Promise<string | undefined> {
  const file = projectPaths.tmp(project, 'stage-runs', token);
  const id = (await readTextIfExists(file))?.trim();
  await rm(file, { force: true });
  return id === undefined || id === '' ? undefined : id;
}

/**
 * Keeps the outputs out of Git, puts them into the cache, then the record of the run, then the lock entry: a kill in
 * between costs a run, never a wrong answer.
 */
async function save(stage: Stage, { workspace, loaded, records }: StageContext): Promise<void> {
  for (const dep of stage.deps)
    if ((await workspace.hash(dep.file)) === undefined)
      throw new ExpectedError('stage-failed', `the dependency ${dep.path} does not exist any more`);
  if (!workspace.noScm) await records.inTurn(() => ignoreOuts(loaded, stage.outs));
  const before = lockedStage(loaded, stage);
  const isOld = ({ path: written }: Out): boolean => findLocked(before?.outs, written)?.legacy === true;
  for (const out of stage.outs) if (out.cache && !isOld(out)) await workspace.store(out.file);
  const entry = await takeLockEntry(workspace, stage, before);
  const isRecorded = canRecord(stage, entry);
  for (const out of stage.outs) {
    const isKept = findLocked(entry.outs, out.path)?.legacy === true;
    // DVC caches metrics that are kept in Git as well when it records a run, or it could not restore them.
    if (!isKept && (out.cache ? isOld(out) : isRecorded)) await workspace.keep(out.file);
  }
  if (isRecorded) await writeRecord(workspace, entry);
  await records.inTurn(() => writeLock(loaded, stage, entry, records));
}

async function writeRecord(workspace: Workspace, entry: LockedStage): Promise<void> {
  const { key, value } = toRunCacheTexts(entry);
  const file = path.join(recordFolder(workspace, key), createHash('sha256').update(value).digest('hex'));
  if ((await readTextIfExists(file)) === undefined) await writeFileAtomic(file, emitMapping(toLockMapping(entry), 0));
}

/** Changes this stage's entry only, in the lock as it stands on disk now. */
async function writeLock(
  { project }: LoadedPipeline,
  stage: Stage,
  entry: LockedStage,
  records: RunRecords,
): Promise<void> {
  const name = lockFileOf(stage.place.file);
  const file = path.join(project.root, name);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw diskError(error, name);
  });
  const { value: lock, problems } = parseLock(text, name);
  if (lock === undefined) throw new ExpectedError('bad-input', `${name} was damaged meanwhile`, problems);
  const before = lock.stages.has(stage.key) ? undefined : records.enterLock(stage);
  const updated = formatLock(lock, stage.key, entry, before);
  if (updated !== text) await writeFileAtomic(file, updated);
}
