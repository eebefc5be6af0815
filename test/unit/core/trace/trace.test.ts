import { describe, expect, test } from 'vitest';
import {
  confirmStep,
  encodeStep,
  formatStep,
  withoutDeadCode,
  type Operand,
  type Operation,
  type Recording,
  type Step,
} from '../../../../src/core/trace/trace.ts';
import { nodesOf } from '../graphdef/reading.ts';
import { constant, descent, feed, operation, result, whole } from './steps.ts';

function confirmed(first: Recording, second: Recording): Step {
  const found = confirmStep(first, second);
  if ('reason' in found) throw new Error(found.reason);
  return found.step;
}

const reasonOf = (first: Recording, second: Recording): string | undefined => {
  const found = confirmStep(first, second);
  return 'reason' in found ? found.reason : undefined;
};

describe('two recordings are one step', () => {
  test('whose moments are given to it anew each time', () => {
    const step = confirmed(descent(0.1), descent(0.25));
    expect(step.operations[4]?.operands).toEqual([result(0), feed('moment', 'rate', [])]);
    expect(step.operations.filter((_, index) => index !== 4)).toEqual(
      descent(0.1).operations.filter((_, index) => index !== 4),
    );
  });

  test('which rounds a moment as a tensor of its type does', () => {
    const at = (rate: number, step: number): Recording => ({
      ...descent(rate, { factor: whole(step) }),
      moments: { rate, step },
    });
    expect(confirmed(at(0.1, 7), at(0.2, 9)).operations[4]?.operands[1]).toEqual({
      kind: 'feed',
      feed: { source: 'moment', name: 'step', dtype: 'int32', shape: [] },
    });
  });

  test('a number that is the same in both stays a constant, NaN too', () => {
    const step = confirmed(descent(0.1, { factor: constant(NaN) }), descent(0.2, { factor: constant(NaN) }));
    expect(step.operations[4]?.operands[1]).toEqual(constant(NaN));
  });

  const other = (changes: Partial<Recording>): Recording => ({ ...descent(0.25), ...changes });
  const changed = (index: number, change: (operation: Operation) => Operation): Recording =>
    other({ operations: descent(0.25).operations.map((each, at) => (at === index ? change(each) : each)) });

  test.each<[what: string, second: Recording, reason: string]>([
    [
      'other numbers from JavaScript',
      descent(0.25, { factor: constant(0.3) }),
      'numbers that go into Mul come from JavaScript, other ones each time',
    ],
    [
      'as many of them as a mask has',
      descent(0.25, { factor: constant(1, 0) }),
      'numbers that go into Mul come from JavaScript, other ones each time',
    ],
    ['another operation', descent(0.25, { name: 'Abs' }), 'it is Square one time and Abs another'],
    [
      'fewer operations',
      other({ operations: descent(1).operations.slice(1) }),
      'it takes 6 operations one time and 5 another',
    ],
    [
      'another attribute',
      changed(0, (each) => ({ ...each, attributes: { ...each.attributes, transpose_a: { flag: true } } })),
      'an attribute of MatMul changes from one time to the next',
    ],
    [
      'another shape',
      changed(1, (each) => ({ ...each, outputs: [{ dtype: 'float32', shape: [4] }] })),
      'the shape of what Square gives changes from one time to the next',
    ],
    [
      'another operand, with its layer',
      changed(0, (each) => ({ ...each, operands: [feed('state', 'w'), feed('state', 'w')] })),
      'numbers that go into MatMul of layer "dense_1" come from JavaScript, other ones each time',
    ],
    [
      'another result',
      other({ results: [result(3)] }),
      'numbers that go into its results come from JavaScript, other ones each time',
    ],
    ['more results', other({ results: [result(2), result(3)] }), 'the operands of its results are not always as many'],
    [
      'another variable',
      other({ changes: [{ name: 'v', next: result(5) }] }),
      'it sets other variables from one time to the next',
    ],
  ])('not with %s', (_, second, reason) => {
    expect(reasonOf(descent(0.1), second)).toBe(reason);
  });
});

test('what nothing needs is left out, and the rest finds its operands', () => {
  const { operations, results, changes } = withoutDeadCode(confirmed(descent(0.1), descent(0.2)));
  expect(operations.map(({ name }) => name)).toEqual(['MatMul', 'Square', 'Mean', 'Mul', 'Sub']);
  expect([results, changes]).toEqual([[result(2)], [{ name: 'w', next: result(4) }]]);
  expect(operations[4]?.operands).toEqual([feed('state', 'w'), result(3)]);
});

test('a step as a person reads it', () => {
  expect(formatStep(withoutDeadCode(confirmed(descent(0.1), descent(0.2))))).toEqual([
    'input x: float32 2×2',
    'state w: float32 2×2',
    'moment rate: float32',
    '%0 = MatMul(input x, state w, transpose_a=false): float32 2×2  # dense_1',
    '%1 = Square(%0): float32 2×2',
    '%2 = Mean(%1, [0, 1], keep_dims=false): float32',
    '%3 = Mul(%0, moment rate): float32 2×2',
    '%4 = Sub(state w, %3): float32 2×2',
    'result 0 = %2: float32',
    'state w = %4',
  ]);
});

