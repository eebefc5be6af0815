import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  formatInspection,
  inspectFile,
  toSource,
  worstRisk,
  type Unpack,
} from '../../../../src/core/inspect/inspect.ts';
import type { FileInspection } from '../../../../src/protocol/inspect.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/inspect');
const fixture = (name: string): Uint8Array => readFileSync(path.join(fixtures, name));

const unpackers = { zlib: zlib.inflateSync, gzip: zlib.gunzipSync, raw: zlib.inflateRawSync } as const;
const unpack: Unpack = (kind, bytes, limit) => {
  try {
    return { bytes: unpackers[kind](bytes, { maxOutputLength: limit }), isWhole: true };
  } catch {
    return { bytes: new Uint8Array(0), isWhole: false };
  }
};

const inspect = (name: string, bytes: Uint8Array | string): FileInspection =>
  inspectFile(name, toSource(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes), unpack);

const utf8 = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

const tfjs = {
  format: 'layers-model',
  generatedBy: 'TensorFlow.js tfjs-layers v4.22.0',
  modelTopology: {
    class_name: 'Sequential',
    config: {
      name: 's',
      layers: [
        { class_name: 'Dense', config: { name: 'dense', units: 3, batch_input_shape: [null, 4], dtype: 'float32' } },
        {
          class_name: 'Model',
          config: { name: 'inner', layers: [{ class_name: 'Flatten', config: { name: 'flat' } }] },
        },
      ],
    },
  },
  weightsManifest: [
    {
      paths: ['weights.bin'],
      weights: [
        { name: 'dense/kernel', shape: [4, 3], dtype: 'float32' },
        { name: 'dense/bias', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8' } },
      ],
    },
  ],
};

const mlmodel = `artifact_path: model
flavors:
  python_function:
    code: code
    loader_module: mlflow.sklearn
    python_model: python_model.pkl
  sklearn:
    sklearn_version: 1.6.0
metadata:
  license: MIT
mlflow_version: 3.17.2
run_id: 0123456789abcdef0123456789abcdef
signature:
  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}]'
  outputs: '[{"type": "double", "name": "y", "required": true}, {"type": "long"}]'
  params: null
`;

describe('what files say of themselves', () => {
  test('TensorFlow.js: layers, parameters, weights', () => {
    expect(inspect('model.json', utf8(tfjs))).toMatchObject({
      format: 'tfjs',
      facts: { format: 'layers-model', parameters: 15, weightBytes: 51, weightFiles: 'weights.bin' },
      inputs: [{ name: 'dense', dtype: 'float32', shape: [-1, 4] }],
      parts: [
        { name: 'dense', kind: 'Dense', shape: [-1, 4], parameters: 15 },
        { name: 'inner', kind: 'Model', parameters: 0 },
        { name: 'inner/flat', kind: 'Flatten' },
      ],
      ...{ canExecuteCode: 'no', problems: [] },
    });
  });

  test('TensorFlow.js: a graph model, and weights that lie outside', () => {
    const shape = { dim: [{ size: '-1' }, { size: '4' }] };
    const graph = {
      format: 'graph-model',
      modelTopology: { node: [{ op: 'Placeholder' }, { op: 'MatMul' }, { op: 'MatMul' }] },
      signature: { inputs: { x: { dtype: 'DT_FLOAT', tensorShape: shape } }, outputs: { y: { dtype: 'DT_INT32' } } },
      weightsManifest: [{ paths: ['../../etc/passwd', '/x', 'http://x/y', 'a/..b'], weights: [] }],
    };
    const { operations, inputs, outputs, problems } = inspect('model.json', utf8(graph));
    expect(operations).toEqual({ MatMul: 2, Placeholder: 1 });
    expect([inputs, outputs]).toEqual([
      [{ name: 'x', dtype: 'float32', shape: [-1, 4] }],
      [{ name: 'y', dtype: 'int32', shape: [] }],
    ]);
    expect(problems.map(({ message }) => /"(.*)"/.exec(message)?.[1])).toEqual([
      '../../etc/passwd',
      '/x',
      'http://x/y',
    ]);
  });

  test('ONNX: signature, opset, weights, subgraphs, licence', () => {
    expect(inspect('tiny.onnx', fixture('tiny.onnx'))).toEqual({
      ...{
        path: 'tiny.onnx',
        bytes: 383,
        format: 'onnx',
        canExecuteCode: 'no',
        reasons: [],
        problems: [],
        imports: [],
      },
      facts: {
        ...{ irVersion: 10, producer: 'make.py', producerVersion: '1', graph: 'tiny', opset: '21, my.ops 2' },
        ...{ licence: 'Apache-2.0', parameters: 15, weightBytes: 60 },
      },
      inputs: [
        { name: 'x', dtype: 'float32', shape: ['batch', 4] },
        { name: 'c', dtype: 'bool', shape: [] },
      ],
      outputs: [{ name: 'out', dtype: 'float32', shape: [-1, 3] }],
      parts: [
        { name: 'w', kind: 'float32', shape: [4, 3], parameters: 12 },
        { name: 'b', kind: 'float32', shape: [3], parameters: 3 },
      ],
      operations: { 'Gemm': 1, 'If': 1, 'Relu': 1, 'Sigmoid': 1, 'my.ops.Odd': 1 },
    });
    expect(inspect('external.onnx', fixture('external.onnx')).facts).toMatchObject({
      ...{ externalData: 'external.data', parameters: 15, weightBytes: 60 },
    });
  });

  test('SavedModel: signatures, operations, and those that reach out', () => {
    expect(inspect('saved_model.pb', fixture('reading.pb'))).toMatchObject({
      format: 'savedmodel',
      facts: { tags: 'serve', tensorflowVersion: '2.21.0', signatures: 'read, serving_default' },
      inputs: [
        { name: 'read: file', dtype: 'string', shape: [] },
        { name: 'x', dtype: 'float32', shape: [-1, 4] },
      ],
      outputs: [
        { name: 'read: text', dtype: 'string' },
        { name: 'y', dtype: 'float32', shape: [-1, 3] },
      ],
      operations: { MatMul: 1, ReadFile: 1 },
      ...{ canExecuteCode: 'yes', reasons: ['Its operation ReadFile reads files.'], problems: [] },
    });
  });

  test('Keras: layers; a Lambda is code', () => {
    expect(inspect('tiny.keras', fixture('tiny.keras'))).toMatchObject({
      format: 'keras',
      facts: { class: 'Sequential' },
      inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 4] }],
      parts: [{ kind: 'InputLayer' }, { name: 'hidden', kind: 'Dense' }, { name: 'out', kind: 'Dense' }],
      ...{ canExecuteCode: 'no', problems: [] },
    });
    expect(inspect('lambda.keras', fixture('lambda.keras'))).toMatchObject({
      canExecuteCode: 'yes',
      reasons: [expect.stringMatching(/layer odd is a Lambda/)],
    });
    // Without a name that tells.
    expect(inspect('x', fixture('tiny.keras'))).toMatchObject({ format: 'keras', problems: [] });
  });

  test('MLmodel: flavours, signature, licence, and the code that MLflow would run', () => {
    expect(inspect('MLmodel', mlmodel)).toMatchObject({
      format: 'mlmodel',
      facts: {
        ...{ flavours: 'python_function, sklearn', licence: 'MIT', loader: 'mlflow.sklearn', mlflowVersion: '3.17.2' },
        ...{ 'runId': '0123456789abcdef0123456789abcdef', 'sklearn sklearn_version': '1.6.0' },
      },
      inputs: [{ name: '', dtype: 'float32', shape: [-1, 4] }],
      outputs: [
        { name: 'y', dtype: 'double', shape: null },
        { name: '1', dtype: 'long' },
      ],
      canExecuteCode: 'yes',
      reasons: [
        expect.stringMatching(/imports the Python code in "code"/),
        expect.stringMatching(/unpickles "python_model.pkl"/),
      ],
    });
  });

  test('HDF5 is only said to be that', () => {
    const { format, facts, canExecuteCode } = inspect('x.h5', '\x89HDF\r\n\x1a\n\x00\x00');
    expect([format, facts, canExecuteCode]).toEqual(['hdf5', { superblock: 0 }, 'unknown']);
  });
});

