import { describe, expect, test } from 'vitest';
import {
  encodeHeldStep,
  formatStep,
  fuseAdam,
  withBiases,
  withSmallGradients,
  type Operand,
  type Operation,
  type Step,
} from '../../../../src/core/trace/trace.ts';
import { nodesOf } from '../graphdef/reading.ts';
import { constant, descent, feed, operation, result, whole } from './steps.ts';

const state = (name: string): Operand => feed('state', name);
const input = feed('input', 'x');

/** One step of Adam for the weight w, whose gradient is the square of the input; each part can be another. */
function adam({
  before = state('w'),
  square = result(0),
  share = 0.1,
  root = 'Sqrt',
  size = feed('moment', 'rate', []),
}: { before?: Operand; square?: Operand; share?: number; root?: string; size?: Operand } = {}): Step {
  return {
    operations: [
      operation('Square', [input]), // 0: the gradient
      operation('Mul', [state('m'), constant(0.9)]),
      operation('Mul', [result(0), constant(share)]),
      operation('Add', [result(1), result(2)]), // 3: mean
      operation('Square', [square]),
      operation('Mul', [state('v'), constant(0.999)]),
      operation('Mul', [result(4), constant(0.001)]),
      operation('Add', [result(5), result(6)]), // 7: square
      operation('Mul', [result(3), size]),
      operation(root, [result(7)]),
      operation('Add', [result(9), constant(1e-7)]),
      operation('RealDiv', [result(8), result(10)]),
      operation('Sub', [before, result(11)]), // 12: weight
      operation('Mean', [input, whole(0, 1)], { shape: [] }),
    ],
    results: [result(13)],
    changes: [
      { name: 'm', next: result(3) },
      { name: 'v', next: result(7) },
      { name: 'w', next: result(12) },
    ],
  };
}

describe('a weight that Adam moves', () => {
  test('is one update, and its arithmetic is left out', () => {
    const fused = fuseAdam(adam());
    expect(fused.changes).toEqual([]);
    expect(fused.adams).toEqual([
      {
        ...{ weight: 'w', mean: 'm', square: 'v', gradient: result(0), size: feed('moment', 'rate', []) },
        ...{ beta1: Math.fround(0.9), beta2: Math.fround(0.999), epsilon: Math.fround(1e-7) },
      },
    ]);
    expect(formatStep(fused)).toEqual([
      'input x: float32 2×2',
      'moment rate: float32',
      '%0 = Square(input x): float32 2×2',
      '%1 = Mean(input x, [0, 1]): float32',
      'result 0 = %1: float32',
      'state w = Adam(%0, size=moment rate, beta1=0.9, beta2=0.999, epsilon=1e-7)  # with m, v',
    ]);
  });

  test.each<[what: string, step: Step]>([
    ['of another number than the weight', adam({ before: state('u') })],
    ['with the square of something else', adam({ square: input })],
    ['with shares that are not one', adam({ share: 0.2 })],
    ['without a root', adam({ root: 'Abs' })],
    ['of another shape than its gradient', adam({ before: feed('state', 'w', [3, 2, 2]) })],
    ['with a size for each number', adam({ size: feed('state', 'sizes') })],
    ['whose mean is not kept', { ...adam(), changes: adam().changes.filter(({ name }) => name !== 'm') }],
  ])('stays as it is told: %s', (_, step) => {
    const fused = fuseAdam(step);
    expect(fused.adams).toEqual([]);
    expect(fused.changes).toEqual(step.changes);
    expect(fused.operations).toEqual(step.operations);
  });
});

test('two weights that share their means stay as they are told: the means are moved once', () => {
  const { operations, changes, results } = adam();
  const both = {
    operations: [...operations, operation('Sub', [state('u'), result(11)])],
    changes: [...changes, { name: 'u', next: result(14) }],
    results,
  };
  const fused = fuseAdam(both);
  expect(fused.adams).toEqual([]);
  expect(fused.changes).toEqual(both.changes);
});

describe('what TensorFlow.js writes as a sum is told as a bias', () => {
  const bias = feed('state', 'b', [4]);
  const product = feed('input', 'x', [8, 4]);
  const image = feed('input', 'x', [8, 5, 5, 4]);
  const told = (operation: Operation): string => {
    const [found] = withBiases({ operations: [operation], results: [], changes: [] }).operations;
    return `${found?.name ?? ''} of ${found?.operands.length ?? NaN}`;
  };
  test.each<[what: string, operation: Operation, told: string]>([
    ['a bias', operation('Add', [product, bias], { shape: [8, 4] }), 'BiasAdd of 2'],
    ['a bias of channels', operation('Add', [image, bias], { shape: [8, 5, 5, 4] }), 'BiasAdd of 2'],
    ['a single number', operation('Add', [product, feed('state', 'b', [1])], { shape: [8, 4] }), 'Add of 2'],
    ['a bias that stands first', operation('Add', [bias, product], { shape: [8, 4] }), 'Add of 2'],
    ['two vectors', operation('Add', [bias, bias], { shape: [4] }), 'Add of 2'],
    ['whole numbers', operation('Add', [product, bias], { shape: [8, 4], dtype: 'int32' }), 'Add of 2'],
    ['its gradient', operation('Sum', [product, whole(0)], { shape: [4] }), 'BiasAddGrad of 1'],
    ['its gradient over pictures', operation('Sum', [image, whole(0, 1, 2)], { shape: [4] }), 'BiasAddGrad of 1'],
    ['in any order of axes', operation('Sum', [image, whole(2, 0, 1)], { shape: [4] }), 'BiasAddGrad of 1'],
    ['a sum of rows', operation('Sum', [product, whole(1)], { shape: [8] }), 'Sum of 2'],
    ['a sum that keeps its axes', operation('Sum', [product, whole(0)], { shape: [1, 4] }), 'Sum of 2'],
    ['a sum along axes that are not known', operation('Sum', [product, result(0)], { shape: [4] }), 'Sum of 2'],
  ])('%s', (_, given, expected) => expect(told(given)).toBe(expected));
});

