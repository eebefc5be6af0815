import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  chooseRequirement,
  parseRequirements,
  selectLibraries,
  tfjsVersion,
  type IndexFile,
  type InstallationFacts,
  type InstallationPlan,
  type InstallationStep,
  type PipSettings,
  type Requirement,
} from '../../core/backends/backends.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { diskError, replaceDirectory, temporaryBeside } from '../files/files.ts';
import { compileAddon, fetchAddon } from './addon.ts';
import type { Connection } from './connection.ts';
import { download } from './download.ts';
import { listIndex } from './ground.ts';
import { packagesIn, recordFile, type InstalledTensorFlow, type Packages } from '../tensorflow/tensorflow.ts';
import { installPackages } from './packages.ts';
import { listZip, readZipText, unzip } from './unzip.ts';

/** How far a step is. */
export interface Progress {
  readonly step: InstallationStep;
  /** Bytes of it; `total` is null while nobody knows it. Both are 0 for a step that counts none. */
  readonly done: number;
  readonly total: number | null;
  /** Of the step among all, from 0. */
  readonly index: number;
  readonly count: number;
}

export interface Installing {
  readonly facts: InstallationFacts;
  readonly cache: string;
  readonly connection: Connection;
  readonly settings: PipSettings;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly pauseMs?: number;
  readonly onProgress: (progress: Progress) => void;
  /** Trains one step with it; throws when that fails. */
  readonly verify: (installed: InstalledTensorFlow) => Promise<void>;
}

interface Work extends Omit<Installing, 'onProgress'> {
  readonly onProgress: (part: Pick<Progress, 'done' | 'total'>) => void;
  readonly plan: InstallationPlan;
  /** Where everything is made. */
  readonly staging: string;
  readonly packages: Packages;
  /** Files that are no longer needed when all is done. */
  readonly spent: string[];
}

