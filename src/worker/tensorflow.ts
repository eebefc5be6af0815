import type * as core from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';

/**
 * TensorFlow.js as user code gets it: both packages as one namespace. The worker's own code takes it as a parameter and
 * imports no values, because a native backend brings a copy of its own.
 */
export type TensorFlow = Omit<typeof core, keyof typeof layers> & typeof layers;

export type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
export type { Optimizer, Tensor, Variable } from '@tensorflow/tfjs-core';
