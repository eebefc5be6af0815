import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readModel, readModelArtifacts, writeModel } from '../../../src/worker/modelFiles.ts';
import { prepareBackends } from './kernels/backends.ts';

const tf = { ...core, ...layers };
let folder: string;
let good: string;

beforeAll(async () => {
  await prepareBackends().on('cpu', () => undefined);
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-model-'));
  good = path.join(folder, 'good');
  await mkdir(good);
  await writeModel(tf, makeModel(), good);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function makeModel() {
  const input = tf.input({ shape: [3] });
  const hidden = tf.layers.dense({ units: 4, name: 'hidden' }).apply(input) as layers.SymbolicTensor;
  const sum = tf.layers.add().apply([hidden, hidden]) as layers.SymbolicTensor;
  return tf.model({
    inputs: input,
    outputs: tf.layers.dense({ units: 2, name: 'last' }).apply(sum) as layers.SymbolicTensor,
  });
}

test('a written model is read back with the same answers', async () => {
  const model = makeModel();
  const directory = path.join(folder, 'again');
  await mkdir(directory);
  await writeModel(tf, model, directory);
  expect((await readdir(directory)).sort()).toEqual(['model.json', 'weights.bin']);
  const read = await readModel(tf, directory);
  const x = tf.tensor2d([[1, 2, 3]]);
  const answer = (m: layers.LayersModel) => Array.from((m.predict(x) as core.Tensor).dataSync());
  expect(answer(read)).toEqual(answer(model));
});

test('a model of models, one of them used twice, is read back with the same answers', async () => {
  const input = tf.input({ shape: [3] });
  const inner = tf.input({ shape: [3] });
  const twice = tf.model({
    inputs: inner,
    outputs: tf.layers.dense({ units: 3 }).apply(inner) as layers.SymbolicTensor,
  });
  const list = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
  const outputs = list.apply(twice.apply(twice.apply(input))) as layers.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs });
  const directory = path.join(folder, 'nested');
  await mkdir(directory);
  await writeModel(tf, model, directory);
  const x = tf.tensor2d([[1, 2, 3]]);
  const answer = (m: layers.LayersModel) => Array.from((m.predict(x) as core.Tensor).dataSync());
  expect(answer(await readModel(tf, directory))).toEqual(answer(model));
});