describe('pickles are walked, never loaded', () => {
  test.each([0, 1, 2, 3, 4, 5])('protocol %i: what is imported is found', (protocol) => {
    const { imports, facts, canExecuteCode, reasons, problems } = inspect('x.pkl', fixture(`plain-${protocol}.pkl`));
    expect(imports.at(-1)).toBe('posix.system');
    expect(facts['protocol']).toBe(protocol < 2 ? 0 : protocol);
    expect([canExecuteCode, problems]).toEqual(['yes', []]);
    expect(reasons.at(-1)).toBe('It imports posix.system, which starts programs or reaches files.');
  });

  test.each(['arrays.joblib', 'zipped.joblib', 'packed.pkl'])(
    '%s: arrays between the opcodes are passed over',
    (name) => {
      const { imports, problems, format } = inspect(name, fixture(name));
      expect([format, problems]).toEqual(['joblib', []]);
      expect(imports).toEqual(expect.arrayContaining(['joblib.numpy_pickle.NumpyArrayWrapper', 'numpy.dtype']));
    },
  );

  test.each<[what: string, text: string, imports: string[], risk: string]>([
    ['values alone', '\x80\x04]\x94(K\x01K\x02e.', [], 'no'],
    ['an import without a call', 'cos\nsystem\n.', ['os.system'], 'yes'],
    ['INST', "(S'true'\nios\nsystem\n.", ['os.system'], 'yes'],
    ['OBJ', '(cos\nsystem\nX\x04\x00\x00\x00trueo.', ['os.system'], 'yes'],
    ['names by way of the memo', '\x80\x04\x8c\x02os\x94\x8c\x06system\x940h\x00h\x01\x93.', ['os.system'], 'yes'],
    ['names that are computed', '\x80\x04\x8c\x02os\x8c\x01a\x8c\x01b\x86\x93.', ['os.?'], 'yes'],
    ['an extension of the program', '\x80\x02\x82\x07.', ['copyreg.extension 7'], 'yes'],
    ['two pickles in one file', '\x80\x02N.\x80\x02cos\nsystem\n.', ['os.system'], 'yes'],
  ])('%s', (_, text, imports, canExecuteCode) => {
    expect(inspect('x.pkl', text)).toMatchObject({ imports, canExecuteCode, problems: [] });
  });

  test.each<[what: string, text: string, offset: number, message: RegExp]>([
    ['an opcode that is none', '\x80\x04\xff.', 2, /No opcode of a pickle: 0xff/],
    ['a value that is not there', '\x80\x04R.', 2, /takes a value that is not there/],
    ['a mark that is not there', '\x80\x04K\x01t.', 4, /back to a mark/],
    ['nothing kept under a number', '\x80\x04h\x05.', 2, /Nothing was kept under the number 5/],
    ['a protocol to come', '\x80\x06N.', 0, /Protocol 6/],
    [
      'a length beyond the file',
      '\x80\x04X\xff\xff\xff\x7fabc',
      7,
      /Cut within a text: 2147483647 bytes are needed, 3 are left/,
    ],
    ['a length of 2^64', '\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xffabc', 11, /Cut within bytes/],
    ['no end', '\x80\x04N', 3, /Cut within a pickle, before its end/],
  ])('%s is told with its place, and nobody knows what else there is', (_, text, offset, message) => {
    const { problems, canExecuteCode } = inspect('x.pkl', text);
    expect(problems).toEqual([{ offset, message: expect.stringMatching(message) as string }]);
    expect(canExecuteCode).toBe('unknown');
  });

  test('what was found before the damage is told', () => {
    expect(inspect('x.pkl', 'cos\nsystem\n(Vtrue\ntR')).toMatchObject({
      ...{ imports: ['os.system'], canExecuteCode: 'yes', problems: [{ offset: 20 }] },
    });
  });

  test('one that is packed so that a little becomes a lot is not unpacked whole', () => {
    const bomb = zlib.deflateSync(Buffer.alloc(300 << 20));
    expect(inspect('x.joblib', bomb)).toMatchObject({ canExecuteCode: 'unknown', problems: [{ offset: 0 }] });
  });

  test.each([['BZh91AY'], ['\xfd7zXZ\x00'], ['\x04\x22\x4d\x18']])('what is packed as %j is not opened', (magic) => {
    expect(inspect('x.joblib', magic)).toMatchObject({ canExecuteCode: 'unknown', imports: [], problems: [] });
  });
});

