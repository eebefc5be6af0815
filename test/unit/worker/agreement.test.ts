import * as tfjs from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import type { TensorFlow } from '../../../src/worker/tensorflow.ts';
import { expectAgreement } from './agreeing.ts';
import { prepareBackends } from './kernels/backends.ts';
import { nameOf, train, trainings } from './trainings.ts';

const tf: TensorFlow = { ...tfjs, ...layers };
const backends = prepareBackends();

// Native TensorFlow, which must be installed first, is held to the same trainings in test/interop.
describe('wasm trains as cpu does', () => {
  test.each(trainings.map((training) => [nameOf(training), training] as const))('%s', async (_, training) => {
    const expected = await backends.on('cpu', () => train(tf, training));
    const found = await backends.on('wasm', () => train(tf, training));
    expectAgreement(found, expected);
  });

  test('in as many combinations as are asked for, each once', () => {
    expect(new Set(trainings.map(nameOf)).size).toBe(trainings.length);
    expect(trainings.length).toBeGreaterThanOrEqual(60);
  });
});
