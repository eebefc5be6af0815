import { factsOf, isSame, type Operand, type Operation, type Step } from './step.ts';

/**
 * The step with the gradient of a relu before a max pooling taken while it is small: a pooling hands each number of its gradient to one place of
 * its input, and that place is above 0 where the greatest of the window is. So is the gradient of a bias: the same numbers are added, in another
 * order.
 */
export function withSmallGradients(step: Step): Step {
  return withSmallSums(withEarlyRelus(step));
}

/** `ReluGrad(MaxPoolGrad(x, y, dy), x)` becomes `MaxPoolGrad(x, y, ReluGrad(dy, y))`, each in the place of the other. */
function withEarlyRelus(step: Step): Step {
  const operations = [...step.operations];
  step.operations.forEach((relu, at) => {
    const [gradient, features] = relu.operands;
    if (relu.name !== 'ReluGrad' || gradient?.kind !== 'result') return;
    const pool = step.operations[gradient.operation];
    const [x, y, dy] = pool?.operands ?? [];
    if (pool?.name !== 'MaxPoolGrad' || y === undefined || dy === undefined || !isSame(features, x)) return;
    if (countUses(step, gradient.operation) > 1) return;
    const early: Operand = { kind: 'result', operation: gradient.operation, output: 0 };
    operations[gradient.operation] = { ...relu, operands: [dy, y], outputs: [factsOf(step, dy)] };
    operations[at] = { ...pool, operands: [...pool.operands.slice(0, 2), early] };
  });
  return { ...step, operations };
}

function withSmallSums(step: Step): Step {
  const toSmall = (operation: Operation): Operation => {
    const [given] = operation.operands;
    if (operation.name !== 'BiasAddGrad' || given?.kind !== 'result') return operation;
    const pool = step.operations[given.operation];
    const dy = pool?.name === 'MaxPoolGrad' ? pool.operands[2] : undefined;
    return dy === undefined ? operation : { ...operation, operands: [dy] };
  };
  return { ...step, operations: step.operations.map(toSmall) };
}

function countUses({ operations, results, changes }: Step, operation: number): number {
  const all = [...operations.flatMap(({ operands }) => operands), ...results, ...changes.map(({ next }) => next)];
  return all.filter((operand) => operand.kind === 'result' && operand.operation === operation).length;
}
