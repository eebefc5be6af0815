import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { lossesMap } from '@tensorflow/tfjs-layers/dist/losses';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildStep, parseModel } from '../../../../src/core/compiled/compiled.ts';
import { optimizers } from '../../../../src/core/config/config.ts';
import type { LayersModel } from '../../../../src/worker/tensorflow.ts';
import { prepareBackends } from '../kernels/backends.ts';
import { tf, tryToCompile } from './compiling.ts';

// What is not compiled is refused with its reason, never compiled nearly; and the documentation lists what is.

const backends = prepareBackends();
const { layers: l } = tf;

beforeAll(() => backends.on('cpu', () => undefined));

type Layer = ReturnType<typeof l.dense>;

const settings = { loss_function: 'mse', metric: 'mse' };

function apply(layer: unknown, ...inputs: readonly SymbolicTensor[]): SymbolicTensor {
  return (layer as Layer).apply(inputs.length === 1 ? inputs[0]! : [...inputs]) as SymbolicTensor;
}

function toOne(x: SymbolicTensor): SymbolicTensor {
  return apply(l.dense({ units: 1 }), x.shape.length > 2 ? apply(l.flatten(), x) : x);
}

/** Layers behind an input, and what makes one number of their answer. */
function modelOf(shape: readonly (number | null)[], ...inner: readonly unknown[]): LayersModel {
  const inputs = tf.input({ shape: [...shape] });
  const x = inner.reduce<SymbolicTensor>((given, layer) => apply(layer, given), inputs);
  return tf.model({ inputs, outputs: toOne(x) });
}

const onPictures = (...inner: readonly unknown[]): LayersModel => modelOf([6, 6, 2], ...inner);
const onNumbers = (...inner: readonly unknown[]): LayersModel => modelOf([4], ...inner);
const onWords = (...inner: readonly unknown[]): LayersModel => modelOf([5], ...inner);

/** Two branches that a layer makes one of. */
function merged(layer: unknown, shape: readonly number[], ...branches: readonly unknown[]): LayersModel {
  const inputs = tf.input({ shape: [...shape] });
  const x = apply(layer, ...branches.map((branch) => apply(branch, inputs)));
  return tf.model({ inputs, outputs: toOne(x) });
}

function ofTwoInputs(): LayersModel {
  const inputs = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
  return tf.model({ inputs, outputs: apply(l.dense({ units: 1 }), apply(l.add(), ...inputs)) });
}

function withSharedLayer(): LayersModel {
  const inputs = tf.input({ shape: [3] });
  const shared = l.dense({ units: 3 });
  return tf.model({ inputs, outputs: apply(l.dense({ units: 1 }), apply(shared, apply(shared, inputs))) });
}

const { maxNorm, nonNeg, unitNorm } = tf.constraints;
const filters = { filters: 2, kernelSize: 2 } as const;

const refusals: Readonly<Record<string, readonly [reason: RegExp, model: () => LayersModel]>> = {
  'two inputs': [/^the model has more than one input or output$/, ofTwoInputs],
  'sizes that are not told': [/its input may have any size$/, () => modelOf([null, 3], l.globalAveragePooling1d())],
  'batches of one size': [
    /it takes batches of one size$/,
    () => tf.sequential({ layers: [l.dense({ batchInputShape: [8, 3], units: 1 })] }),
  ],
  'a layer that is used twice': [/^layer "\w+": it is used more than once/, withSharedLayer],
  'a model within the model': [
    /it is a model within the model$/,
    () => onNumbers(tf.sequential({ layers: [l.dense({ inputShape: [4], units: 3 })] })),
  ],
  'a mask': [/layers of the class Masking are not known$/, () => modelOf([5, 3], l.masking({ maskValue: 0 }))],
  'words that are masked': [
    /it masks zeros$/,
    () => onWords(l.embedding({ inputDim: 9, outputDim: 3, maskZero: true }), l.conv1d(filters)),
  ],
  'dilation in 1D': [/it is dilated$/, () => modelOf([6, 2], l.conv1d({ ...filters, dilationRate: 2 }))],
  'dilation in 2D': [/it is dilated$/, () => onPictures(l.conv2d({ ...filters, dilationRate: 2 }))],
  'dilation of each channel': [
    /it is dilated$/,
    () => onPictures(l.depthwiseConv2d({ kernelSize: 2, dilationRate: 2 })),
  ],
  'a picture that is enlarged smoothly': [
    /its interpolation is "bilinear"$/,
    () => onPictures(l.upSampling2d({ size: [2, 2], interpolation: 'bilinear' })),
  ],
  'causal padding': [/its padding is causal$/, () => modelOf([6, 2], l.conv1d({ ...filters, padding: 'causal' }))],
  'a constraint of a kernel': [
    /it has a kernel_constraint$/,
    () => onNumbers(l.dense({ units: 3, kernelConstraint: maxNorm({ maxValue: 2 }) })),
  ],
  'a constraint of a bias': [
    /it has a bias_constraint$/,
    () => onPictures(l.conv2d({ ...filters, biasConstraint: nonNeg() })),
  ],
  'a constraint of rows': [
    /it has a embeddings_constraint$/,
    () => onWords(l.embedding({ inputDim: 9, outputDim: 3, embeddingsConstraint: unitNorm({ axis: 0 }) })),
  ],
  'a constraint of a normalization': [
    /it has a gamma_constraint$/,
    () => onNumbers(l.batchNormalization({ gammaConstraint: nonNeg() })),
  ],
  'a dropout of whole rows': [
    /it has a noise_shape$/,
    () => modelOf([5, 3], l.dropout({ rate: 0.5, noiseShape: [-1, 1, 3] })),
  ],
  'a relu with another limit': [/its max_value is 3$/, () => onNumbers(l.reLU({ maxValue: 3 }))],
  'a softmax of another axis': [/its axis is 1$/, () => onPictures(l.softmax({ axis: 1 }))],
  'a normalization of another axis': [/its axis is 1$/, () => onPictures(l.batchNormalization({ axis: 1 }))],
  'a normalization of several axes': [/its axis is \[2,3\]$/, () => onPictures(l.layerNormalization({ axis: [2, 3] }))],
  'branches that are joined along another axis': [
    /its axis is 1$/,
    () => merged(l.concatenate({ axis: 1 }), [3, 2], l.dense({ units: 2 }), l.dense({ units: 2 })),
  ],
  'branches of other sizes': [
    /its inputs have other shapes \(3, 1\)$/,
    () => merged(l.add(), [4], l.dense({ units: 3 }), l.dense({ units: 1 })),
  ],
};

