import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { dist } from '../../scripts/places.ts';
import type { LayersModel, TensorFlow } from '../../src/worker/tensorflow.ts';
import type { KerasData, KerasLayer, KerasNet } from './keras-driver.ts';

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

/** LeNet-5 with its padding, strides in the place of a pool. */
export const lenet: Net = {
  input: [28, 28, 1],
  layers: [
    ['Conv2D', { filters: 6, kernel_size: 5, padding: 'same', activation: 'tanh' }],
    ['AveragePooling2D', { pool_size: 2 }],
    ['Conv2D', { filters: 16, kernel_size: 5, strides: 2, activation: 'tanh' }],
    ['Flatten', {}],
    ['Dense', { units: 120, activation: 'tanh' }],
    ['Dense', { units: 84, activation: 'tanh' }],
    softmax,
  ],
};

/** Blocks as those of MobileNet: each channel by its own window, then all channels of each place. */
export const mobile: Net = {
  input: [28, 28, 1],
  layers: [
    ...normalized('Conv2D', { filters: 32, kernel_size: 3, strides: 2 }),
    ...[64, 128, 128].flatMap((filters, block) => [
      ...normalized('DepthwiseConv2D', { kernel_size: 3, strides: block === 1 ? 2 : 1 }),
      ...normalized('Conv2D', { filters, kernel_size: 1 }),
    ]),
    ['GlobalAveragePooling2D', {}],
    softmax,
  ],
};

/** The rows of a digit as words: how many of its 28 pixels are lit. */
export const lstm: Net = {
  input: [28],
  layers: [['Embedding', { input_dim: 29, output_dim: 32 }], ['LSTM', { units: 64 }], softmax],
};

export const resnet20: Net = { input: [28, 28, 1], layers: residual() };

function normalized(name: string, args: KerasLayer[1]): readonly KerasLayer[] {
  return [
    [name, { ...args, padding: 'same', use_bias: false }],
    ['BatchNormalization', {}],
    ['ReLU', {}],
  ];
}

/** Three stages of three blocks of two convolutions; where the size changes, what is passed by is convolved, too. */
function residual(): readonly KerasLayer[] {
  const layers = [...normalized('Conv2D', { filters: 16, kernel_size: 3 })];
  for (const filters of [16, 32, 64])
    for (let block = 0; block < 3; block++) {
      const from = layers.length;
      const strides = filters > 16 && block === 0 ? 2 : 1;
      const first = normalized('Conv2D', { filters, kernel_size: 3, strides });
      layers.push(...first, ...normalized('Conv2D', { filters, kernel_size: 3 }).slice(0, 2));
      const ends = [from, layers.length];
      if (strides > 1) {
        layers.push(['Conv2D', { filters, kernel_size: 1, strides, use_bias: false }, [from]]);
        layers.push(['BatchNormalization', {}]);
        ends[0] = layers.length;
      }
      layers.push(['Add', {}, ends], ['ReLU', {}]);
    }
  return [...layers, ['GlobalAveragePooling2D', {}], softmax];
}

/** Dropout is random, and each library has random numbers of its own. */
export function withoutDropout(net: Net): Net {
  return { ...net, layers: net.layers.filter(([name]) => name !== 'Dropout') };
}

/** The same layers by their names in TensorFlow.js: `maxPooling2d`, `{ poolSize }`; and the numbers of those that they take. */
export function toLayers({
  layers,
  input,
}: Net): readonly (readonly [name: string, args: object, inputs: readonly number[]])[] {
  const camel = (text: string): string => text.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return layers.map(([name, args, inputs], index) => {
    const own = Object.entries(args).map(([key, value]) => [camel(key), value] as const);
    const first = index === 0 ? { inputShape: input } : {};
    return [
      name === 'LSTM' ? 'lstm' : name.charAt(0).toLowerCase() + name.slice(1).replace(/2D$/, '2d'),
      { ...first, ...Object.fromEntries(own) },
      inputs ?? [index],
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

/** What the net for words takes of the same digits. */
export function toWords<Data extends KerasData>(digits: Data): Data {
  const xs = new Float32Array(digits.xs.length / 28);
  digits.xs.forEach((value, index) => (xs[Math.floor(index / 28)]! += Number(value > 0.5)));
  return { ...digits, xs };
}
