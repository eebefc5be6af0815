import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { compareVersions, folderPrefix, parseFolderName } from '../../core/backends/backends.ts';
import { isMapping } from '../../core/yaml/yaml.ts';
import { cacheFolder } from '../cachefolder/cachefolder.ts';
import { exists, isMissing, purposeOf, readTextIfExists } from '../files/files.ts';

/** An installation in the person's cache. */
export interface InstalledTensorFlow {
  readonly version: string;
  readonly gpu: boolean;
  /** Absolute. */
  readonly folder: string;
}

/** Packages in an installation. */
export interface Packages {
  /** Folder of tfjs-node. */
  readonly tfjs: string;
  /** Folder of N-API's headers. */
  readonly nodeHeaders: string;
}

export function packagesIn(folder: string): Packages {
  const modules = path.join(folder, 'node_modules');
  return {
    tfjs: path.join(modules, '@tensorflow', 'tfjs-node'),
    nodeHeaders: path.join(modules, 'node-api-headers', 'include'),
  };
}

/** Written last: without it a folder is no installation. */
export const recordFile = 'installation.json';

/** Whole installations for this machine, the newest first. A library that was only linked and is gone makes one useless. */
export async function findInstalled(env: NodeJS.ProcessEnv): Promise<readonly InstalledTensorFlow[]> {
  const found = (await listOwnEntries(env)).flatMap((folder) => {
    const name = parseFolderName(path.basename(folder), process);
    return name === undefined ? [] : [{ ...name, folder }];
  });
  const whole = await Promise.all(
    found.map(async (installed) => ((await isWhole(installed.folder)) ? [installed] : [])),
  );
  return whole.flat().sort((a, b) => compareVersions(b.version, a.version));
}

async function isWhole(folder: string): Promise<boolean> {
  const library = path.join(packagesIn(folder).tfjs, 'deps', 'lib', 'libtensorflow_cc.so.2');
  const text = await readTextIfExists(path.join(folder, recordFile));
  return text !== undefined && isMapping(parseRecord(text)) && (await exists(library));
}

function parseRecord(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Damaged: not an installation.
    return undefined;
  }
}

/** All that installing has ever left in the cache: installations, downloads that were cut off, remains of killed ones. */
export async function listOwnEntries(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const cache = cacheFolder(env);
  const names = await readdir(cache).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names
    .filter((name) => purposeOf(name).startsWith(folderPrefix) && name !== lockName)
    .map((name) => path.join(cache, name));
}

const lockName = `${folderPrefix}lock`;

export function lockFile(env: NodeJS.ProcessEnv): string {
  return path.join(cacheFolder(env), lockName);
}

/** What tells a worker where native TensorFlow is, when the project has none of its own. */
export async function nativeEnvironment(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const installed = await findInstalled(env);
  return toEnvironment([installed.find(({ gpu }) => !gpu), installed.find(({ gpu }) => gpu)]);
}

export function toEnvironment(installed: readonly (InstalledTensorFlow | undefined)[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    installed.flatMap((one) =>
      one === undefined ? [] : [[one.gpu ? 'MLOPS_TENSORFLOW_GPU' : 'MLOPS_TENSORFLOW', one.folder] as const],
    ),
  );
}
