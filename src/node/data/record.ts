import path from 'node:path';
import { updateDataFile, type DataFile } from '../../core/data/data.ts';
import type { HashedPath } from '../cache/cache.ts';
import { writeFileAtomic } from '../files/files.ts';
import type { Project } from '../project/project.ts';

/** What hashes paths of a project and puts them into its cache. */
export interface Recorder {
  readonly project: Project;
  hash(file: string): Promise<HashedPath | undefined>;
  store(file: string): Promise<HashedPath | undefined>;
}

/**
 * Puts the data of a `.dvc` file into the cache as it stands now, then writes its hashes into the file. A kill in between leaves
 * the old file, and objects that nobody names yet.
 */
export async function recordData(file: DataFile, recorder: Recorder): Promise<void> {
  const records: (HashedPath | undefined)[] = [];
  for (const out of file.outs) {
    const hashed = out.cache ? await recorder.store(out.file) : await recorder.hash(out.file);
    const { md5, legacy, isexec } = out.recorded;
    const isSame = hashed?.md5 === md5 && !legacy && hashed?.isexec === isexec;
    records.push(isSame ? undefined : hashed);
  }
  if (records.every((record) => record === undefined)) return;
  await writeFileAtomic(path.join(recorder.project.root, file.name), updateDataFile(file, records));
}
