import { open, type FileHandle } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { isMissing } from '../files/files.ts';

const INTERVAL_MS = 100;
const CHUNK_BYTES = 256 * 1024;
/** Whoever is this far behind gets the end of the log only: nobody reads megabytes as they pass. */
const MOST_BEHIND_BYTES = 4 * 1024 * 1024;

export interface LogFollower {
  stop(): void;
}

interface LogEvents {
  /** `offset`: bytes of the log up to the end of the text. */
  readonly onText: (text: string, offset: number) => void;
  /** The process has ended and everything it printed was told. */
  readonly onEnd: () => void;
  /** Nothing more is told: the log can't be read. */
  readonly onFailure: (error: unknown) => void;
}

/** Tells the text of a log from byte `offset` on, and goes on while `isAlive`. Characters are never cut in two. */
export function followLog(
  log: string,
  offset: number,
  isAlive: () => Promise<boolean>,
  { onText, onEnd, onFailure }: LogEvents,
): LogFollower {
  const decoder = new StringDecoder('utf8');
  const state = { position: offset, stopped: false };

  const read = async (handle: FileHandle): Promise<void> => {
    const { size } = await handle.stat();
    const behind = size - state.position;
    if (behind > MOST_BEHIND_BYTES) {
      onText(`… ${behind - CHUNK_BYTES} bytes left out …\n`, state.position);
      state.position = size - CHUNK_BYTES;
    }
    for (let left = true; left;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, state.position);
      if (state.stopped) return;
      state.position += bytesRead;
      left = bytesRead > 0;
      const text = decoder.write(buffer.subarray(0, bytesRead));
      if (text !== '') onText(text, state.position);
    }
  };
  /** False when there is nothing more to come. */
  const advance = async (handle: FileHandle | undefined): Promise<boolean> => {
    // Asked before reading: what was printed before the end is then read for certain.
    const alive = await isAlive();
    if (handle !== undefined) await read(handle);
    if (state.stopped) return false;
    if (!alive) onEnd();
    return alive;
  };
  const follow = async (): Promise<void> => {
    const handle = await openIfExists(log);
    try {
      while (await advance(handle)) await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    } finally {
      await handle?.close();
    }
  };
  follow().catch((error: unknown) => {
    // Whoever has stopped does not ask any more.
    if (!state.stopped) onFailure(error);
  });
  return {
    stop() {
      state.stopped = true;
    },
  };
}

async function openIfExists(file: string): Promise<FileHandle | undefined> {
  return open(file, 'r').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}
