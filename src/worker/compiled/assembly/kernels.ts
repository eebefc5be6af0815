// Kernels of compiled training steps, in AssemblyScript. All work on one memory at addresses that the plan gives; none allocates, none knows
// of any other. Numbers are 32-bit floats in rows without gaps, pictures in the order height, width, channels.
export * from './activations';
export * from './choosing';
export * from './convolution';
export * from './curves';
export * from './elements';
export * from './losses';
export * from './matrix';
export * from './noise';
export * from './normalization';
export * from './optimizers';
export * from './otherLosses';
export * from './otherOptimizers';
export * from './pooling';
export * from './rowNormalization';
export * from './threads';
export * from './winograd';
