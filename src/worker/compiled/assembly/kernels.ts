// Kernels of compiled training steps, in AssemblyScript. All work on one memory at addresses that the plan gives; none allocates, none knows
// of any other. Numbers are 32-bit floats in rows without gaps, pictures in the order height, width, channels.
export * from './activations';
export * from './convolution';
export * from './elements';
export * from './losses';
export * from './matrix';
export * from './normalization';
export * from './optimizers';
export * from './pooling';
export * from './threads';
