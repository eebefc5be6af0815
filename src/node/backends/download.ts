import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat, truncate, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExpectedError } from '../../protocol/errors.ts';
import { diskError } from '../files/files.ts';
import { downloadFailed, toDownloadError, type Answer, type Connection } from './connection.ts';

/** Tries in a row that bring nothing new, before a download is given up. */
const MAX_TRIES = 4;

export interface Download {
  readonly url: string;
  /** Lower-case hex, as the index gives it. */
  readonly sha256: string;
  /** Where the whole file will be; while it comes it is `<file>.part`. */
  readonly file: string;
}

interface DownloadOptions {
  readonly connection: Connection;
  readonly signal: AbortSignal;
  /** `total` is null while nobody knows it. */
  readonly onBytes: (done: number, total: number | null) => void;
  /** Between two tries, in milliseconds. */
  readonly pauseMs?: number;
}

/**
 * Fetches a file. A connection that breaks is taken up where it broke, also one of an earlier call; what comes is hashed on its way
 * to the disk. What has come stays as `<file>.part` when the network fails for good; after a stop, a full disk or a wrong hash
 * nothing stays.
 */
export async function download(wanted: Download, options: DownloadOptions): Promise<void> {
  const part = `${wanted.file}.part`;
  try {
    const hash = await fetchWhole(wanted, part, options);
    if (hash !== wanted.sha256)
      throw new ExpectedError(
        'corrupt',
        `What came from ${new URL(wanted.url).host} is not the file that its index names (sha256 ${hash} instead of ${wanted.sha256}). It was removed; try again.`,
      );
    await rename(part, wanted.file);
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'download-failed') throw error;
    await rm(part, { force: true });
    throw options.signal.aborted ? options.signal.reason : diskError(error, wanted.file);
  }
}

/** The hash of all that has come. */
async function fetchWhole({ url }: Download, part: string, options: DownloadOptions): Promise<string> {
  const { signal, connection, pauseMs = 1000 } = options;
  let state: State = { ...(await readPart(part)), total: null };
  for (let failures = 0; ;) {
    const before = state.done;
    try {
      const headers = state.done === 0 ? {} : { range: `bytes=${state.done}-` };
      state = await take(await connection.get(url, headers, signal), part, state, { url, ...options });
      if (state.total === null || state.done >= state.total) return state.hash.digest('hex');
      throw new Error('the connection ended before the file did');
    } catch (error) {
      if (!isNetworkFailure(error, signal)) throw error;
      state = { ...(await readPart(part)), total: state.total };
      failures = state.done > before ? 0 : failures + 1;
      if (failures >= MAX_TRIES) throw toDownloadError(error, url, signal);
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

interface State {
  readonly done: number;
  readonly hash: Hash;
  /** Length of the whole file; null while unknown. */
  readonly total: number | null;
}

async function take(
  answer: Answer,
  part: string,
  state: State,
  { url, onBytes }: DownloadOptions & { readonly url: string },
): Promise<State> {
  const { status, body, headers } = answer;
  if (status === 416 || (status === 206 && !isContinued(headers['content-range'], state.done))) {
    // Another file than the one that was begun: from the start again.
    body.resume();
    await truncate(part, 0);
    throw new Error('the file has changed');
  }
  if (status !== 200 && status !== 206) {
    body.resume();
    const error = downloadFailed(url, `it answers with status ${status}`);
    throw status >= 500 ? new Error(error.message) : error;
  }
  const isNew = status === 200;
  const length = headers['content-length'];
  const from = isNew ? 0 : state.done;
  const total = length === undefined ? null : from + Number(length);
  const hash = isNew ? createHash('sha256') : state.hash;
  const handle = await open(part, isNew ? 'w' : 'a');
  try {
    const done = await pour(body, handle, { hash, from, onDone: (bytes) => onBytes(bytes, total) });
    return { done, hash, total };
  } finally {
    await handle.close();
  }
}

async function pour(
  body: AsyncIterable<Buffer>,
  handle: FileHandle,
  { hash, from, onDone }: { hash: Hash; from: number; onDone: (bytes: number) => void },
): Promise<number> {
  let done = from;
  for await (const chunk of body) {
    await handle.appendFile(chunk);
    hash.update(chunk);
    done += chunk.length;
    onDone(done);
  }
  return done;
}

function isContinued(range: string | undefined, from: number): boolean {
  return range?.startsWith(`bytes ${from}-`) === true;
}

async function readPart(part: string): Promise<{ readonly done: number; readonly hash: Hash }> {
  const hash = createHash('sha256');
  const done = (await stat(part).catch(() => undefined))?.size ?? 0;
  if (done > 0) for await (const chunk of createReadStream(part)) hash.update(chunk as Buffer);
  return { done, hash };
}

/** What another try may mend: neither the user's stop, nor the disk, nor an answer that is final. */
function isNetworkFailure(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted || !(error instanceof Error)) return false;
  if (error instanceof ExpectedError) return error.code === 'download-failed' && !/status \d/.test(error.message);
  return 'address' in error || diskError(error, '') === error;
}
