import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExpectedError } from '../src/protocol/errors.ts';
import { exists } from '../src/node/files/files.ts';
import { takeLock, type Lock } from '../src/node/locks/locks.ts';
import { cacheFolder } from '../src/node/cachefolder/cachefolder.ts';

const COMPLETE = '.complete';

/**
 * The folder `name` in the shared cache, filled by `install` when it is not there yet. One process installs at a time; a
 * marker written last tells a whole folder from one whose installation was cut, which is removed and made anew. (Built in
 * its final place, because a Python environment can't be moved.)
 */
export async function ensureInCache(name: string, install: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(cacheFolder(process.env), name);
  if (await exists(path.join(folder, COMPLETE))) return folder;
  const lock = await waitForLock(path.join(cacheFolder(process.env), `${name}.lock.json`), name);
  try {
    if (await exists(path.join(folder, COMPLETE))) return folder;
    const start = performance.now();
    console.log(`Installing ${name} in ${cacheFolder(process.env)} (once for all clones)…`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await install(folder);
    await writeFile(path.join(folder, COMPLETE), '');
    console.log(`Installed ${name} in ${Math.round((performance.now() - start) / 1000)} s.`);
    return folder;
  } finally {
    await lock.release();
  }
}

async function waitForLock(file: string, name: string): Promise<Lock> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await takeLock(file, `install ${name}`);
    } catch (error) {
      if (!(error instanceof ExpectedError && error.code === 'busy')) throw error;
      if (attempt === 0) console.log(`Another process installs ${name}; waiting for it.`);
      await sleep(500);
    }
  }
}