describe('hostile files', () => {
  const deep = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);
  let nested: unknown = { class_name: 'Dense', config: { name: 'x' } };
  for (let depth = 0; depth < 200; depth += 1)
    nested = { class_name: 'Model', config: { name: 'm', layers: [nested] } };

  test.each<[what: string, name: string, bytes: Uint8Array | string, message: RegExp]>([
    ['nothing', 'x.pkl', '', /Cut/],
    ['nothing', 'model.json', '', /no JSON/],
    ['nothing', 'x.onnx', '', /There is no graph/],
    ['nothing', 'x.keras', '', /zip file has no end/],
    ['nothing', 'MLmodel', '', /no MLmodel/],
    ['nothing', 'x', '', /no file of a model that is known/],
    ['deep lists', 'model.json', deep('[', ']', 100_000), /No layers/],
    ['models in models', 'model.json', utf8({ modelTopology: nested }), /deeper than 32/],
    ['a field of 2^60 bytes', 'x.onnx', '\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x0f', /bytes are announced/],
    ['an endless number', 'x.onnx', '\x08' + '\xff'.repeat(20), /more than ten bytes/],
    ['a group', 'x.onnx', '\x0b', /no field of a protocol buffer/],
    ['no HDF5', 'x.h5', 'hello', /no HDF5/],
    ['yaml bombs', 'MLmodel', 'a: &a [x]\n' + 'b: *a\n'.repeat(3), /keys must be unique|Map keys/],
  ])('%s as %s is refused with a reason', (_, name, bytes, message) => {
    const { problems } = inspect(name, bytes);
    expect(problems.map((problem) => problem.message).join(' ')).toMatch(message);
  });

  test('graphs within graphs end somewhere', () => {
    const field = (number: number, bytes: Buffer): Buffer => {
      const length: number[] = [];
      for (let rest = bytes.length; ; rest >>= 7) {
        if (rest < 128) {
          length.push(rest);
          break;
        }
        length.push((rest & 127) | 128);
      }
      return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
    };
    let graph: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 100; depth += 1) graph = field(1, field(5, field(6, graph)));
    expect(inspect('x.onnx', field(7, graph)).problems[0]?.message).toMatch(/deeper than 32/);
  });
});

