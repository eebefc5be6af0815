import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { setWord } from '../../core/yamledit/yamledit.ts';
import { badInput, unknownName } from '../../protocol/errors.ts';
import type { BackendChoice } from '../../protocol/training.ts';
import { isInside, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import type { Project } from '../project/project.ts';

/** Writes `training.backend` into a config; comments and layout stay. `file` is relative to the project. Gives the line, from 1. */
export async function chooseBackend({ root }: Project, file: string, backend: BackendChoice): Promise<number> {
  const named = path.join(root, file);
  const text = await readTextIfExists(named);
  if (text === undefined) throw unknownName('config', file, []);
  // A link is followed as far as the project goes: it stays a link, and its file is replaced.
  const real = await realpath(named);
  if (!isInside(await realpath(root), real))
    throw badInput(`${file} leads out of the project, to ${real}; edit it there.`);
  const { value, problems } = setWord(text, file, ['training', 'backend'], backend);
  if (value === undefined) throw badInput(`The backend can't be written into ${file}:`, problems);
  await writeFileAtomic(real, value.text, { mode: (await stat(real)).mode & 0o777 });
  return value.line;
}
