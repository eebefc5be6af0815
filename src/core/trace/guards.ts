import { factsOf, type Operand, type Operation, type Step } from './step.ts';

// TensorFlow rewrites a graph before it runs it: a division by a root becomes a product with its reciprocal, sums of sums become one sum, a factor
// that products have in common is taken out, products are reordered by their shapes. Each of them rounds otherwise than the operations one by one
// do. Where it could, an operand is guarded: it goes through an operation that passes it on, and which nobody looks through.

const divisions: readonly string[] = ['Div', 'RealDiv'];
const sums: readonly string[] = ['Add', 'AddV2', 'AddN'];
/** Operations that TensorFlow itself looks through. */
const passing: readonly string[] = ['Reshape', 'Cast', 'Identity'];

/** Whether an operand must come to its operation guarded. Constants of floats all are: they would be folded into others. */
export function needsGuard(step: Step, operation: Operation, index: number): boolean {
  if (divisions.includes(operation.name)) return index === 1;
  const source = sourceOf(step, operation.operands[index]);
  if (operation.name === 'Mul') return source?.name === 'Mul' && haveSeveralShapes(step, operation, source);
  if (!sums.includes(operation.name)) return false;
  return (source !== undefined && sums.includes(source.name)) || (index === 0 && hasCommonFactor(step, operation));
}

/** The operation that an operand comes from. */
function sourceOf(step: Step, operand: Operand | undefined): Operation | undefined {
  if (operand?.kind !== 'result') return undefined;
  const found = step.operations[operand.operation];
  return found !== undefined && passing.includes(found.name) ? sourceOf(step, found.operands[0]) : found;
}

function haveSeveralShapes(step: Step, ...operations: readonly Operation[]): boolean {
  const shapes = operations.flatMap(({ operands }) => operands.map((operand) => factsOf(step, operand).shape.join()));
  return new Set(shapes).size > 1;
}

/** A sum of products, or of quotients, that have an operand in common. */
function hasCommonFactor(step: Step, { operands }: Operation): boolean {
  const [first = [], ...others] = operands.map((operand) => factorsOf(sourceOf(step, operand)));
  return first.some((factor) => others.every((factors) => factors.includes(factor)));
}

function factorsOf(product: Operation | undefined): readonly unknown[] {
  if (product?.name === 'Mul') return product.operands.map(identityOf);
  return product !== undefined && divisions.includes(product.name) ? product.operands.slice(1).map(identityOf) : [];
}

function identityOf(operand: Operand): unknown {
  if (operand.kind === 'constant') return operand.constant;
  return operand.kind === 'feed'
    ? `${operand.feed.source} ${operand.feed.name}`
    : `${operand.operation}:${operand.output}`;
}
