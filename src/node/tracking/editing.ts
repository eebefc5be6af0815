import { checkName, maxTagLength } from '../../core/tracking/tracking.ts';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import type { RunEdit } from '../../protocol/tracking.ts';
import { isWriterGone, readWriter } from './identity.ts';
import { readMeta } from './records.ts';
import { removeTag, writeMeta, writeTag } from './writer.ts';

const NAME_TAG = 'mlflow.runName';

/** Changes a run in MLflow's layout as MLflow's client does. What is wrong is found before anything is written. */
export async function editRun(folder: string, edit: RunEdit): Promise<void> {
  checkEdit(edit);
  const { name, tags = {}, isDeleted } = edit;
  const changesMeta = name !== undefined || isDeleted !== undefined;
  if (changesMeta && (await isLive(folder)))
    throw new ExpectedError('busy', `The run goes on. Wait for its end, or stop it, before you rename or delete it.`);
  const all = name === undefined ? tags : { ...tags, [NAME_TAG]: name };
  for (const [tag, value] of Object.entries(all)) {
    if (value !== null) await writeTag(folder, tag, value);
    else await removeTag(folder, tag);
  }
  if (!changesMeta) return;
  await writeMeta(folder, {
    ...(name === undefined ? {} : { name }),
    ...(isDeleted === undefined ? {} : { deletedTime: isDeleted ? Date.now() : null }),
  });
}

export function checkEdit({ name, tags = {} }: RunEdit): void {
  for (const [tag, value] of Object.entries(tags)) {
    checkName('tag', tag);
    if (value !== null && value.length > maxTagLength)
      throw badInput(`The tag "${tag}" has ${value.length} characters; at most ${maxTagLength} are kept.`);
  }
  if (name?.trim() === '') throw badInput('A run needs a name.');
}

/** Another program's run has no known writer: its word that it goes on is taken for one that nobody has ended. */
async function isLive(folder: string): Promise<boolean> {
  const writer = readWriter(folder);
  return readMeta(folder)?.meta?.status === 'RUNNING' && writer !== undefined && !(await isWriterGone(writer));
}