/** Node → its operation and inputs. */
function graphOf(step: Step): Record<string, string> {
  const encoded = encodeStep(step);
  if ('reason' in encoded) throw new Error(encoded.reason);
  return Object.fromEntries(
    [...nodesOf(Buffer.concat(encoded.savedModel))].map(([name, { op, inputs }]) => [name, [op, ...inputs].join(' ')]),
  );
}

const stepOf = (operations: readonly Operation[]): Step => ({
  operations,
  results: [result(operations.length - 1)],
  changes: [],
});

describe('a step as a graph of TensorFlow', () => {
  test('with what is fed and fetched by their names', () => {
    const encoded = encodeStep(confirmed(descent(0.1), descent(0.2)));
    expect(encoded).toMatchObject({
      feedNames: ['input/x:0', 'state/w:0', 'moment/rate:0'],
      fetchNames: ['fetch:0', 'fetch_1:0'],
    });
    expect(graphOf(confirmed(descent(0.1), descent(0.2)))).toMatchObject({
      'input/x': 'Placeholder',
      'dense_1/MatMul': 'MatMul input/x state/w',
      'Mul': 'Mul dense_1/MatMul moment/rate',
      'Sub': 'Sub state/w Mul',
      'fetch_1': 'Identity Sub',
    });
  });

  test('with all attributes that TensorFlow knows, and no others', () => {
    const attributes = { T: { type: 'bool' }, made_up: { int: 1 }, keep_dims: { flag: true } } as const;
    const encoded = encodeStep(stepOf([operation('Mean', [feed('input', 'x'), whole(0)], { attributes })]));
    const node = nodesOf(Buffer.concat('reason' in encoded ? [] : encoded.savedModel)).get('Mean');
    // The types are those of the operands, whatever eager execution was told.
    expect([...(node?.attributes ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('hex')])).toEqual([
      ['T', '3001'],
      ['Tidx', '3003'],
      ['keep_dims', '2801'],
    ]);
  });

  test('in which a large array of one number is one number, and equal constants are one node', () => {
    const ones: Operand = {
      kind: 'constant',
      constant: { dtype: 'float32', shape: [1000, 1000], values: new Float32Array(1e6).fill(1) },
    };
    const step = stepOf([
      operation('Mul', [feed('input', 'x'), ones]),
      operation('Mul', [result(0), constant(3)]),
      operation('Mul', [result(1), constant(3)]),
    ]);
    const encoded = encodeStep(step);
    expect('reason' in encoded ? NaN : Buffer.concat(encoded.savedModel).length).toBeLessThan(2000);
    expect(Object.keys(graphOf(step)).filter((name) => name.startsWith('constant'))).toHaveLength(2);
  });

  test('not with an operation that keeps something or is not known', () => {
    expect(encodeStep(stepOf([operation('RandomUniform', [whole(2)])]))).toEqual({
      reason: 'nothing is known of its operation RandomUniform',
    });
  });
});

describe('an operand is guarded from what TensorFlow would make of it', () => {
  const [x, y, z] = [feed('input', 'x'), feed('input', 'y'), feed('input', 'z', [2])];
  const product = (...operands: Operand[]): Operation => operation('Mul', operands);
  test.each<[what: string, operations: readonly Operation[], last: string]>([
    ['a divisor', [operation('Sqrt', [x]), operation('RealDiv', [y, result(0)])], 'RealDiv input/y guard'],
    ['a float', [operation('Add', [x, constant(1)])], 'Add input/x guard'],
    ['no whole number', [operation('Reshape', [x, whole(4)])], 'Reshape input/x constant'],
    ['a sum of a sum', [operation('Add', [x, y]), operation('Add', [result(0), z])], 'Add guard input/z'],
    [
      'even behind a change of shape',
      [operation('Add', [x, y]), operation('Reshape', [result(0), whole(4)]), operation('Add', [z, result(1)])],
      'Add input/z guard',
    ],
    ['a common factor', [product(x, y), product(z, x), operation('Add', [result(0), result(1)])], 'Add guard Mul_1'],
    ['no others', [product(x, y), product(z, z), operation('Add', [result(0), result(1)])], 'Add Mul Mul_1'],
    ['products of several shapes', [product(x, y), product(result(0), z)], 'Mul guard input/z'],
    ['not of one', [product(x, y), product(result(0), y)], 'Mul Mul input/y'],
  ])('%s', (_, operations, last) => {
    const graph = graphOf(stepOf(operations));
    expect(graph[graph['fetch']?.split(' ')[1] ?? '']).toBe(last);
  });

  test('unless it may', () => {
    const step = stepOf([operation('Sqrt', [x]), operation('RealDiv', [y, result(0)])]);
    const findGuard = (isGuarded: boolean): number => {
      const encoded = encodeStep(step, { isGuarded });
      return 'reason' in encoded ? NaN : Buffer.concat(encoded.savedModel).indexOf('PlaceholderWithDefault');
    };
    expect([findGuard(true) > 0, findGuard(false)]).toEqual([true, -1]);
  });
});
