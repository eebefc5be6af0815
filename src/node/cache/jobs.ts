import { COLUMNS, isProtected, statOrReason, writeFacts } from './filefacts.ts';
import { linkFiles } from './linking.ts';
import { MD5_BYTES, hashFiles } from './taking.ts';

// The work on files that is worth a thread of its own. Everything here is done file by file with what the file system offers and
// with nothing else, so that it runs the same in a worker thread and in the thread that asks.

interface StatRequest {
  readonly folder: string;
  /** Joined by slashes: one text crosses to a thread in a fraction of the time that thousands take. */
  readonly names: string;
}

interface ObjectsRequest {
  /** Absolute path of the folder that holds the folders of objects. */
  readonly folder: string;
  /** 16 bytes for each. */
  readonly md5s: Uint8Array;
}

/** What may be asked of a thread. */
export const jobs = { stat: statFiles, objects: findUnprotected, hash: hashFiles, link: linkFiles };

export type Jobs = typeof jobs;

/** {@link COLUMNS} numbers for each file. */
function statFiles({ folder, names }: StatRequest): Promise<Float64Array<ArrayBuffer>> {
  const list = names.split('/');
  const facts = new Float64Array(list.length * COLUMNS);
  for (const [index, name] of list.entries()) writeFacts(facts, index, statOrReason(`${folder}/${name}`));
  return Promise.resolve(facts);
}

/** Indexes of the objects that are not there, or not read-only as DVC left them. */
function findUnprotected({ folder, md5s }: ObjectsRequest): Promise<number[]> {
  const bytes = Buffer.from(md5s.buffer, md5s.byteOffset, md5s.byteLength);
  const found: number[] = [];
  for (let index = 0; index * MD5_BYTES < bytes.length; index += 1) {
    const at = index * MD5_BYTES;
    const object = `${folder}/${bytes.toString('hex', at, at + 1)}/${bytes.toString('hex', at + 1, at + MD5_BYTES)}`;
    const stat = statOrReason(object);
    if (typeof stat === 'number' || !isProtected(stat.mode)) found.push(index);
  }
  return Promise.resolve(found);
}
