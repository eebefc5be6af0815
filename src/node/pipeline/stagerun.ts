import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import { describeOutcome, type Outcome } from '../../protocol/outcome.ts';
import type { StageResult, StaleReason } from '../../protocol/pipeline.ts';
import {
  canRestore,
  commandsOf,
  findLocked,
  findReasons,
  reasonsToRun,
  summariseReasons,
  type LockedStage,
  type Stage,
  type StageFacts,
} from '../../core/pipeline/pipeline.ts';
import { removeOuts, setOutsAside, type OutputsBefore } from './aside.ts';
import { gatherFacts, signatureOfInputs } from './facts.ts';
import { refuseTrackedOuts } from './gitfiles.ts';
import { lockedStage } from './load.ts';
import { refuseMissingFolder, refuseMissingInputs, refuseMissingOuts, refuseOutsideOuts } from './refusals.ts';
import { findRecord, isSameRun } from './runcache.ts';
import { logFileOf, rememberEnd, save, saveResult, takeRunId } from './saving.ts';
import { runCommands, type ShellRun } from './shell.ts';
import type { StageContext, StageEnd } from './stagecontext.ts';

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