describe('gradients behind a max pooling', () => {
  const wide = { shape: [8, 6, 6, 4] };
  const small = { shape: [8, 3, 3, 4] };
  /** x is pooled to y; dy comes back, through the pooling and the relu before it, to a bias. */
  const steps = (features: Operand = result(0), ...others: readonly Operation[]): Step => ({
    operations: [
      operation('Relu', [feed('input', 'x', wide.shape)], wide),
      operation('MaxPool', [result(0)], small),
      operation('MaxPoolGrad', [result(0), result(1), feed('input', 'dy', small.shape)], wide),
      operation('ReluGrad', [result(2), features], wide),
      operation('BiasAddGrad', [result(3)], { shape: [4] }),
      ...others,
    ],
    results: [result(3), result(4)],
    changes: [],
  });

  test('are taken and added while they are small', () => {
    expect(formatStep(withSmallGradients(steps())).slice(4)).toEqual([
      '%2 = ReluGrad(input dy, %1): float32 8×3×3×4',
      '%3 = MaxPoolGrad(%0, %1, %2): float32 8×6×6×4',
      '%4 = BiasAddGrad(%2): float32 4',
      'result 0 = %3: float32 8×6×6×4',
      'result 1 = %4: float32 4',
    ]);
  });

  test.each<[what: string, step: Step]>([
    ['of a relu elsewhere', steps(feed('input', 'x', wide.shape))],
    ['of a pooling whose gradient is used otherwise, too', steps(result(0), operation('Neg', [result(2)], wide))],
  ])('stay as they are: %s', (_, step) => expect(withSmallGradients(step)).toEqual(step));
});

describe('a step that keeps its state in the graph', () => {
  const graphOf = (step: Step): Record<string, string> => {
    const encoded = encodeHeldStep(fuseAdam(step));
    if ('reason' in encoded) throw new Error(encoded.reason);
    const nodes = nodesOf(Buffer.concat(encoded.savedModel));
    return Object.fromEntries([...nodes].map(([name, { op, inputs }]) => [name, [op, ...inputs].join(' ')]));
  };

  test('sets a variable when it is read, and tells the results when all are set', () => {
    expect(graphOf(descent(0.1))).toMatchObject({
      'variable/w': 'VarHandleOp',
      'state/w': 'ReadVariableOp variable/w',
      'dense_1/MatMul': 'MatMul input/x state/w',
      'Sub': 'Sub state/w Mul',
      'change/w': 'AssignVariableOp variable/w Sub ^state/w',
      'fetch': 'Identity Mean ^change/w',
    });
  });

  test('has a way in and a way out for each variable', () => {
    const encoded = encodeHeldStep(fuseAdam(descent(0.1)));
    expect(encoded).toMatchObject({
      feedNames: ['input/x:0'],
      fetchNames: ['fetch:0'],
      held: [{ name: 'w', given: 'state/w/given:0', set: 'is_set/w:0', value: 'state/w_1:0' }],
    });
    expect(graphOf(descent(0.1))).toMatchObject({
      'set/w': 'AssignVariableOp variable/w state/w/given',
      'is_set/w': 'Const ^set/w',
      'state/w_1': 'ReadVariableOp variable/w',
    });
  });

  test('moves what Adam moves in its place, without reading it', () => {
    const graph = graphOf(adam());
    expect(graph['change/w']).toMatch(
      /^ResourceApplyAdam variable\/w variable\/m variable\/v adam adam_1 moment\/rate adam_2 adam_3 adam_4 Square$/,
    );
    expect(Object.keys(graph).filter((name) => name.startsWith('state/') && !name.endsWith('given'))).toHaveLength(3);
    expect(graph['fetch']).toBe('Identity Mean ^change/w');
  });

  test('not with an operation that is not known', () => {
    const step = { ...descent(0.1), operations: [operation('Unheard', [input]), ...descent(0.1).operations] };
    expect(encodeHeldStep({ ...step, adams: [] })).toEqual({ reason: 'nothing is known of its operation Unheard' });
  });
});
