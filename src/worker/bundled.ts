// Methods on tensors (`x.square()`), which user code expects of TensorFlow.js and the core package leaves out.
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import * as cpu from '@tensorflow/tfjs-backend-cpu';
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { mendCpuKernels } from './kernels/cpu.ts';
import { mendExtremes } from './kernels/extremes.ts';
import { registerGradientKernels } from './kernels/kernels.ts';
import type { TensorFlow } from './tensorflow.ts';

// TensorFlow.js as it is packed into the worker: bundled once, so that there is one engine and one class of tensors.

/** Production mode: no sentences on stdout, no check of every result for NaN (the loop checks the loss). */
core.env().set('PROD', true);

const tf: TensorFlow = { ...core, ...layers };

export interface StartedTensorFlow {
  readonly tf: TensorFlow;
  readonly version: string;
  readonly device: string;
  readonly threads: number;
}

export async function startCpu(): Promise<StartedTensorFlow> {
  mendCpuKernels();
  await start('cpu');
  return { tf, version: cpu.version_cpu, device: 'CPU, one core, plain JavaScript', threads: 1 };
}

/** `folder` holds the three .wasm files of the backend. */
export async function startWasm(folder: string): Promise<StartedTensorFlow> {
  wasm.setWasmPaths(folder.endsWith('/') ? folder : `${folder}/`);
  registerGradientKernels();
  await keepingProcessListeners(() => start('wasm'));
  const hasSimd = await core.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return {
    tf,
    version: wasm.version_wasm,
    device: hasSimd === true ? 'CPU, vector instructions' : 'CPU',
    threads: wasm.getThreadsCount(),
  };
}

/** Starts a backend that a package of the project's has registered: it and the bundled packages share one engine. */
export async function startRegistered(name: string): Promise<TensorFlow> {
  await start(name);
  return tf;
}

async function start(name: string): Promise<void> {
  if (!(await core.setBackend(name))) throw new Error(`TensorFlow.js could not start its backend "${name}".`);
  await core.ready();
  mendExtremes(tf);
}

const crashEvents = ['uncaughtException', 'unhandledRejection'] as const;

/** Takes away the listeners that the wasm module adds: they throw again what the worker means to report. */
async function keepingProcessListeners(action: () => Promise<void>): Promise<void> {
  const before = crashEvents.map((event) => new Set(process.listeners(event as 'uncaughtException')));
  await action();
  crashEvents.forEach((event, index) => {
    for (const listener of process.listeners(event as 'uncaughtException'))
      if (before[index]?.has(listener) !== true) process.off(event, listener);
  });
}
