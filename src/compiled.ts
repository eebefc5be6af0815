import path from 'node:path';
import type { CompileStep } from './worker/compiled/api.ts';
import { createPlainStep } from './worker/compiled/plainStep.ts';

// `mlops-workflow/compiled`: compiled training steps for any program that has TensorFlow.js. Kernels and thread lie beside the bundle.

export { NotCompiledError } from './worker/compiled/api.ts';

const folder = import.meta.dirname;

export const compileStep: CompileStep = (model, options = {}) =>
  createPlainStep(model, options, { kernels: path.join(folder, 'wasm'), thread: path.join(folder, 'stepper.js') });