test.each(Object.entries(refusals))('%s: not compiled', async (_, [reason, model]) => {
  const refused = await tryToCompile(model(), 1, settings);
  expect('reason' in refused ? refused.reason : 'compiled').toMatch(reason);
});

test('two outputs: not compiled', async () => {
  const inputs = tf.input({ shape: [3] });
  const model = tf.model({
    inputs,
    outputs: [apply(l.dense({ units: 1 }), inputs), apply(l.dense({ units: 1 }), inputs)],
  });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  expect(await tryToCompile(model, 1)).toEqual({ reason: 'the model has more than one input or output' });
});

/** Of the section "What is compiled" of the documentation, the list that begins so. */
async function listOf(start: string): Promise<string> {
  const file = path.join(import.meta.dirname, '../../../../docs/compiled.md');
  const found = new RegExp(`^- ${start} ?([^]*?)\\n(?=- |\\n)`, 'm').exec(await readFile(file, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`There is no list "${start}".`);
  return found;
}

/** Why a model of one layer is not compiled; '' where it is. */
function reasonOf(className: string, config: object, loss = 'meanSquaredError'): string {
  const layer = { class_name: className, config: { name: 'x', batch_input_shape: [null, 4], ...config } };
  const graph = buildStep({
    model: parseModel({ class_name: 'Sequential', config: { layers: [layer] } }),
    shapes: new Map([['x/kernel', [4, 4]]]),
    ...{ capacity: 8, targetWidth: loss.startsWith('sparse') ? 1 : 4, loss, metrics: [], training: null },
  });
  return 'refusal' in graph ? graph.refusal.reason : '';
}

const registered = (): readonly (readonly [name: string, prototype: unknown])[] =>
  Object.entries(tf.serialization.SerializationMap.getMap().classNameMap).map(([name, [{ prototype }]]) => [
    name,
    prototype as unknown,
  ]);

describe('the documentation lists all', () => {
  test('layers', async () => {
    const pooling = 'max, average and global pooling (1D and 2D)';
    const list = await listOf('(?=Dense)');
    expect(list).toContain(pooling);
    const listed = list.replace(pooling, '').match(/\b[A-Z]\w*/g) ?? [];
    const classes = registered()
      .filter(([name, prototype]) => prototype instanceof l.Layer && name !== 'InputLayer')
      .map(([name]) => name);
    const known = classes.filter((name) => reasonOf(name, {}) !== `layers of the class ${name} are not known`);
    const isPooling = (name: string): boolean => /^(Global)?(Max|Average)Pooling[12]D$/.test(name);
    expect(known.filter(isPooling)).toHaveLength(8);
    expect(known.filter((name) => !isPooling(name)).sort()).toEqual([...listed].sort());
  });

  test('activations', async () => {
    const [listed = ''] = (await listOf('Activations')).split(';');
    const names = registered()
      .filter(([name, prototype]) => /^[a-z]/.test(name) && Object.hasOwn(prototype as object, 'apply'))
      .map(([name]) => name);
    const known = names.filter((activation) => reasonOf('Dense', { units: 4, use_bias: false, activation }) === '');
    const spoken = listed.replace('hard sigmoid', 'hardSigmoid').replace('gelu (both)', 'gelu, gelu_new');
    expect(known.sort()).toEqual(spoken.split(', ').sort());
  });

  test('losses of the packages', () => {
    const names = Object.keys(lossesMap);
    expect(names.length).toBeGreaterThan(10);
    const refused = names.filter((loss) => reasonOf('Dense', { units: 4, use_bias: false }, loss) !== '');
    expect(refused).toEqual([]);
  });

  test('optimizers of a config', async () => {
    const [listed = ''] = (await listOf('Optimizers')).split(';');
    expect(listed.split(', ').sort()).toEqual([...optimizers.names].sort());
  });
});
