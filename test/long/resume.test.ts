import { describe, test } from 'vitest';
import { useGround } from '../unit/node/training/ground.ts';
import {
  augmentation,
  checkKilled,
  everything,
  streaming,
  twoFits,
  type Files,
  type Model,
} from '../unit/node/training/resuming.ts';

const ground = useGround('long-resume');

/** Long enough to be killed so often. */
const num_epochs = 150;
const long = { ...everything, early_stopping: null, num_epochs };

describe.skipIf(process.platform !== 'linux')(
  'killed at twenty moments and resumed, a training gives the very same',
  () => {
    test.each<[model: Model, training: object, files?: Files]>([
      ['mlp', { backend: 'wasm', optimizer: 'adam', num_epochs }],
      ['mlp', { backend: 'cpu', optimizer: 'adamax', learning_rate_schedule: { type: 'cosine' }, num_epochs }],
      ['cnn', { backend: 'wasm', optimizer: 'adadelta', ...long }],
      ['cnn', { backend: 'cpu', optimizer: 'adamw', ...long, num_epochs: 40 }],
      ['mlp', { backend: 'wasm', optimizer: 'adagrad', num_epochs: 60 }, { code: twoFits }],
      ['cnn', { backend: 'wasm', augmentation, ...long }],
      ['mlp', { backend: 'wasm', augmentation, ...long }, { loader: streaming }],
      ['lstm', { backend: 'wasm', optimizer: 'momentum', num_epochs: 60 }],
      ['stateful', { backend: 'wasm', optimizer: 'rmsprop', ...long, class_weights: null }],
    ])('%s %j', (model, training, files = {}) => checkKilled(ground.current, { model, training, kills: 20, files }));
  },
);
