import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensurePython, pythonMissing } from '../../scripts/testing/python.ts';
import type { ExportDocument } from '../../src/node/models/models.ts';
import type { TrainDocument } from '../../src/node/training/training.ts';
import { writeSavedModel } from '../../src/worker/export/savedModel.ts';
import { readModel } from '../../src/worker/modelFiles.ts';
import type { LayersModel, Tensor, TensorFlow } from '../../src/worker/tensorflow.ts';
import { prepareBackends, randomNumbers, values } from '../unit/worker/kernels/backends.ts';

const TENSORFLOW = '2.21.0';
const run = promisify(execFile);
const cli = path.join(import.meta.dirname, '../../dist/cli.js');
const tf: TensorFlow = { ...core, ...layers };

let folder: string;
let program: string;
beforeAll(async () => {
  await prepareBackends().on('cpu', () => undefined);
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops saved models '));
  // Some minutes and 1.3 GB on first use.
  const python = await ensurePython(`keras-tensorflow-${TENSORFLOW}`, [`tensorflow-cpu==${TENSORFLOW}`]);
  if (python === undefined) throw new Error(pythonMissing);
  program = python;
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function python(...args: readonly string[]): Promise<unknown> {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '' };
  const { stdout } = await run(program, ['-W', 'ignore', ...args], { cwd: folder, env, maxBuffer: 64 << 20 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

const {
  activation,
  add,
  average,
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  batchNormalization,
  bidirectional,
  concatenate,
  conv1d,
  conv2d,
  conv2dTranspose,
  conv3d,
  conv3dTranspose,
  convLstm2d,
  cropping2D,
  dense,
  depthwiseConv2d,
  dot,
  dropout,
  elu,
  embedding,
  flatten,
  gaussianNoise,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  gru,
  layerNormalization,
  leakyReLU,
  lstm,
  masking,
  maximum,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  minimum,
  multiply,
  permute,
  prelu,
  reLU,
  repeatVector,
  reshape,
  separableConv2d,
  simpleRNN,
  softmax,
  thresholdedReLU,
  timeDistributed,
  upSampling2d,
  zeroPadding2d,
} = layers.layers;

/** Orthogonal ones, the default, want methods of tensors that only the worker's bundle has. */
const recurrent = { recurrentInitializer: 'glorotUniform' } as const;

type Apply = layers.SymbolicTensor;
const stack = (...list: layers.layers.Layer[]): LayersModel => layers.sequential({ layers: list });
const image = [8, 8, 3] as [number, number, number];
const steps = [5, 4] as [number, number];

/** input → `body`, whose answer is the output. */
function graph(shape: number[], body: (input: Apply) => Apply): LayersModel {
  const input = layers.input({ shape });
  return layers.model({ inputs: input, outputs: body(input) });
}

const models: Record<string, () => LayersModel> = {
  'an MLP': () =>
    stack(
      dense({ inputShape: [12], units: 8, activation: 'relu' }),
      dense({ units: 8, activation: 'sigmoid' }),
      dropout({ rate: 0.5 }),
      dense({ units: 4, activation: 'softmax' }),
    ),
  'a CNN': () =>
    stack(
      conv2d({ inputShape: image, filters: 4, kernelSize: 3, activation: 'relu' }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 5, kernelSize: [2, 1], strides: [1, 2], padding: 'same', useBias: false }),
      flatten(),
      dropout({ rate: 0.5 }),
      dense({ units: 10, activation: 'softmax' }),
    ),
  'one number': () => stack(dense({ inputShape: [3], units: 4, activation: 'tanh' }), dense({ units: 1 })),
  'a sigmoid head': () => stack(dense({ inputShape: [6], units: 3, activation: 'sigmoid', useBias: false })),
  'batch normalization': () =>
    stack(
      conv2d({ inputShape: image, filters: 4, kernelSize: 3, useBias: false }),
      batchNormalization(),
      activation({ activation: 'relu' }),
      flatten(),
      dense({ units: 6 }),
      batchNormalization({ scale: false }),
      batchNormalization({ center: false, epsilon: 0.01 }),
    ),
  'depthwise convolution': () =>
    stack(
      depthwiseConv2d({ inputShape: image, kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu' }),
      depthwiseConv2d({ kernelSize: 3, strides: 2, useBias: false }),
    ),
  'separable convolution': () =>
    stack(separableConv2d({ inputShape: image, filters: 6, kernelSize: 3, padding: 'same', activation: 'elu' })),
  'poolings': () =>
    stack(
      averagePooling2d({ inputShape: image, poolSize: 3, strides: 1, padding: 'same' }),
      maxPooling2d({ poolSize: [2, 3], strides: [1, 2], padding: 'same' }),
      globalAveragePooling2d({}),
    ),
  'a global maximum': () => stack(conv2d({ inputShape: image, filters: 4, kernelSize: 3 }), globalMaxPooling2d({})),
  'a residual block': () =>
    graph(image, (input) => {
      const first = conv2d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(input);
      const second = batchNormalization().apply(conv2d({ filters: 3, kernelSize: 3, padding: 'same' }).apply(first));
      const sum = add().apply([input, second as Apply]);
      return dense({ units: 4 }).apply(
        globalAveragePooling2d({}).apply(activation({ activation: 'relu' }).apply(sum)),
      ) as Apply;
    }),
  'branches': () =>
    graph([6], (input) => {
      const branch = (units: number): Apply => dense({ units, activation: 'relu' }).apply(input) as Apply;
      const equal = [branch(5), branch(5)];
      const merged = [add(), average(), maximum(), minimum(), multiply()].map((layer) => layer.apply(equal) as Apply);
      return concatenate().apply([...merged, branch(3), dot({ axes: 1 }).apply(equal) as Apply]) as Apply;
    }),
  'two inputs, two outputs': () => {
    const [picture, facts] = [
      layers.input({ shape: image, name: 'picture' }),
      layers.input({ shape: [3], name: 'facts' }),
    ];
    const seen = flatten().apply(conv2d({ filters: 2, kernelSize: 3 }).apply(picture)) as Apply;
    const both = concatenate().apply([seen, facts]) as Apply;
    const outputs = ['kind', 'size'].map((name, index) => dense({ units: index + 2, name }).apply(both) as Apply);
    return layers.model({ inputs: [picture, facts], outputs });
  },
  'a model within a model, used twice': () => {
    const inner = stack(dense({ inputShape: [4], units: 4, activation: 'relu' }), dense({ units: 4 }));
    return graph([4], (input) => inner.apply(inner.apply(input)) as Apply);
  },
  'convolutions in one and three dimensions': () =>
    stack(
      conv3d({ inputShape: [4, 6, 6, 2], filters: 3, kernelSize: 2, activation: 'relu' }),
      maxPooling3d({ poolSize: [1, 2, 2] }),
      averagePooling3d({ poolSize: 2, strides: 1, padding: 'same' }),
      conv3dTranspose({ filters: 2, kernelSize: 2, strides: 2 }),
      reshape({ targetShape: [12, 16] }),
      conv1d({ filters: 4, kernelSize: 3, dilationRate: 2, activation: 'relu' }),
      conv1d({ filters: 4, kernelSize: 2, padding: 'same' }),
      averagePooling1d({ poolSize: 2 }),
      maxPooling1d({ poolSize: 2, strides: 1 }),
      globalMaxPooling1d({}),
    ),
  'sizes of pictures': () =>
    stack(
      zeroPadding2d({
        inputShape: image,
        padding: [
          [1, 2],
          [0, 1],
        ],
      }),
      upSampling2d({ size: [2, 2] }),
      cropping2D({
        cropping: [
          [1, 1],
          [2, 0],
        ],
      }),
      conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
      upSampling2d({ size: [1, 2], interpolation: 'bilinear' }),
      conv2d({ filters: 2, kernelSize: 3, dilationRate: 2 }),
    ),
  'channels first': () =>
    stack(conv2d({ inputShape: [3, 8, 8], filters: 4, kernelSize: 3, dataFormat: 'channelsFirst' })),
  'shapes of vectors': () =>
    stack(
      dense({ inputShape: [6], units: 8 }),
      reshape({ targetShape: [2, 4] }),
      permute({ dims: [2, 1] }),
      dense({ units: 3, activation: 'relu' }),
      layerNormalization(),
      flatten(),
      repeatVector({ n: 3 }),
      timeDistributed({ layer: dense({ units: 2 }) }),
      softmax({ axis: 2 }),
    ),
  'layers that are activations': () =>
    stack(
      dense({ inputShape: [9], units: 9 }),
      leakyReLU({ alpha: 0.2 }),
      dense({ units: 9 }),
      prelu(),
      elu(),
      dense({ units: 9 }),
      thresholdedReLU({ theta: 0.1 }),
      reLU({ maxValue: 2 }),
      gaussianNoise({ stddev: 1 }),
      softmax({ axis: -1 }),
    ),
  'recurrent layers': () =>
    stack(
      lstm({ ...recurrent, inputShape: steps, units: 3, returnSequences: true }),
      gru({ ...recurrent, units: 4, returnSequences: true }),
      bidirectional({
        layer: simpleRNN({ ...recurrent, units: 2, returnSequences: true }),
        mergeMode: 'concat',
      }),
      lstm({ ...recurrent, units: 3, goBackwards: true }),
      dense({ units: 2, activation: 'softmax' }),
    ),
  'a convolution over time': () =>
    stack(
      convLstm2d({ ...recurrent, inputShape: [3, 6, 6, 2], filters: 2, kernelSize: 3, padding: 'same' }),
      flatten(),
      dense({ units: 2 }),
    ),
  'words': () =>
    stack(
      embedding({ inputDim: 20, outputDim: 4, inputLength: 5, maskZero: true }),
      lstm({ ...recurrent, units: 3 }),
      dense({ units: 2, activation: 'softmax' }),
    ),
  'steps that are left out': () =>
    stack(masking({ inputShape: steps, maskValue: 0 }), gru({ ...recurrent, units: 3 }), dense({ units: 2 })),
  'an average over time': () =>
    stack(conv1d({ inputShape: steps, filters: 3, kernelSize: 2 }), globalAveragePooling1d({})),
  'a batch of a fixed size': () => stack(dense({ batchInputShape: [7, 3], units: 2 })),
  ...Object.fromEntries(
    (
      [
        ...['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax', 'softplus', 'softsign'],
        ...['tanh', 'swish', 'mish', 'gelu', 'gelu_new'],
      ] as const
    ).map((name) => [
      `the activation ${name}`,
      () =>
        stack(
          conv2d({ inputShape: [4, 4, 2], filters: 3, kernelSize: 2, activation: name }),
          flatten(),
          dense({ units: 6, activation: name }),
        ),
    ]),
  ),
};

/** Weights that leave no part of a model without an effect. */
function randomize(model: LayersModel, seed: number): void {
  const next = randomNumbers(seed);
  for (const weight of model.weights) {
    const isVariance = weight.name.includes('variance');
    const numbers = Float32Array.from({ length: weight.shape.reduce<number>((a, b) => a * (b ?? 1), 1) }, () =>
      isVariance ? 0.5 + next() : next() - 0.5,
    );
    weight.write(tf.tensor(numbers, weight.shape as number[]));
  }
}

const namesOf = (symbols: readonly Apply[]): string[] => symbols.map(({ sourceLayer: { name } }) => name).sort();

interface WrittenTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

/** What the model gives for so many examples, and what it is given. */
function predict(
  model: LayersModel,
  count: number,
): { inputs: Record<string, WrittenTensor>; outputs: Record<string, WrittenTensor> } {
  const isWords = model.layers.some(({ name }) => name.startsWith('embedding'));
  const given = model.inputs.map(({ shape }, index) => {
    const sizes = [count, ...(shape.slice(1) as number[])];
    const numbers = values(
      sizes.reduce((a, b) => a * b, 1),
      count + index,
    );
    // Word 0, and steps of zeros, are left out.
    const chosen = isWords ? numbers.map((value) => Math.max(0, Math.floor(value * 20))) : numbers;
    if (sizes.length === 3) chosen.fill(0, chosen.length - 2 * (sizes[2] ?? 0));
    return tf.tensor(chosen, sizes);
  });
  const predicted = [model.predict(given.length === 1 ? given[0]! : given)].flat();
  const write = (symbols: readonly Apply[], tensors: readonly Tensor[]): Record<string, WrittenTensor> =>
    Object.fromEntries(
      tensors.map((tensor, index) => [
        symbols[index]!.sourceLayer.name,
        { shape: tensor.shape, dtype: tensor.dtype, values: Array.from(tensor.dataSync()) },
      ]),
    );
  return { inputs: write(model.inputs, given), outputs: write(model.outputs, predicted) };
}

interface Compared {
  readonly error?: string;
  readonly difference: number;
  readonly inputs: Readonly<Record<string, [string, (number | null)[]]>>;
  readonly outputs: Readonly<Record<string, [string, (number | null)[]]>>;
}

describe("TensorFlow's Python loads our SavedModel and gives the same", () => {
  let compared: Readonly<Record<string, Compared>>;
  const made = new Map<string, { readonly model: LayersModel; readonly directory: string }>();

  beforeAll(async () => {
    const cases: object[] = [];
    for (const [index, [name, create]] of Object.entries(models).entries()) {
      const directory = path.join(folder, `model ${index}`);
      const model = create();
      randomize(model, index);
      await writeSavedModel(tf, model, directory);
      made.set(name, { model, directory });
      const fixed = model.inputs[0]?.shape[0] ?? null;
      const counts = fixed === null ? [1, 7] : [fixed];
      cases.push({ folder: directory, batches: counts.map((count) => predict(model, count)) });
    }
    const file = path.join(folder, 'cases.json');
    await writeFile(file, JSON.stringify(cases));
    compared = (await python(path.join(import.meta.dirname, 'savedmodel.py'), file)) as typeof compared;
  }, 600_000);

  test.each(Object.keys(models))('%s', (name) => {
    const { model, directory } = made.get(name)!;
    const result = compared[directory]!;
    expect(result.error).toBeUndefined();
    expect(result.difference).toBeLessThan(1e-5);
    expect(Object.keys(result.inputs).sort()).toEqual(namesOf(model.inputs));
    expect(Object.keys(result.outputs).sort()).toEqual(namesOf(model.outputs));
    const [, shape] = result.inputs[model.inputs[0]!.sourceLayer.name]!;
    expect(shape).toEqual(model.inputs[0]!.shape);
  });
});

/** What MLflow makes of a folder: MLflow's own Python, with TensorFlow's packages behind its own. */
const mlflowScript = `
import json, sys
sys.path.extend(json.loads(sys.argv[2]))
import mlflow, numpy as np
loaded = mlflow.pyfunc.load_model(sys.argv[1])
(name, spec), = loaded.metadata.get_input_schema().input_dict().items()
images = np.full([2, *spec.shape[1:]], 0.5, dtype=spec.type)
(answer,) = loaded.predict({name: images}).values()
serve = mlflow.tensorflow.load_model(sys.argv[1])
import tensorflow as tf
(same,) = serve(**{name: tf.constant(images)}).values()
print(json.dumps({'run': loaded.metadata.run_id, 'answer': np.array(answer).tolist(), 'same': same.numpy().tolist(), 'shape': list(spec.shape)}))
`;

test('what the command line has trained and exported is loaded by MLflow', async () => {
  const mlflow = process.env['MLOPS_INTEROP_PYTHON'];
  if (mlflow === undefined)
    throw new Error('MLOPS_INTEROP_PYTHON must name a Python with MLflow (npm run test:interop sets it).');
  const root = path.join(folder, 'digits');
  const mlops = async (cwd: string, ...args: readonly string[]): Promise<unknown> => {
    const { stdout } = await run(process.execPath, [cli, ...args, '--json'], { cwd, maxBuffer: 64 << 20 });
    return JSON.parse(stdout);
  };
  await mlops(folder, 'new', root, '--yes');
  await mlops(root, 'run', 'features');
  const { runId } = (await mlops(
    root,
    'train',
    'configs/cnnbased.yaml',
    '--set',
    'training.num_epochs=1',
  )) as TrainDocument;
  const format = ['--format', 'savedmodel', '--out'];
  const exported = (await mlops(root, 'models', 'export', '@last', ...format, 'exports/digits')) as ExportDocument;
  expect(exported).toMatchObject({ runId, inputs: [{ shape: [-1, 28, 28, 1] }], outputs: [{ shape: [-1, 10] }] });

  const paths = (await python('-c', 'import json, site; print(json.dumps(site.getsitepackages()))')) as string[];
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '' };
  const args = ['-W', 'ignore', '-c', mlflowScript, exported.path, JSON.stringify(paths)];
  const { stdout } = await run(mlflow, args, { cwd: folder, env, maxBuffer: 64 << 20 });
  const loaded = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  expect(loaded).toMatchObject({ run: runId, shape: [-1, 28, 28, 1] });
  expect(loaded['answer']).toEqual(loaded['same']);
  const model = await readModel(tf, exported.source);
  const expected = [model.predict(tf.fill([2, 28, 28, 1], 0.5))].flat()[0]!.arraySync() as number[][];
  (loaded['answer'] as number[][]).forEach((row, index) =>
    row.forEach((value, digit) => expect(value).toBeCloseTo(expected[index]![digit]!, 5)),
  );
});
