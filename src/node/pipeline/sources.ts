import { ExpectedError } from '../../protocol/errors.ts';
import type { StageResult, StaleReason, StatusDocument } from '../../protocol/pipeline.ts';
import { toSourceLock, toSourceStage, type DataFile } from '../../core/data/data.ts';
import { findReasons, toState } from '../../core/pipeline/pipeline.ts';
import { recordData } from '../data/data.ts';
import { gatherFacts, type Workspace } from './facts.ts';
import type { StageContext } from './stagecontext.ts';

// `.dvc` files among the stages: to DVC each is a stage without a command, judged by the same rules.

/** Why the data of a `.dvc` file is not as it says; empty when it is, and for what only DVC can judge. */
async function findSourceReasons(file: DataFile, workspace: Workspace): Promise<readonly StaleReason[]> {
  if (file.unsupported.length > 0) return [];
  const [stage, lock] = [toSourceStage(file), toSourceLock(file)];
  return findReasons(stage, lock, await gatherFacts(workspace, stage, lock));
}

export async function judgeData(files: readonly DataFile[], workspace: Workspace): Promise<StatusDocument['data']> {
  const judged = [];
  for (const file of files) {
    const reasons = await findSourceReasons(file, workspace);
    const facts = { reasons, isLocked: true, isRunning: false, hasFailed: false, isBehind: false };
    judged.push({ path: file.name, state: toState(toSourceStage(file), facts), reasons });
  }
  return judged;
}

/**
 * What DVC does on its way to the stages that read tracked data: data that was changed is put into the cache and its `.dvc` file
 * brought up to date; data that is gone is a failure. Undefined when there was nothing to do.
 */
export async function bringSourceUpToDate(
  file: DataFile,
  { workspace, prepare, signal }: Pick<StageContext, 'workspace' | 'prepare' | 'signal'>,
): Promise<StageResult | undefined> {
  const started = performance.now();
  const end = (rest: Pick<StageResult, 'outcome' | 'reason'>): StageResult => ({
    name: file.name,
    seconds: Math.round(performance.now() - started) / 1000,
    ...rest,
  });
  try {
    const reasons = await findSourceReasons(file, workspace);
    if (reasons.length === 0) return undefined;
    for (const out of file.outs) {
      if ((await workspace.hash(out.file)) === undefined)
        return end({
          outcome: 'failed',
          reason: `its data ${out.file} is missing; "mlops data checkout ${file.name}" brings it back`,
        });
    }
    await prepare();
    await recordData(file, workspace);
    return end({ outcome: 'succeeded', reason: 'its data was changed' });
  } catch (error) {
    if (signal.aborted) return end({ outcome: 'stopped' });
    if (!(error instanceof ExpectedError) || error.code === 'busy') throw error;
    return end({ outcome: 'failed', reason: error.message });
  }
}
