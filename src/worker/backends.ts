import { createRequire } from 'node:module';
import path from 'node:path';
import { ExpectedError } from '../protocol/errors.ts';
import { backendNames, type BackendName, type BackendStatus } from '../protocol/training.ts';
import { startCpu, startWasm, type StartedTensorFlow } from './bundled.ts';
import type { TensorFlow } from './tensorflow.ts';

/** Where a backend may find its files. */
export interface BackendPlaces {
  /** Folder of the backend's .wasm files, beside the worker's bundle. */
  readonly wasm: string;
  /** Packages that the project has installed are looked for from here. */
  readonly projectRoot: string;
}

/** Loads a backend and makes it the one that computes, or says why it can't, in a sentence. */
type Start = (places: BackendPlaces) => Promise<StartedTensorFlow | Unavailable>;

interface Unavailable {
  readonly reason: string;
}

const starts: Readonly<Record<BackendName, Start>> = {
  'tfjs-node-gpu': (places) => startNative('@tensorflow/tfjs-node-gpu', 'GPU (CUDA)', places),
  'tfjs-node': (places) => startNative('@tensorflow/tfjs-node', 'CPU', places),
  'webgpu': () => Promise.resolve({ reason: 'This version does not offer webgpu yet.' }),
  'wasm': ({ wasm }) => attempt(() => startWasm(wasm)),
  'cpu': () => attempt(startCpu),
};

export interface ChosenBackend extends StartedTensorFlow {
  readonly name: BackendName;
  /** Rungs that were asked for before this one, and why they are not used. */
  readonly passedOver: readonly BackendStatus[];
}

/** Starts the first of `names` that works here. With none it throws an error that gives every reason. */
export async function startBackend(names: readonly BackendName[], places: BackendPlaces): Promise<ChosenBackend> {
  const passedOver: BackendStatus[] = [];
  for (const name of names) {
    const started = await starts[name](places);
    if ('tf' in started) return { name, passedOver, ...started };
    passedOver.push(toStatus(name, started));
  }
  const reasons = passedOver.map(({ name, reason }) => `${name}: ${reason ?? ''}`).join(' ');
  throw new ExpectedError('training-failed', `None of the backends asked for can be used here. ${reasons}`);
}

/** What can execute tensors here, rung by rung; every rung is really started. */
export async function probeBackends(places: BackendPlaces): Promise<BackendStatus[]> {
  const statuses: BackendStatus[] = [];
  for (const name of backendNames) statuses.push(toStatus(name, await starts[name](places)));
  return statuses;
}

function toStatus(name: BackendName, started: StartedTensorFlow | Unavailable): BackendStatus {
  return 'reason' in started
    ? { name, available: false, device: null, version: null, reason: started.reason }
    : { name, available: true, device: started.device, version: started.version, reason: null };
}

async function attempt(start: () => Promise<StartedTensorFlow>): Promise<StartedTensorFlow | Unavailable> {
  try {
    return await start();
  } catch (error) {
    return { reason: error instanceof Error ? error.message : `It failed to start: ${JSON.stringify(error)}` };
  }
}

/**
 * Native TensorFlow, where the project (or whoever installed this engine) has the package. A package without its library
 * throws on loading, as does one that was built for another Node: each is a reason, not a failure.
 */
async function startNative(
  packageName: string,
  device: string,
  { projectRoot }: BackendPlaces,
): Promise<StartedTensorFlow | Unavailable> {
  const require = createRequire(path.join(projectRoot, 'package.json'));
  try {
    require.resolve(packageName);
  } catch {
    return { reason: `The package ${packageName} is not installed.` };
  }
  return attempt(async () => {
    restoreRemovedNodeFunction(require);
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
    const tf = require(packageName) as TensorFlow & { readonly version: Readonly<Record<string, string>> };
    tf.env().set('PROD', true);
    if (!(await tf.setBackend('tensorflow'))) throw new Error(`${packageName} could not start TensorFlow.`);
    await tf.ready();
    return { tf, version: tf.version['tfjs-node'] ?? tf.version['tfjs-core'] ?? 'unknown', device, threads: 0 };
  });
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 removed (mended upstream in tfjs#8425, never released). */
function restoreRemovedNodeFunction(require: NodeJS.Require): void {
  const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === undefined || value === null;
}
