import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { nvidiaDriverSigns } from '../core/backends/backends.ts';
import type { StartedTensorFlow } from './bundled.ts';
import { mendExtremes } from './kernels/extremes.ts';
import { mendNativeKernels } from './nativeKernels.ts';
import type { TensorFlow } from './tensorflow.ts';

/** Where native TensorFlow is looked for, the first first. */
interface NativePlaces {
  /** Packages that the project has installed are looked for from here. */
  readonly projectRoot: string;
  /** The installation in the person's cache; undefined where there is none. */
  readonly installed: string | undefined;
}

/** What of tfjs-node is not in the types that user code sees. */
interface NativeTensorFlow extends TensorFlow {
  readonly version: Readonly<Record<string, string>>;
  backend(): ReturnType<TensorFlow['backend']> & {
    readonly isUsingGpuDevice?: boolean;
    readonly binding?: { readonly TF_Version?: string };
  };
}

type Kind = 'cpu' | 'gpu';

/** Names of the project's own packages, and what an installation of ours is made of. */
const packageNames = { cpu: '@tensorflow/tfjs-node', gpu: '@tensorflow/tfjs-node-gpu' } as const;
const installedName = packageNames.cpu;

/**
 * Starts native TensorFlow, or throws an error that says why not. The project's own package goes first. One without its library
 * throws on loading, as does one that was built for another Node: then the installation in the cache has its turn.
 */
export async function startNative(
  kind: Kind,
  { projectRoot, installed }: NativePlaces,
  platform: NodeJS.Platform = process.platform,
): Promise<StartedTensorFlow> {
  if (kind === 'gpu' && platform === 'linux') requireDriver();
  const ofProject = findPackage(projectRoot, packageNames[kind]);
  const ofCache = installed === undefined ? undefined : findPackage(installed, installedName);
  const found = [ofProject, ofCache].filter((load) => load !== undefined);
  if (found.length === 0)
    throw new Error(`The package ${packageNames[kind]} is not installed. ${nextStep(kind, platform)}`);
  let first: unknown;
  for (const load of found) {
    try {
      return await startLoaded(load, kind);
    } catch (error) {
      first ??= error;
    }
  }
  throw new Error(ofCache === undefined ? `${describe(first)} ${nextStep(kind, platform)}` : describe(first));
}

function nextStep(kind: Kind, platform: NodeJS.Platform): string {
  if (platform !== 'linux') return `"npm install ${packageNames[kind]}" in the project may bring it.`;
  return `"mlops backends install tensorflow${kind === 'gpu' ? ' --gpu' : ''}" installs TensorFlow for all your projects.`;
}

/** A function that loads the package; undefined where it is not installed. */
function findPackage(folder: string, name: string): (() => NativeTensorFlow) | undefined {
  const require = createRequire(path.join(folder, 'package.json'));
  try {
    require.resolve(name);
  } catch {
    // Not there: the next place, or the reason that is told.
    return undefined;
  }
  return () => {
    restoreRemovedNodeFunction(require);
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
    return require(name) as NativeTensorFlow;
  };
}

async function startLoaded(load: () => NativeTensorFlow, kind: Kind): Promise<StartedTensorFlow> {
  const tf = load();
  tf.env().set('PROD', true);
  if (!(await tf.setBackend('tensorflow'))) throw new Error('TensorFlow could not be started.');
  await tf.ready();
  mendNativeKernels(tf);
  mendExtremes(tf);
  const { isUsingGpuDevice, binding } = tf.backend();
  if (kind === 'gpu' && isUsingGpuDevice !== true)
    throw new Error('TensorFlow finds no GPU that it can use: CUDA or the driver does not fit, or none is left free.');
  const version = binding?.TF_Version ?? tf.version['tfjs-node'] ?? 'unknown';
  return { tf, version, device: kind === 'gpu' ? 'GPU (CUDA)' : 'CPU', threads: 0 };
}

/** Asked before gigabytes of libraries are loaded in vain. */
function requireDriver(): void {
  if (nvidiaDriverSigns.some((sign) => existsSync(sign))) return;
  throw new Error('There is no NVIDIA driver (no libcuda.so.1).');
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 removed (mended upstream in tfjs#8425, never released). */
function restoreRemovedNodeFunction(require: NodeJS.Require): void {
  const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === undefined || value === null;
}

/** Some messages of loaders span paragraphs; the first says what is wrong. */
function describe(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]?.trim() ?? '';
}
