// One training step of TensorFlow.js as one graph of TensorFlow: what was recorded of it, confirmed, and written. Knows nothing of
// TensorFlow.js: who records is others' business.
export { fuseAdam } from './adam.ts';
export { withBiases } from './biases.ts';
export { confirmStep, type Recording } from './comparison.ts';
export { formatStep } from './dump.ts';
export { encodeStep, type EncodedStep } from './encoding.ts';
export { encodeHeldStep, type HeldVariable } from './holding.ts';
export { withSmallGradients } from './pools.ts';
export { withoutDeadCode, type Feed, type FusedStep, type Operand, type Operation, type Step } from './step.ts';
