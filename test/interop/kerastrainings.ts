import type { OptimizerName } from '../../src/core/config/config.ts';
import { cnn, mlp, withoutDropout, type Net } from './nets.ts';

// What is trained by Keras and by us from the same weights, with the same batches.

export const KERAS_BATCH = 16;
export const KERAS_STEPS = 30;
/** How far losses and weights may be apart after these steps. */
export const KERAS_TOLERANCE = 1e-4;

/** Our optimizers in Keras' words: all have Keras' formulas. (Those of TensorFlow.js for Adam and Adadelta are others.) */
export const inKeras: Readonly<Record<OptimizerName, readonly [name: string, args: object, learningRate: number]>> = {
  adam: ['Adam', {}, 0.001],
  adamw: ['AdamW', { weight_decay: 0.004 }, 0.001],
  adamax: ['Adamax', {}, 0.001],
  sgd: ['SGD', {}, 0.05],
  momentum: ['SGD', { momentum: 0.9 }, 0.01],
  /** Its first steps are three times the rate: with a larger one, roundings have grown to more than the tolerance after 30. */
  rmsprop: ['RMSprop', {}, 0.0002],
  adagrad: ['Adagrad', {}, 0.01],
  adadelta: ['Adadelta', {}, 1.5],
};

interface KerasTraining {
  readonly name: string;
  readonly net: Net;
  readonly optimizer: OptimizerName;
  /** A name that both have. */
  readonly loss: string;
  /** Targets −1 and 1: from 0 and 1 Keras makes them for its hinges. */
  readonly signs?: boolean;
}

const normalized: Net = {
  input: [28, 28, 1],
  layers: [
    ['Conv2D', { filters: 8, kernel_size: 5, strides: 2, padding: 'same', use_bias: false }],
    ['BatchNormalization', {}],
    ['ReLU', {}],
    ['SeparableConv2D', { filters: 12, kernel_size: 3, depth_multiplier: 2, activation: 'tanh' }],
    ['AveragePooling2D', { pool_size: 2 }],
    ['DepthwiseConv2D', { kernel_size: 3, padding: 'same' }],
    ['GlobalAveragePooling2D', {}],
    ['Dense', { units: 10, activation: 'softmax' }],
  ],
};
/** Of the margins of digits all windows give the same: where that is the greatest, they share the gradient. */
const greatest: Net = {
  input: [28, 28, 1],
  layers: [
    ['Conv2D', { filters: 24, kernel_size: 5, activation: 'tanh' }],
    ['GlobalMaxPooling2D', {}],
    ['Dense', { units: 10, activation: 'softmax' }],
  ],
};
const small = (activation: string): Net => ({
  input: [784],
  layers: [
    ['Dense', { units: 16, activation: 'sigmoid' }],
    ['Dense', { units: 10, activation }],
  ],
});

export const kerasTrainings: readonly KerasTraining[] = [
  ...(Object.keys(inKeras) as OptimizerName[]).flatMap((optimizer) =>
    [
      { name: 'MLP', net: mlp },
      { name: 'CNN', net: withoutDropout(cnn) },
    ].map((net) => ({ ...net, optimizer, loss: 'categorical_crossentropy' })),
  ),
  ...(['sgd', 'adam'] as const).map((optimizer) => ({
    ...{ name: 'batch normalization and separable convolutions', net: normalized, optimizer },
    loss: 'categorical_crossentropy',
  })),
  { name: 'global maximum', net: greatest, optimizer: 'momentum', loss: 'categorical_crossentropy' },
  ...[
    ...[
      'mean_squared_error',
      'mean_absolute_error',
      'mean_squared_logarithmic_error',
      'binary_crossentropy',
      'poisson',
    ],
    ...['kl_divergence', 'categorical_hinge', 'cosine_similarity'],
  ].map((loss) => ({ name: 'small', net: small('sigmoid'), optimizer: 'sgd' as const, loss })),
  ...['hinge', 'squared_hinge', 'log_cosh'].map((loss) => ({
    ...{ name: 'small', net: small('tanh'), optimizer: 'sgd' as const, loss },
    signs: true,
  })),
];
