import type { Attribute, DataType } from '../../../../src/core/graphdef/graphdef.ts';
import type { Feed, Operand, Operation, Recording } from '../../../../src/core/trace/trace.ts';

// Steps by hand, as a recorder would leave them.

export const feed = (source: Feed['source'], name: string, shape: readonly number[] = [2, 2]): Operand => ({
  kind: 'feed',
  feed: { source, name, dtype: 'float32', shape },
});

export const constant = (...values: number[]): Operand => ({
  kind: 'constant',
  constant: {
    dtype: 'float32',
    shape: values.length === 1 ? [] : [values.length],
    values: Float32Array.from(values),
  },
});

export const whole = (...values: number[]): Operand => ({
  kind: 'constant',
  constant: { dtype: 'int32', shape: values.length === 1 ? [] : [values.length], values: Int32Array.from(values) },
});

export const result = (operation: number, output = 0): Operand => ({ kind: 'result', operation, output });

export function operation(
  name: string,
  operands: readonly Operand[],
  {
    shape = [2, 2],
    dtype = 'float32',
    layer = '',
    attributes = {},
  }: {
    shape?: readonly number[];
    dtype?: DataType;
    layer?: string;
    attributes?: Readonly<Record<string, Attribute>>;
  } = {},
): Operation {
  return { name, operands, layer, attributes, outputs: [{ dtype, shape }] };
}

/** y = w·x, loss = mean(y²), w ← w − rate·y: with the rate as the constant that it was. */
export function descent(rate: number, changes: { readonly factor?: Operand; readonly name?: string } = {}): Recording {
  const { factor = constant(rate), name = 'Square' } = changes;
  return {
    moments: { rate, step: rate * 1000 },
    operations: [
      operation('MatMul', [feed('input', 'x'), feed('state', 'w')], {
        layer: 'dense_1',
        attributes: { transpose_a: { flag: false }, T: { type: 'float32' } },
      }),
      operation(name, [result(0)]),
      operation('Mean', [result(1), whole(0, 1)], { shape: [], attributes: { keep_dims: { flag: false } } }),
      operation('Tanh', [result(0)]),
      operation('Mul', [result(0), factor]),
      operation('Sub', [feed('state', 'w'), result(4)]),
    ],
    results: [result(2)],
    changes: [{ name: 'w', next: result(5) }],
  };
}