const samples: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['model.json', utf8(tfjs)],
  ['MLmodel', Buffer.from(mlmodel)],
  ...readdirSync(fixtures)
    .filter((name) => !name.endsWith('.py'))
    .map((name) => [name === 'reading.pb' ? 'saved_model.pb' : name, fixture(name)] as const),
];

describe('damage', () => {
  test.each(samples)('%s cut at any byte is told with a place, and the rest read', (name, bytes) => {
    const untold: number[] = [];
    // The bigger ones are cut at every 29th byte.
    for (let length = 0; length < bytes.length; length += bytes.length > 5000 ? 29 : 1) {
      const { problems, canExecuteCode } = inspect(name, bytes.subarray(0, length));
      if (problems.length === 0) untold.push(length);
      for (const { offset } of problems) expect(offset ?? 0).toBeLessThanOrEqual(50_000);
      if (/pkl|joblib|keras/.test(name)) expect(canExecuteCode).not.toBe('no');
    }
    // YAML and protocol buffers may end where a part of theirs ends.
    expect(untold.length).toBeLessThanOrEqual(name === 'MLmodel' ? mlmodel.length : name.endsWith('onnx') ? 2 : 0);
  });

  test.each(samples)('%s with any bit turned over is read or refused', (name, bytes) => {
    for (let at = 0; at < bytes.length * 8; at += bytes.length > 5000 ? 301 : 3) {
      const damaged = Uint8Array.from(bytes);
      damaged[at >> 3] = (damaged[at >> 3] ?? 0) ^ (1 << (at & 7));
      expect(inspect(name, damaged).bytes).toBe(bytes.length);
    }
  });
});

test('it is told in Markdown in which texts of the file are no markup', () => {
  const file = inspect('model.json', utf8({ ...tfjs, generatedBy: '`x` [a](command:y)\n# z\u001b[2J' }));
  const text = formatInspection({ path: '/a/b', bytes: 2048, canExecuteCode: 'yes', files: [file] });
  expect(text).toMatch(/^# `\/a\/b`\n\n2\.0 KiB\. \*\*Can execute code\*\*/);
  expect(text).toContain('- generatedBy: `` `x` [a](command:y)\\n# z\\u001b[2J ``');
  expect(text).toContain('- `dense`: Dense (?, 4), 15 parameters');
});

test('the riskiest file counts', () => {
  const files = (...risks: readonly ('yes' | 'no' | 'unknown')[]) =>
    risks.map((canExecuteCode) => ({ canExecuteCode }));
  expect([worstRisk(files()), worstRisk(files('no', 'unknown')), worstRisk(files('yes', 'unknown'))]).toEqual([
    'no',
    'unknown',
    'yes',
  ]);
});
