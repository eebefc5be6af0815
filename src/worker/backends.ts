import { ExpectedError } from '../protocol/errors.ts';
import { backendNames, type BackendName, type BackendStatus } from '../protocol/training.ts';
import { startCpu, startWasm, type StartedTensorFlow } from './bundled.ts';
import { startNative } from './native.ts';
import { trainOneStep } from './verification.ts';
import { startWebGpu } from './webgpu.ts';

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
  'tfjs-node-gpu': ({ projectRoot }) => attempt(() => startNative('gpu', { projectRoot, installed: env('_GPU') })),
  'tfjs-node': ({ projectRoot }) => attempt(() => startNative('cpu', { projectRoot, installed: env('') })),
  'webgpu': ({ projectRoot }) => attempt(() => startWebGpu(projectRoot)),
  'wasm': ({ wasm }) => attempt(() => startWasm(wasm)),
  'cpu': () => attempt(startCpu),
};

/** The installation in the person's cache, which the process that started this one has found. */
function env(suffix: '' | '_GPU'): string | undefined {
  return process.env[`MLOPS_TENSORFLOW${suffix}`];
}

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

/** One rung, which must also train a step. */
export async function verifyBackend(name: BackendName, places: BackendPlaces): Promise<BackendStatus> {
  const started = await starts[name](places);
  if ('reason' in started) return toStatus(name, started);
  return toStatus(
    name,
    await attempt(async () => {
      await trainOneStep(started.tf);
      return started;
    }),
  );
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

/** Failures of devices, told by the words of TensorFlow, of WebGPU and of JavaScript, and what to do. */
const deviceFailures: readonly (readonly [pattern: RegExp, sentence: string])[] = [
  [
    /\bOOM when allocating\b|RESOURCE_EXHAUSTED|ResourceExhausted|out of memory|CUDA_ERROR_OUT_OF_MEMORY/i,
    'The memory of the device is used up. Use a smaller training.batch_size or a smaller model, or another backend (--backend wasm).',
  ],
  [
    /Array buffer allocation failed/,
    'There is not so much memory. Use a smaller training.batch_size, a smaller model or fewer data at a time.',
  ],
  [
    /device (?:was |is )?lost|CUDA_ERROR_(?:UNKNOWN|ILLEGAL_ADDRESS|LAUNCH_FAILED|DEVICE_UNAVAILABLE|ECC_UNCORRECTABLE)|GPU has fallen off the bus/i,
    'The GPU was lost while it was working. Train again, or with another backend (--backend wasm).',
  ],
];

/** The error itself, or for a device that gave up an error that says so before what it said. */
export function explainDeviceFailure(error: unknown): unknown {
  const text = error instanceof Error ? error.message : String(error);
  const sentence = deviceFailures.find(([pattern]) => pattern.test(text))?.[1];
  if (sentence === undefined) return error;
  const problems = error instanceof ExpectedError ? error.problems : [];
  return new ExpectedError('training-failed', `${sentence} (${text})`, problems);
}
