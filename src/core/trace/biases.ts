import { factsOf, type Operand, type Operation, type Step } from './step.ts';

/**
 * The step with what TensorFlow.js writes as sums told as biases: TensorFlow computes a convolution or product, its bias and a relu behind it in
 * one operation then, and the gradient of a bias several times as quickly. Sums may be rounded otherwise.
 */
export function withBiases(step: Step): Step {
  return { ...step, operations: step.operations.map((operation) => toBias(step, operation) ?? operation) };
}

function toBias(step: Step, operation: Operation): Operation | undefined {
  const [value, other] = operation.operands;
  const [given] = operation.outputs;
  if (value === undefined || other === undefined || given?.dtype !== 'float32') return undefined;
  const { shape } = factsOf(step, value);
  if (shape.length < 2) return undefined;
  const attributes = { data_format: { text: 'NHWC' } };
  if (operation.name === 'Add') {
    const bias = factsOf(step, other).shape;
    const isBias = bias.length === 1 && bias[0] === shape.at(-1);
    return isBias ? { ...operation, name: 'BiasAdd', attributes } : undefined;
  }
  const isGradient = operation.name === 'Sum' && given.shape.length === 1 && isAllButLast(shape, other);
  return isGradient ? { ...operation, name: 'BiasAddGrad', operands: [value], attributes } : undefined;
}

function isAllButLast(shape: readonly number[], axes: Operand): boolean {
  if (axes.kind !== 'constant') return false;
  const sorted = [...axes.constant.values].sort((a, b) => a - b);
  return sorted.length === shape.length - 1 && sorted.every((axis, index) => axis === index);
}