export async function performInstallation(
  plan: InstallationPlan,
  installing: Installing,
): Promise<InstalledTensorFlow> {
  const target = path.join(installing.cache, plan.folder);
  const staging = temporaryBeside(target);
  const work: Omit<Work, 'onProgress'> = { ...installing, plan, staging, packages: packagesIn(staging), spent: [] };
  try {
    await mkdir(staging, { recursive: true });
    for (const [index, step] of plan.steps.entries()) {
      installing.signal.throwIfAborted();
      const onProgress: Work['onProgress'] = (part) =>
        installing.onProgress({ ...part, step, index, count: plan.steps.length });
      onProgress({ done: 0, total: null });
      await perform[step.kind](step as never, { ...work, onProgress });
    }
    const { version, gpu, source } = plan;
    await writeFile(
      path.join(staging, recordFile),
      JSON.stringify({ version, gpu, tfjs: tfjsVersion, from: source.kind }),
    );
    installing.signal.throwIfAborted();
    await replaceDirectory(staging, target);
    for (const file of work.spent) await rm(file, { force: true });
    return { version, gpu, folder: target };
  } catch (error) {
    for (const file of work.spent) await rm(file, { force: true });
    throw diskError(error, target);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Each kind of step. */
const perform: {
  readonly [K in InstallationStep['kind']]: (step: Extract<InstallationStep, { kind: K }>, work: Work) => Promise<void>;
} = {
  packages: async (_, { facts: { npm }, staging, env, signal }) => {
    await installPackages(npm ?? 'npm', staging, { env, signal });
  },
  link: linkLibraries,
  async download(_, work) {
    const { source } = work.plan;
    if (source.kind === 'index') await fetchWheel(source.file, work);
  },
  async unpack(_, work) {
    const { source } = work.plan;
    if (source.kind === 'python') return;
    await unpackWheel(source.kind === 'wheel' ? source.file : wheelFile(source.file, work), work);
  },
  nvidia: fetchNvidia,
  compile: ({ compiler }, { packages, env, signal }) => compileAddon(compiler, packages, { env, signal }),
  prebuilt: (_, { packages, connection, facts, signal }) =>
    fetchAddon(packages, { arch: facts.machine.arch, connection, signal }),
  verify: (_, { plan: { version, gpu }, staging, verify }) => verify({ version, gpu, folder: staging }),
};

/** Named by its hash, so that a download that was cut off is found again, and no other file is taken for it. */
function wheelFile({ sha256 }: IndexFile, { cache }: Work): string {
  return path.join(cache, `tensorflow-download-${(sha256 ?? '').slice(0, 16)}.whl`);
}

async function fetchWheel(file: IndexFile, work: Work): Promise<void> {
  const { connection, signal, onProgress, spent, pauseMs } = work;
  if (file.sha256 === null)
    throw new ExpectedError(
      'download-failed',
      `The package index gives no sha256 of ${file.name}, so nobody could tell whether it came whole. Fetch it yourself and give it with --from.`,
    );
  const target = wheelFile(file, work);
  spent.push(target);
  await download(
    { url: file.url, sha256: file.sha256, file: target },
    {
      connection,
      signal,
      onBytes: (done, total) => onProgress({ done, total: total ?? file.size }),
      ...(pauseMs === undefined ? {} : { pauseMs }),
    },
  );
}

async function unpackWheel(file: string, work: Work): Promise<void> {
  const { packages, signal, onProgress } = work;
  const wanted = (await listZip(file)).flatMap((entry) => {
    const place = selectLibraries(entry.name);
    return place === undefined ? [] : [{ entry, target: path.join(packages.tfjs, place) }];
  });
  if (wanted.length === 0)
    throw new ExpectedError(
      'corrupt',
      `${path.basename(file)} has no libraries in it: it is not the wheel that was looked for.`,
    );
  const total = wanted.reduce((sum, { entry }) => sum + entry.size, 0);
  let done = 0;
  await unzip(file, wanted, { signal, onBytes: (bytes) => onProgress({ done: (done += bytes), total }) });
}

/** Libraries of a Python stay where they are. What looks for others beside itself looks beside the link. */
async function linkLibraries(_: InstallationStep, { plan: { source, gpu }, packages }: Work): Promise<void> {
  if (source.kind !== 'python') return;
  const { folder, nvidia } = source;
  const deps = path.join(packages.tfjs, 'deps');
  await mkdir(path.join(deps, 'lib'), { recursive: true });
  for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'])
    await symlink(path.join(folder, name), path.join(deps, 'lib', name));
  await symlink(path.join(folder, 'include'), path.join(deps, 'include'));
  if (gpu && nvidia !== null) await symlink(nvidia, path.join(deps, 'nvidia'));
}

/** CUDA's libraries in the versions that the wheel of TensorFlow asks for. */
async function fetchNvidia(_: InstallationStep, work: Work): Promise<void> {
  const { plan, facts, connection, settings, signal } = work;
  for (const requirement of await readCudaRequirements(plan, work)) {
    const files = await listIndex(requirement.project, { index: settings.index, connection, signal });
    const file = chooseRequirement(requirement, files, facts.machine);
    if (file === undefined)
      throw new ExpectedError('download-failed', `The package index has no fitting wheel of ${requirement.project}.`);
    await fetchWheel(file, work);
    await unpackWheel(wheelFile(file, work), work);
    // A dozen of them take gigabytes.
    await rm(wheelFile(file, work), { force: true });
  }
}

/** The compiler of CUDA is for programs of one's own. */
const notNeeded = new Set(['nvidia-cuda-nvcc-cu12']);

async function readCudaRequirements({ source }: InstallationPlan, work: Work): Promise<readonly Requirement[]> {
  if (source.kind === 'python') return [];
  const file = source.kind === 'wheel' ? source.file : wheelFile(source.file, work);
  const entry = (await listZip(file)).find(({ name }) => /^[^/]+\.dist-info\/METADATA$/.test(name));
  if (entry === undefined) throw new ExpectedError('corrupt', `${path.basename(file)} has no METADATA.`);
  const scratch = path.join(work.staging, 'METADATA');
  const text = await readZipText(file, entry, { signal: work.signal, scratch });
  const requirements = parseRequirements(text, 'and-cuda').filter(({ project }) => !notNeeded.has(project));
  if (requirements.length === 0)
    throw new ExpectedError('not-supported', `${path.basename(file)} was built without CUDA.`);
  return requirements;
}
