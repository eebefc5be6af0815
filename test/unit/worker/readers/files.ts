import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { createReaders, type Readers } from '../../../../src/worker/readers/readers.ts';

export interface Folder {
  readonly root: string;
  readonly read: Readers;
  readonly write: (file: string, content: string | Uint8Array) => Promise<void>;
}

/** Calls `use` with readers of a folder that holds these files. */
export async function withFiles<T>(
  files: Readonly<Record<string, string | Uint8Array>>,
  use: (folder: Folder) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'mlops-readers-'));
  const write = async (file: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), content);
  };
  try {
    for (const [file, content] of Object.entries(files)) await write(file, content);
    return await use({ root, write, read: createReaders({ projectRoot: root, check: () => undefined }) });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The sentence of what is thrown, which must be a failure that the user can mend. */
export async function failureOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof ExpectedError) return error.message;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}
