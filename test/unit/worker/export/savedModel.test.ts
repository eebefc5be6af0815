import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { writeSavedModel } from '../../../../src/worker/export/savedModel.ts';
import type { LayersModel, TensorFlow } from '../../../../src/worker/tensorflow.ts';
import { nodesOf } from '../../core/graphdef/reading.ts';
import { createProject } from '../project.ts';
import { prepareBackends } from '../kernels/backends.ts';
import { buildWorker, startWorker } from '../workerProcess.ts';

// That TensorFlow gives the same numbers is held by test/interop/savedmodel.test.ts; here is how the graph looks, and what is refused.

const tf: TensorFlow = { ...core, ...layers };
const { conv2d, dense, flatten, gru, maxPooling2d } = layers.layers;
/** Orthogonal ones, the default, want methods of tensors that only the worker's bundle has. */
const recurrent = { recurrentInitializer: 'glorotUniform' } as const;
const stack = (...list: layers.layers.Layer[]): LayersModel => layers.sequential({ layers: list });

let folder: string;
beforeAll(() => prepareBackends().on('cpu', () => undefined));
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-savedmodel-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a CNN is what a person would write', async () => {
  const model = stack(
    conv2d({ inputShape: [6, 6, 1], filters: 2, kernelSize: 3, activation: 'relu', name: 'strokes' }),
    maxPooling2d({ poolSize: 2, name: 'pool' }),
    flatten({ name: 'flat' }),
    dense({ units: 3, activation: 'softmax', name: 'digit' }),
  );
  const before = core.memory().numTensors;
  expect(await writeSavedModel(tf, model, folder)).toEqual({
    inputs: [{ name: 'strokes_input', shape: [-1, 6, 6, 1], dtype: 'float32' }],
    outputs: [{ name: 'digit', shape: [-1, 3], dtype: 'float32' }],
  });
  expect(core.memory().numTensors).toBe(before);
  expect((await readdir(folder)).sort()).toEqual(['saved_model.pb', 'variables']);
  const nodes = nodesOf(await readFile(path.join(folder, 'saved_model.pb')));
  expect([...nodes].map(([name, { op, inputs }]) => [name, op, ...inputs])).toEqual([
    ['input/strokes_input', 'Placeholder'],
    ['strokes/kernel', 'Const'],
    ['strokes/Conv2D', 'Conv2D', 'input/strokes_input', 'strokes/kernel'],
    ['strokes/bias', 'Const'],
    ['strokes/BiasAdd', 'BiasAdd', 'strokes/Conv2D', 'strokes/bias'],
    ['strokes/Relu', 'Relu', 'strokes/BiasAdd'],
    ['pool/MaxPool', 'MaxPool', 'strokes/Relu'],
    ['flat/Const', 'Const'],
    ['flat/Reshape', 'Reshape', 'pool/MaxPool', 'flat/Const'],
    ['digit/kernel', 'Const'],
    ['digit/MatMul', 'MatMul', 'flat/Reshape', 'digit/kernel'],
    ['digit/bias', 'Const'],
    ['digit/BiasAdd', 'BiasAdd', 'digit/MatMul', 'digit/bias'],
    ['digit/Softmax', 'Softmax', 'digit/BiasAdd'],
    ['output/digit', 'Identity', 'digit/Softmax'],
  ]);
});

/** Gives each picture noise of its own, also when it predicts. */
class Noise extends layers.layers.Layer {
  static readonly className = 'Noise';
  override call(inputs: core.Tensor | core.Tensor[]): core.Tensor {
    const [input] = [inputs].flat();
    return tf.tidy(() => tf.add(input!, Math.random()));
  }
}

/** Looks whether there is any light at all. */
class Peeking extends layers.layers.Layer {
  static readonly className = 'Peeking';
  override call(inputs: core.Tensor | core.Tensor[]): core.Tensor {
    const [input] = [inputs].flat();
    return tf.max(input!).dataSync()[0]! > 0 ? input! : tf.zerosLike(input!);
  }
}

/** Sorts, which nothing is known of here. */
class Sorting extends layers.layers.Layer {
  static readonly className = 'Sorting';
  override call(inputs: core.Tensor | core.Tensor[]): core.Tensor {
    const [input] = [inputs].flat();
    return tf.topk(input!, 2).values;
  }
}

describe('what can not be said in a graph names its layer, and leaves nothing', () => {
  test.each<[what: string, model: () => LayersModel, message: string]>([
    [
      'chance',
      () => stack(dense({ inputShape: [3], units: 2 }), new Noise({ name: 'noise' })),
      `The layer "noise" can't be converted to a SavedModel: it computes something else from one prediction to the next.`,
    ],
    [
      'a look at the numbers',
      () => stack(dense({ inputShape: [3], units: 2 }), new Peeking({ name: 'peek' })),
      `The layer "peek" can't be converted to a SavedModel: it decides by numbers that are known only when it is used.`,
    ],
    [
      'an unknown kernel',
      () => stack(dense({ inputShape: [3], units: 2 }), new Sorting({ name: 'sort' })),
      `The layer "sort" can't be converted to a SavedModel: nothing is known here of its kernel TopK.`,
    ],
    [
      'a state',
      () => stack(gru({ ...recurrent, batchInputShape: [4, 3, 2], units: 2, stateful: true, name: 'memory' })),
      `The layer "memory" can't be converted to a SavedModel: it keeps a state from one prediction to the next.`,
    ],
    [
      'a sequence of any length',
      () => stack(gru({ ...recurrent, inputShape: [null, 2], units: 2, name: 'any' })),
      `The layer "any_input" can't be converted to a SavedModel: an axis of the input may be of any size beside that of the examples.`,
    ],
    [
      'strides that TensorFlow has not',
      () =>
        stack(layers.layers.depthwiseConv2d({ inputShape: [6, 6, 1], kernelSize: 2, strides: [1, 2], name: 'deep' })),
      `The layer "deep" can't be converted to a SavedModel: TensorFlow's depthwise convolution has one stride for both axes.`,
    ],
  ])('%s', async (_, create, message) => {
    await expect(writeSavedModel(tf, create(), folder)).rejects.toMatchObject({ code: 'not-supported', message });
    expect(await readdir(folder)).toEqual([]);
    // The layers are themselves again.
    const plain = stack(dense({ inputShape: [2], units: 1 }));
    expect([plain.predict(tf.zeros([1, 2]))].flat()[0]!.dataSync()).toHaveLength(1);
  });
});

describe('the worker', () => {
  let bundle: Awaited<ReturnType<typeof buildWorker>>;
  beforeAll(async () => {
    bundle = await buildWorker();
  }, 60_000);
  afterAll(() => bundle.remove());

  test('exports the model that it has trained', async () => {
    const project = await createProject();
    const trained = startWorker(bundle.file, project.trainTask({}, { num_epochs: 1 }), project.root);
    await trained.first('done');
    const exporting = startWorker(
      bundle.file,
      {
        ...{ kind: 'export', format: 'savedmodel', projectRoot: project.root },
        ...{ modelDirectory: project.output, outputDirectory: folder },
      },
      project.root,
    );
    const { signature } = await exporting.first('exported');
    expect(signature).toMatchObject({ inputs: [{ shape: [-1, 6, 6, 1] }], outputs: [{ shape: [-1, 4] }] });
    expect(nodesOf(await readFile(path.join(folder, 'saved_model.pb'))).size).toBeGreaterThan(8);
    await project.remove();
  });
});
