import {
  factsOf,
  isSame,
  withoutDeadCode,
  type AdamUpdate,
  type FusedStep,
  type Operand,
  type Operation,
  type Step,
} from './step.ts';

/**
 * The step with each weight that Adam moves as one update: TensorFlow has an operation for it, which goes through the memory once instead of a
 * dozen times. It is known by its arithmetic (arXiv:1412.6980, end of section 2), whoever has written it:
 * mean ← β₁·mean + (1−β₁)·g, square ← β₂·square + (1−β₂)·g², weight ← weight − size·mean / (√square + ε).
 */
export function fuseAdam(step: Step): FusedStep {
  const found = step.changes.flatMap(({ name, next }) => findAdam(step, name, next) ?? []);
  // Means that several weights share would be moved once for each of them.
  const uses = found.flatMap(({ mean, square }) => [mean, square]);
  const isOnly = (name: string): boolean => uses.filter((use) => use === name).length === 1;
  const adams = found.filter(({ mean, square }) => isOnly(mean) && isOnly(square));
  const moved = new Set(adams.flatMap(({ weight, mean, square }) => [weight, mean, square]));
  return withoutDeadCode({ ...step, changes: step.changes.filter(({ name }) => !moved.has(name)), adams });
}

function findAdam(step: Step, weight: string, next: Operand): AdamUpdate | undefined {
  const [before, change] = operandsOf(step, next, 'Sub');
  const [numerator, denominator] = operandsOf(step, change, 'RealDiv');
  const [newMean, size] = operandsOf(step, numerator, 'Mul');
  const [root, epsilon] = operandsOf(step, denominator, 'Add');
  const [newSquare] = operandsOf(step, root, 'Sqrt');
  const mean = findAverage(step, newMean);
  const square = findAverage(step, newSquare);
  if (mean === undefined || square === undefined || size === undefined) return undefined;
  const [squared] = operandsOf(step, square.added, 'Square');
  const bias = numberOf(epsilon);
  const isAdam = isState(before, weight) && isSame(squared, mean.added) && bias !== undefined;
  if (!isAdam || !hasShapes(step, { weight: before, gradient: mean.added, size })) return undefined;
  const names = { weight, mean: mean.name, square: square.name };
  return { ...names, gradient: mean.added, size, beta1: mean.decay, beta2: square.decay, epsilon: bias };
}

/** TensorFlow's operation stretches nothing: a gradient is of the weight's shape, and the size is one number. */
function hasShapes(
  step: Step,
  {
    weight,
    gradient,
    size,
  }: { readonly weight: Operand | undefined; readonly gradient: Operand; readonly size: Operand },
): boolean {
  const shapeOf = (operand: Operand): string => factsOf(step, operand).shape.join('×');
  return weight !== undefined && shapeOf(weight) === shapeOf(gradient) && shapeOf(size) === '';
}

interface MovingAverage {
  readonly name: string;
  readonly decay: number;
  readonly added: Operand;
}

/** Of a variable that becomes `decay` times itself and the rest of what is added. */
function findAverage(step: Step, next: Operand | undefined): MovingAverage | undefined {
  const [kept, fresh] = operandsOf(step, next, 'Add');
  const [before, decay] = operandsOf(step, kept, 'Mul');
  const [added, share] = operandsOf(step, fresh, 'Mul');
  const found = step.changes.find((change) => isSame(change.next, next));
  const numbers = { decay: numberOf(decay), share: numberOf(share) };
  if (found === undefined || added === undefined || numbers.decay === undefined || numbers.share === undefined)
    return undefined;
  const isAverage = isState(before, found.name) && Math.abs(numbers.decay + numbers.share - 1) < 1e-6;
  return isAverage ? { name: found.name, decay: numbers.decay, added } : undefined;
}

/** Of the operation that gives the operand, if it is of that name. */
function operandsOf(step: Step, operand: Operand | undefined, name: string): readonly (Operand | undefined)[] {
  if (operand?.kind !== 'result') return [];
  const operation: Operation | undefined = step.operations[operand.operation];
  return operation?.name === name ? operation.operands : [];
}

function isState(operand: Operand | undefined, name: string): boolean {
  return operand?.kind === 'feed' && operand.feed.source === 'state' && operand.feed.name === name;
}

function numberOf(operand: Operand | undefined): number | undefined {
  return operand?.kind === 'constant' && operand.constant.values.length === 1 ? operand.constant.values[0] : undefined;
}
