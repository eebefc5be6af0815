// Prints how long `mlops-workflow/compiled`, as it is shipped, takes for a net: inference.ts NET BATCH… gives { compile, answers }, the
// milliseconds until the first step may be taken, and the least for answers to so many examples.
import { createRequire } from 'node:module';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import '@tensorflow/tfjs-backend-cpu';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { dist } from '../../scripts/places.ts';
import type { CompileStep } from '../../src/worker/compiled/api.ts';
import type { TensorFlow } from '../../src/worker/tensorflow.ts';
import { cnn, createModel, mlp } from '../interop/nets.ts';

export interface InferenceTimes {
  readonly compile: number;
  readonly answers: readonly number[];
}

const MEASURED_MS = 1000;
const CAPACITY = 128;

const [, , name, ...batches] = process.argv as [string, string, 'mlp' | 'cnn', ...string[]];
const { compileStep } = createRequire(import.meta.url)(path.join(dist, 'compiled.js')) as {
  readonly compileStep: CompileStep;
};
const tf: TensorFlow = { ...core, ...layers };
const net = { mlp, cnn }[name];
const model = createModel(tf, net);
model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
const start = performance.now();
const step = await compileStep(model, { tf, batchSize: CAPACITY });
const compile = performance.now() - start;
const answers: number[] = [];
for (const batch of batches.map(Number)) {
  const xs = Float32Array.from({ length: batch * 784 }, () => Math.random());
  let least = Infinity;
  const end = performance.now() + MEASURED_MS;
  while (performance.now() < end) {
    const before = performance.now();
    (await step.predict(xs)).dispose();
    least = Math.min(least, performance.now() - before);
  }
  answers.push(least);
}
await step.dispose();
console.log(JSON.stringify({ compile, answers } satisfies InferenceTimes));
