import type { BuildOptions } from 'esbuild';

/**
 * How the training worker and its thread are bundled, for the build and for the tests that start it. The packages' ES modules (`module`
 * first) are taken, so that TensorFlow.js' engine is there once, with the methods on tensors that a module of its adds.
 */
export const workerBundle = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  mainFields: ['module', 'main'],
  // TensorFlow.js names metrics by the names of their functions.
  keepNames: true,
  entryPoints: {
    worker: 'src/worker/main.ts',
    preparer: 'src/worker/preparer.ts',
    stepper: 'src/worker/compiled/thread.ts',
  },
} as const satisfies BuildOptions;
