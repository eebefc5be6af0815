import path from 'node:path';
import * as tfjs from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import * as esbuild from 'esbuild';
import { ensureKernels } from '../../../../scripts/kernels.ts';
import { ensureCompiled } from '../../../../src/worker/compilation.ts';
import { compileSteps, type CompiledTraining, type CompilingPlaces } from '../../../../src/worker/compiled/steps.ts';
import { createRandom } from '../../../../src/worker/seeds.ts';
import type { LayersModel, TensorFlow } from '../../../../src/worker/tensorflow.ts';
import type { StepBatch } from '../../../../src/worker/trainingSteps.ts';

export const tf: TensorFlow = { ...tfjs, ...layers };

let thread: Promise<URL> | undefined;

/** What a thread runs, as one module: from its sources each thread would take a second to start. */
export function threadScript(): Promise<URL> {
  thread ??= bundleThread();
  return thread;
}

async function bundleThread(): Promise<URL> {
  const entry = path.join(import.meta.dirname, '../../../../src/worker/compiled/thread.ts');
  const options = { bundle: true, platform: 'node', format: 'esm', write: false } as const;
  const { outputFiles } = await esbuild.build({ ...options, entryPoints: [entry] });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  return new URL(`data:text/javascript;base64,${code}`);
}

export async function compilingPlaces(): Promise<CompilingPlaces> {
  return { kernels: await ensureKernels(), thread: await threadScript() };
}

const settings = {
  ...{ batch_size: 8, num_epochs: 1, loss_function: 'ce', metric: 'accuracy', metrics: null },
  ...{ optimizer: 'sgd', learning_rate: 1, weight_decay: null, gradient_clipping: null, threads: 1 },
};

type Settings = Partial<Record<keyof typeof settings, unknown>>;

/** Steps of the model, which is compiled as a config says, unless its code has done so; or why there are none. */
export async function tryToCompile(
  model: LayersModel,
  targetWidth: number,
  changes: Settings = {},
  places: Partial<CompilingPlaces> = {},
): ReturnType<typeof compileSteps> {
  const training = { ...settings, ...changes } as never;
  const { metrics, weightDecay } = ensureCompiled(tf, model, training, { targetWidth });
  const options = { training, metrics, weightDecay, keepsOutputs: false, targetWidth, seed: 1, fit: 1 };
  const { batch_size: capacity } = { ...settings, ...changes } as { readonly batch_size: number };
  return compileSteps(tf, model, { ...options, capacity, ...(await compilingPlaces()), ...places });
}

/** The same, where there must be steps. */
export async function compile(
  model: LayersModel,
  targetWidth: number,
  changes: Settings = {},
): Promise<CompiledTraining> {
  const steps = await tryToCompile(model, targetWidth, changes);
  if ('reason' in steps) throw new Error(steps.reason);
  return steps;
}

/** Examples of numbers −1 … 1 and one class each. */
export function batchOf(count: number, size: number, classes: number, seed = 1): StepBatch {
  const random = createRandom(seed);
  const xs = Float32Array.from({ length: count * size }, () => random() * 2 - 1);
  const ys = new Float32Array(count * classes);
  for (let example = 0; example < count; example++) ys[example * classes + ((example * 3 + seed) % classes)] = 1;
  return { xs, ys, count, number: seed };
}

export function numbersOf(model: LayersModel): Float32Array[] {
  return model.getWeights().map((weight) => Float32Array.from(weight.dataSync()));
}
