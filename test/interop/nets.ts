import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { dist } from '../../scripts/places.ts';
import type { LayersModel, TensorFlow } from '../../src/worker/tensorflow.ts';
import type { KerasData, KerasNet } from './keras-driver.ts';

// Nets in Keras' words, which TensorFlow.js builds too, and the packaged digits for them.

export type Net = Pick<KerasNet, 'input' | 'layers'>;

const softmax = ['Dense', { units: 10, activation: 'softmax' }] as const;
const hidden = ['Dense', { units: 224, activation: 'relu' }] as const;

function convolving(...last: Net['layers']): Net {
  const found = [32, 64].flatMap((filters): Net['layers'] => [
    ['Conv2D', { filters, kernel_size: 3, activation: 'relu' }],
    ['MaxPooling2D', { pool_size: 2 }],
  ]);
  return { input: [28, 28, 1], layers: [...found, ['Flatten', {}], ...last, softmax] };
}

/** The nets that figures are about. */
export const mlp: Net = { input: [784], layers: [hidden, hidden, hidden, softmax] };
export const cnn: Net = convolving(['Dense', { units: 128, activation: 'relu' }], ['Dropout', { rate: 0.5 }]);
/** That of the template. */
export const scaffoldCnn: Net = convolving(['Dropout', { rate: 0.5 }]);

/** Dropout is random, and each library has random numbers of its own. */
export function withoutDropout(net: Net): Net {
  return { ...net, layers: net.layers.filter(([name]) => name !== 'Dropout') };
}

/** The same layers by their names in TensorFlow.js: `maxPooling2d`, `{ poolSize }`. */
export function toLayers({ layers, input }: Net): readonly (readonly [name: string, args: object])[] {
  const camel = (text: string): string => text.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return layers.map(([name, args], index) => {
    const own = Object.entries(args).map(([key, value]) => [camel(key), value] as const);
    const first = index === 0 ? { inputShape: input } : {};
    return [
      name.charAt(0).toLowerCase() + name.slice(1).replace(/2D$/, '2d'),
      { ...first, ...Object.fromEntries(own) },
    ];
  });
}

export function createModel(tf: TensorFlow, net: Net): LayersModel {
  const makers = tf.layers as unknown as Readonly<Record<string, (args: object) => never>>;
  const layers = toLayers(net).map(([name, args]) => {
    const make = makers[name];
    if (make === undefined) throw new Error(`TensorFlow.js has no layer ${name}.`);
    return make(args);
  });
  return tf.sequential({ layers });
}

/** Packaged digits from the first on, their classes as ten numbers each. */
export async function readDigits(split: 'train' | 'test', count?: number): Promise<KerasData & { count: number }> {
  const read = async (kind: string, header: number): Promise<Uint8Array> =>
    gunzipSync(await readFile(path.join(dist, `samples/mnist/${split}_${kind}.gz`))).subarray(header);
  const labels = (await read('labels', 8)).subarray(0, count);
  const pixels = (await read('images', 16)).subarray(0, labels.length * 784);
  const ys = new Float32Array(labels.length * 10);
  labels.forEach((label, index) => (ys[index * 10 + label] = 1));
  return { xs: Float32Array.from(pixels, (pixel) => pixel / 255), ys, width: 10, count: labels.length };
}
