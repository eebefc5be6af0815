import { readdir, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { findObstacles, planInstallation, type InstallationPlan } from '../../core/backends/backends.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { cacheFolder } from '../cachefolder/cachefolder.ts';
import { makeFolder } from '../files/files.ts';
import type { Installation } from '../installation/installation.ts';
import { takeLock } from '../locks/locks.ts';
import { createConnection } from './connection.ts';
import { findSource, readFacts, readPipSettings, readWheelSource, type Surroundings } from './ground.ts';
import {
  findInstalled,
  listOwnEntries,
  lockFile,
  toEnvironment,
  type InstalledTensorFlow,
} from '../tensorflow/tensorflow.ts';
import { verifyBackend } from '../training/training.ts';
import { performInstallation, type Installing, type Progress } from './perform.ts';
import { describeStep, formatBytes, formatProgress, toPercent } from './words.ts';

export { describeStep, formatBytes, formatProgress } from './words.ts';

export interface InstallRequest extends Surroundings {
  readonly gpu: boolean;
  /** Absolute path of a wheel; undefined: looked for. */
  readonly from?: string | undefined;
}

/** What there is to do: nothing (`installed`), or the plan. Throws when it can't be done here, with every reason. */
export type Decision = { readonly kind: 'installed'; readonly installed: InstalledTensorFlow } | InstallationPlan;

/** Looks at the machine, at the project's Python and at the package index; writes nothing. */
export async function planTensorFlow(request: InstallRequest): Promise<Decision> {
  const { gpu, from, env } = request;
  const facts = await readFacts(gpu, env);
  const obstacles = findObstacles(facts);
  if (obstacles.length > 0) throw new ExpectedError('not-supported', obstacles.join('\n'));
  const installed = (await findInstalled(env)).filter((one) => one.gpu === gpu);
  const wheel = from === undefined ? undefined : await readWheelSource(from, facts.machine);
  const same = installed.find(({ version }) => wheel === undefined || version === wheel.version);
  if (same !== undefined) return { kind: 'installed', installed: same };
  const connect = (settings: { certificates: string | null }): ReturnType<typeof createConnection> =>
    createConnection(settings, env);
  return planInstallation(facts, wheel ?? (await findSource(facts, { ...request, connect })));
}

/** Installs what is not there yet, and tries it out by one step of training in a worker of `installation`. */
export async function ensureTensorFlow(
  request: InstallRequest,
  installation: Installation,
  onProgress: (progress: Progress) => void,
): Promise<InstalledTensorFlow & { readonly changed: boolean }> {
  const plan = await planTensorFlow(request);
  if (plan.kind === 'installed') return { ...plan.installed, changed: false };
  const { env, signal } = request;
  const verify = async (tried: InstalledTensorFlow): Promise<void> =>
    // From a folder that has no package of its own, with this installation in the place of any other.
    verifyBackend(tried.gpu ? 'tfjs-node-gpu' : 'tfjs-node', {
      ...{ installation, signal, cwd: tried.folder },
      env: { ...env, ...toEnvironment([tried]) },
    });
  return { ...(await installTensorFlow(plan, request, { onProgress, verify })), changed: true };
}

export type { Progress } from './perform.ts';

/**
 * Carries a plan out: everything is made in a folder of its own, tried by `verify`, and put in its place at the end. What fails or
 * is stopped leaves nothing behind, but for the part of a download whose connection broke, where the next call goes on.
 */
export async function installTensorFlow(
  plan: InstallationPlan,
  request: InstallRequest,
  installing: Pick<Installing, 'onProgress' | 'verify'> & { readonly pauseMs?: number },
): Promise<InstalledTensorFlow> {
  const { env, signal } = request;
  const cache = cacheFolder(env);
  await makeFolder(cache);
  const lock = await takeLock(lockFile(env), 'mlops backends install tensorflow');
  try {
    await requireSpace(cache, plan.diskBytes);
    await sweepRemains(env);
    const facts = await readFacts(plan.gpu, env);
    const settings = await readPipSettings(request);
    const connection = await createConnection(settings, env);
    return await performInstallation(plan, { ...installing, facts, cache, connection, settings, env, signal });
  } finally {
    await lock.release();
  }
}

async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new ExpectedError(
    'disk',
    `Installing TensorFlow takes ${formatBytes(bytes)} and ${folder} has ${formatBytes(free)} free. Free some space, or set XDG_CACHE_HOME to a folder on another disk.`,
  );
}

/** What a killed installation has left: nobody else works here while the lock is ours. */
async function sweepRemains(env: NodeJS.ProcessEnv): Promise<void> {
  for (const entry of await listOwnEntries(env))
    if (path.basename(entry).startsWith('.')) await rm(entry, { recursive: true, force: true });
}

/** Deletes every installation and what else installing has left; tells which and how many bytes that were. A dry one only tells. */
export async function removeTensorFlow(
  env: NodeJS.ProcessEnv,
  { isDry = false }: { isDry?: boolean } = {},
): Promise<{ readonly removed: readonly string[]; readonly bytes: number }> {
  const entries = await listOwnEntries(env);
  if (entries.length === 0) return { removed: [], bytes: 0 };
  const lock = await takeLock(lockFile(env), 'mlops backends remove tensorflow');
  try {
    let bytes = 0;
    for (const entry of entries) {
      bytes += await measure(entry);
      if (!isDry) await rm(entry, { recursive: true, force: true });
    }
    return { removed: entries.map((entry) => path.basename(entry)), bytes };
  } finally {
    await lock.release();
  }
}

/** Bytes on the disk; links are not followed. */
async function measure(entry: string): Promise<number> {
  const own = await stat(entry).catch(() => undefined);
  if (own?.isDirectory() !== true) return own?.size ?? 0;
  const inner = await readdir(entry, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    inner.filter((one) => one.isFile()).map(async (one) => (await stat(path.join(one.parentPath, one.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Installs for an editor: one at a time, told in words, and stopped by whoever started it. */
export function createTensorFlowInstaller({
  installation,
  env,
  tell,
}: {
  readonly installation: Installation;
  readonly env: NodeJS.ProcessEnv;
  readonly tell: (progress: { readonly text: string; readonly percent: number }) => void;
}): {
  install(wanted: Pick<InstallRequest, 'folder' | 'gpu'>): ReturnType<typeof ensureTensorFlow>;
  stop(): void;
} {
  let abort = new AbortController();
  return {
    install(wanted) {
      abort = new AbortController();
      let last = '';
      return ensureTensorFlow({ ...wanted, env, signal: abort.signal }, installation, (progress) => {
        const text = progress.done === 0 ? describeStep(progress.step) : formatProgress(progress);
        // Every piece of a download would be thousands of messages: one for each change that can be seen.
        if (text !== last) tell({ text, percent: toPercent(progress) });
        last = text;
      });
    },
    stop: () => abort.abort(new ExpectedError('stopped', 'Stopped.')),
  };
}
