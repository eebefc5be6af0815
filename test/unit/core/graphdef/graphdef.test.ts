import { describe, expect, test } from 'vitest';
import {
  encodeSavedModel,
  Graph,
  lengthOf,
  type Attribute,
  type Message,
} from '../../../../src/core/graphdef/graphdef.ts';
import {
  floatField,
  messageField,
  packedFloats,
  packedVarints,
  textField,
  varintField,
} from '../../../../src/core/graphdef/protobuf.ts';
import { entriesOf, messagesOf, nodesOf, numbersOf, readFields, textsOf } from './reading.ts';

const join = (message: Message): Uint8Array => Buffer.concat(message);
const hex = (message: Message): string => Buffer.concat(message).toString('hex');

describe('fields on the wire, as the encoding says', () => {
  test.each<[what: string, message: Message, expected: string]>([
    ['nothing', varintField(1, 0), '0800'],
    ['150, the example of the page', varintField(1, 150), '089601'],
    ['a negative number, in ten bytes', varintField(3, -1), `18${'ff'.repeat(9)}01`],
    ['the largest of 64 bits', varintField(3, 2n ** 63n - 1n), `18${'ff'.repeat(8)}7f`],
    ['a field above 15, whose tag has two bytes', varintField(16, 1), '800101'],
    ['a text', textField(2, 'testing'), '120774657374696e67'],
    ['a text beyond ASCII', textField(2, 'ü'), '1202c3bc'],
    ['a message of 200 bytes', messageField(3, [new Uint8Array(200)]), `1ac801${'00'.repeat(200)}`],
    ['a float', floatField(4, 1.5), '250000c03f'],
    ['numbers in one field', packedVarints(6, [3, 270, 86942]), '3206038e029ea705'],
    ['floats in one field', packedFloats(4, [0, -2]), '220800000000000000c0'],
  ])('%s', (_, message, expected) => {
    expect(hex(message)).toBe(expected);
    expect(lengthOf(message)).toBe(expected.length / 2);
  });
});

describe('a graph', () => {
  test('has each name once, of the characters that TensorFlow takes', () => {
    const graph = new Graph();
    const names = ['a', 'a', 'A', 'a_1', 'größe (x)', '_b', 'scope/kernel', '/c'].map(
      (name) => graph.add('NoOp', { name, dtype: 'float32' }).node,
    );
    expect(names).toEqual(['a', 'a_1', 'A_2', 'a_1_1', 'gr__e__x_', 'x_b', 'scope/kernel', 'x/c']);
  });

  test.each<[attribute: Attribute, field: number, expected: string]>([
    [{ text: 'SAME' }, 2, '53414d45'],
    [{ int: 7 }, 3, '7'],
    [{ float: 0.5 }, 4, '0000003f'],
    [{ flag: true }, 5, '1'],
    [{ flag: false }, 5, '0'],
    [{ type: 'int32' }, 6, '3'],
    [{ type: 'bool' }, 6, '10'],
    [{ shape: [-1, 2] }, 7, `120b08${'ff'.repeat(9)}0112020802`],
    [{ ints: [1, 2] }, 1, '1a020102'],
    [{ floats: [1] }, 1, '22040000803f'],
    [
      { tensor: { dtype: 'int32', shape: [2], values: Int32Array.of(1, -1) } },
      8,
      '080312041202080222080100000' + '0ffffffff',
    ],
    [{ tensor: { dtype: 'bool', shape: [], values: Uint8Array.of(1) } }, 8, '080a1200220101'],
  ])('holds the attribute %j', (attribute, field, expected) => {
    const graph = new Graph();
    const output = graph.add('Op', { name: 'n', attributes: { a: attribute }, dtype: 'float32' });
    const bytes = join(encodeSavedModel(graph, { inputs: [], outputs: [{ name: 'y', shape: [], output }] }));
    const value = nodesOf(bytes).get('n')!.attributes.get('a')!;
    const [found] = readFields(value).get(field)!;
    expect([...readFields(value).keys()]).toEqual([field]);
    expect(found instanceof Uint8Array ? Buffer.from(found).toString('hex') : String(found)).toBe(expected);
  });
});

test('a SavedModel has a graph for serving, of what its outputs need, and a signature', () => {
  const graph = new Graph();
  const x = graph.add('Placeholder', { name: 'x', attributes: { dtype: { type: 'float32' } }, dtype: 'float32' });
  const left = graph.add('Placeholder', { name: 'left out by the model', dtype: 'int32' });
  const two = graph.constant('two', 'float32', [], Float32Array.of(2));
  graph.add('Neg', { name: 'tried', inputs: [x], dtype: 'float32' });
  const parts = graph.add('Unpack', { name: 'parts', inputs: [x], dtype: 'float32' });
  const product = graph.add('Mul', { name: 'y', inputs: [{ ...parts, index: 1 }, two], dtype: 'float32' });
  const bytes = join(
    encodeSavedModel(graph, {
      inputs: [
        { name: 'in', shape: [-1, 2], output: x },
        { name: 'unused', shape: [-1], output: left },
      ],
      outputs: [{ name: 'out', shape: [-1], output: product }],
    }),
  );
  expect(numbersOf(bytes, 1)).toEqual([1]);
  const nodes = nodesOf(bytes);
  expect([...nodes].map(([name, { op, inputs }]) => [name, op, ...inputs])).toEqual([
    ['x', 'Placeholder'],
    ['left_out_by_the_model', 'Placeholder'],
    ['two', 'Const'],
    ['parts', 'Unpack', 'x'],
    ['y', 'Mul', 'parts:1', 'two'],
  ]);
  const [metaGraph] = messagesOf(bytes, 2);
  expect(textsOf(messagesOf(metaGraph!, 1)[0]!, 4)).toEqual(['serve']);
  const signature = entriesOf(metaGraph!, 5).get('serving_default')!;
  expect(textsOf(signature, 3)).toEqual(['tensorflow/serving/predict']);
  const told = (field: number) =>
    [...entriesOf(signature, field)].map(([name, info]) => [
      name,
      textsOf(info, 1)[0],
      numbersOf(info, 2)[0],
      messagesOf(messagesOf(info, 3)[0]!, 2).map((dim) => numbersOf(dim, 1)[0]),
    ]);
  expect(told(1)).toEqual([
    ['in', 'x:0', 1, [-1, 2]],
    ['unused', 'left_out_by_the_model:0', 3, [-1]],
  ]);
  expect(told(2)).toEqual([['out', 'y:0', 1, [-1]]]);
});
