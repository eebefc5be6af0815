import { createRequire } from 'node:module';
import path from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { mendCpuKernels } from '../../../../src/worker/kernels/cpu.ts';
import { mendExtremes } from '../../../../src/worker/kernels/extremes.ts';
import { registerGradientKernels } from '../../../../src/worker/kernels/kernels.ts';

/** Registers cpu and wasm (with our kernels) in this process; `on` computes on one of them. */
export function prepareBackends(): { on<T>(backend: 'cpu' | 'wasm', compute: () => T | Promise<T>): Promise<T> } {
  tf.env().set('PROD', true);
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(path.dirname(wasm) + path.sep);
  registerGradientKernels();
  mendCpuKernels();
  mendExtremes(tf as never);
  return {
    async on(backend, compute) {
      await tf.setBackend(backend);
      await tf.ready();
      return compute();
    },
  };
}

/** Mulberry32: numbers in 0 ≤ x < 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Values −1 … 1. */
export function values(count: number, seed: number): Float32Array {
  const next = randomNumbers(seed);
  return Float32Array.from({ length: count }, () => next() * 2 - 1);
}