describe('a suspicious model is refused', () => {
  interface Layer {
    name: string;
    class_name: string;
    config: Record<string, unknown>;
    inbound_nodes: unknown[];
  }
  interface ModelDocument {
    format?: string;
    modelTopology: { config: { layers: Layer[] } };
    weightsManifest: { paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }[];
    userDefinedMetadata?: unknown;
  }
  const specs = (document: ModelDocument) => document.weightsManifest[0]!.weights;
  const layer = (document: ModelDocument, index: number) => document.modelTopology.config.layers[index]!;
  const feed = (name: string, index = 0) => [[name, index, 0, {}]];
  const activation = (name: string, ...inbound_nodes: unknown[]): Layer => ({
    ...{ name, class_name: 'Activation', inbound_nodes },
    config: { name, activation: 'relu' },
  });
  /** Another layer in the place of the first behind the input, which then takes examples of `shape`. */
  const become = (document: ModelDocument, shape: unknown[], class_name: string, config: Record<string, unknown>) => {
    layer(document, 0).config['batch_input_shape'] = shape;
    Object.assign(layer(document, 1), { class_name, config: { name: layer(document, 1).name, ...config } });
  };
  /** Models within models, each of which uses the one within it three times. */
  const matryoshka = (levels: number): Layer =>
    levels === 0
      ? activation('m0')
      : {
          ...{ name: `m${levels}`, class_name: 'Model', inbound_nodes: [feed('m'), feed('m'), feed('m')] },
          config: { name: `m${levels}`, layers: [matryoshka(levels - 1)] },
        };
  const cases: Record<string, [change: (document: ModelDocument) => unknown, reason: RegExp]> = {
    'a path out of its folder': [
      (d) => (d.weightsManifest[0]!.paths = ['../good/weights.bin']),
      /outside of its folder/,
    ],
    'an absolute path': [(d) => (d.weightsManifest[0]!.paths = ['/etc/passwd']), /outside of its folder/],
    'a path with a drive': [(d) => (d.weightsManifest[0]!.paths = ['C:weights.bin']), /outside of its folder/],
    'a URL': [(d) => (d.weightsManifest[0]!.paths = ['https://example.org/weights.bin']), /outside of its folder/],
    'a path that goes round': [(d) => (d.weightsManifest[0]!.paths = ['a/../weights.bin']), /outside of its folder/],
    'a link that leads outside': [(d) => (d.weightsManifest[0]!.paths = ['link.bin']), /outside of its folder/],
    'missing weights': [(d) => (d.weightsManifest[0]!.paths = ['nothere.bin']), /weights nothere\.bin are missing/],
    'text as weights': [(d) => (specs(d)[0]!.dtype = 'string'), /type that is not accepted/],
    'a huge shape': [(d) => (specs(d)[0]!.shape = [500_000_000, 8]), /too large/],
    'a shape beyond numbers': [(d) => (specs(d)[0]!.shape = [2 ** 52, 2 ** 52]), /too large/],
    'a negative shape': [(d) => (specs(d)[0]!.shape = [-3, -4]), /no sensible shape/],
    'many axes': [(d) => (specs(d)[0]!.shape = Array.from({ length: 100 }, () => 1)), /no sensible shape/],
    'more weights than bytes': [
      (d) => specs(d).push({ name: 'more', shape: [5], dtype: 'float32' }),
      /weights have \d+ bytes where \d+ are declared/,
    ],
    'fewer weights than bytes': [(d) => specs(d).pop(), /weights have \d+ bytes where \d+ are declared/],
    'two weights of one name': [
      (d) => (specs(d)[1]!.name = specs(d)[0]!.name),
      /two weights of the name "hidden\/kernel"/,
    ],
    'a hundred thousand weights': [
      (d) =>
        (d.weightsManifest[0]!.weights = Array.from({ length: 100_000 }, () => ({
          name: 'a',
          shape: [],
          dtype: 'bool',
        }))),
      /it has 100000 weights/,
    ],
    'no manifest': [(d) => ((d as unknown as Record<string, unknown>)['weightsManifest'] = 3), /no manifest/],
    'a manifest of nulls': [
      (d) => ((d as unknown as Record<string, unknown>)['weightsManifest'] = [null]),
      /manifest of weights is damaged/,
    ],
    'no topology': [(d) => ((d as unknown as Record<string, unknown>)['modelTopology'] = null), /no topology/],
    'another format': [(d) => (d.format = 'graph-model'), /its format is "graph-model"/],
    'layers in a circle': [(d) => (layer(d, 1).inbound_nodes = [[['last', 0, 0, {}]]]), /feed each other in a circle/],
    'a layer fed by nobody': [
      (d) => (layer(d, 1).inbound_nodes = [[['ghost', 0, 0, {}]]]),
      /fed by "ghost:0", which is not there/,
    ],
    'layers in a circle, by a key that means the same': [
      (d) => Object.assign(layer(d, 1), { inbound_nodes: undefined, inboundNodes: [feed('last')] }),
      /feed each other in a circle/,
    ],
    'a layer fed by one that is never used': [
      (d) => (layer(d, 1).inbound_nodes = []),
      /fed by "hidden:0", which is not there/,
    ],
    'a layer fed by more of a model than there is': [
      (d) => d.modelTopology.config.layers.push(activation('more', feed('hidden', 1))),
      /fed by "hidden:1", which is not there/,
    ],
    'a use that nothing feeds': [(d) => (layer(d, 1).inbound_nodes = [[]]), /a layer of its topology is damaged/],
    'a use fed by a text': [(d) => (layer(d, 1).inbound_nodes = [['ghost']]), /a layer of its topology is damaged/],
    'two layers of one name': [
      (d) => d.modelTopology.config.layers.push(activation('last')),
      /name of the layer "last" is not its own/,
    ],
    'a layer with two names': [
      (d) => (layer(d, 1).config['name'] = 'last'),
      /name of the layer "hidden" is not its own/,
    ],
    'layers listed from the last to the first': [
      (d) => {
        const chain = Array.from({ length: 1000 }, (_, i) => activation(`a${i}`, feed(`a${i + 1}`)));
        d.modelTopology.config.layers.push(...chain, activation('a1000', feed('last')));
      },
      /takes too long to follow/,
    ],
    'a layer that is used too often': [
      (d) => d.modelTopology.config.layers.push(activation('a', ...Array.from({ length: 10_000 }, () => feed('last')))),
      /layers and the links between them are 100\d\d, more/,
    ],
    'a layer that is used far too often': [
      (d) => d.modelTopology.config.layers.push(activation('a', ...Array.from({ length: 60_000 }, () => feed('last')))),
      /too many parts/,
    ],
    'models within models, each used several times': [
      (d) => d.modelTopology.config.layers.push(matryoshka(9)),
      /layers and the links between them are \d{6}, more/,
    ],
    'a layer without end': [
      (d) => (layer(d, 1).config['units'] = 2_000_000_000),
      /the layer "hidden" needs more weights than there are/,
    ],
    'a layer with inputs without end': [
      (d) => (layer(d, 0).config['batch_input_shape'] = [null, 30_000]),
      /the layer "hidden" needs more weights than there are/,
    ],
    'a kernel without end': [
      (d) => become(d, [null, 30_000, 30_000, 1], 'Conv2D', { filters: 1, kernel_size: [20_000, 20_000] }),
      /the layer "hidden" needs more weights than there are/,
    ],
    'a sequence without end': [
      (d) => become(d, [null, 3], 'RepeatVector', { n: 2_000_000 }),
      /repeats its input 2000000 times/,
    ],
    'steps without end': [
      (d) => become(d, [null, 2_000_000, 1], 'SimpleRNN', { units: 1 }),
      /the layer "hidden" goes through 2000000 steps/,
    ],
    'a state without end': [
      (d) => become(d, [100_000_000, 1, 1], 'SimpleRNN', { units: 1, stateful: true }),
      /the layer "hidden" gives more than \d+ numbers/,
    ],
    'an output without end': [
      (d) => become(d, [null, 3, 3, 1], 'ZeroPadding2D', { padding: [10_000, 10_000] }),
      /the layer "hidden" gives more than \d+ numbers/,
    ],
    'an unknown kind of layer': [(d) => (layer(d, 1).class_name = 'Lambda'), /Unknown layer: Lambda/],
    'deep nesting': [
      (d) => {
        let value: unknown = 1;
        for (let depth = 0; depth < 200; depth++) value = [value];
        layer(d, 1).config['deep'] = value;
      },
      /nested too deeply/,
    ],
  };
  test.each(Object.entries(cases))('%s', async (name, [change, reason]) => {
    const directory = path.join(folder, name);
    await cp(good, directory, { recursive: true });
    await symlink(path.join(good, 'weights.bin'), path.join(directory, 'link.bin'));
    const document = JSON.parse(await readFile(path.join(directory, 'model.json'), 'utf8')) as ModelDocument;
    change(document);
    await writeFile(path.join(directory, 'model.json'), JSON.stringify(document));
    await expect(readModel(tf, directory)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(reason),
    });
  });

  test('other weights than it was saved with', async () => {
    const directory = path.join(folder, 'exchanged');
    await cp(good, directory, { recursive: true });
    const weights = await readFile(path.join(directory, 'weights.bin'));
    weights.writeUInt8(weights.readUInt8(3) ^ 1, 3);
    await writeFile(path.join(directory, 'weights.bin'), weights);
    await expect(readModel(tf, directory)).rejects.toThrow(/not the ones it was saved with/);
  });

  test('no model at all', async () => {
    await expect(readModel(tf, path.join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'missing-file' });
  });

  test('model.json and weights cut at any byte', async () => {
    const directory = path.join(folder, 'cut');
    await cp(good, directory, { recursive: true });
    const text = await readFile(path.join(good, 'model.json'), 'utf8');
    for (let length = 0; length < text.trimEnd().length; length += 7) {
      await writeFile(path.join(directory, 'model.json'), text.slice(0, length));
      await expect(readModelArtifacts(directory)).rejects.toMatchObject({ code: 'corrupt' });
    }
    await writeFile(path.join(directory, 'model.json'), text);
    await truncate(path.join(directory, 'weights.bin'), 11);
    await expect(readModelArtifacts(directory)).rejects.toMatchObject({ code: 'corrupt' });
  });
});
