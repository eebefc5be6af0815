import { registerKernel, unregisterKernel, getKernel, type KernelConfig } from '@tensorflow/tfjs-core';
import { adam } from './adam.ts';
import { averagePool } from './averagePooling.ts';
import { convolutionFilter } from './convolutionFilter.ts';
import { convolutionInput } from './convolutionInput.ts';
import { depthwiseFilter, depthwiseInput } from './depthwise.ts';
import { createBasicKernels, wasmBackend, type GradientKernel } from './kernel.ts';
import { matMul } from './matMul.ts';
import { maxPool } from './pooling.ts';
import { cast, identity } from './references.ts';
import { convolution, depthwise, fusedConvolution, fusedDepthwise } from './samePadding.ts';
import { segmentSum } from './segmentSum.ts';
import { sum } from './sum.ts';

/** Kernels that training needs and that the wasm backend lacks, has wrong, or has slow; why, stands at each. */
const gradientKernels: readonly GradientKernel[] = [
  matMul,
  sum,
  cast,
  identity,
  maxPool,
  averagePool,
  convolution,
  fusedConvolution,
  depthwise,
  fusedDepthwise,
  convolutionFilter,
  convolutionInput,
  depthwiseInput,
  depthwiseFilter,
  segmentSum,
  adam,
];

let isRegistered = false;

/**
 * Registers every row of the table for the wasm backend, in place of the backend's own where it has one. Must run after the
 * backend's package was loaded and before the backend is started; a second call does nothing.
 */
export function registerGradientKernels(): void {
  if (isRegistered) return;
  isRegistered = true;
  const basics = createBasicKernels();
  const replacements = gradientKernels.map((kernel) => ({ name: kernel.name, kernelFunc: kernel.create(basics) }));
  for (const { name, kernelFunc } of replacements) {
    const own = getKernel(name, wasmBackend) as KernelConfig | undefined;
    if (own !== undefined) unregisterKernel(name, wasmBackend);
    // The original's set-up binds its function in the wasm module, which ours calls for the cases that it hands on.
    registerKernel({
      kernelName: name,
      backendName: wasmBackend,
      kernelFunc,
      ...(own?.setupFunc === undefined ? {} : { setupFunc: own.setupFunc }),
    });
  }
}
