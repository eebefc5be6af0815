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

describe('a suspicious model is refused', () => {
  interface ModelDocument {
    format?: string;
    modelTopology: {
      config: { layers: { name: string; config: Record<string, unknown>; inbound_nodes: unknown[] }[] };
    };
    weightsManifest: { paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }[];
    userDefinedMetadata?: unknown;
  }
  const specs = (document: ModelDocument) => document.weightsManifest[0]!.weights;
  const layer = (document: ModelDocument, index: number) => document.modelTopology.config.layers[index]!;
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
    'a layer without end': [(d) => (layer(d, 1).config['units'] = 2_000_000_000), /a layer has 2000000000 units/],
    'an unknown kind of layer': [
      (d) => ((layer(d, 1) as unknown as Record<string, unknown>)['class_name'] = 'Lambda'),
      /Unknown layer: Lambda/,
    ],
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
