import * as tfjs from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileSteps, type CompilingPlaces } from '../../../../src/worker/compiled/steps.ts';
import type { TensorFlow } from '../../../../src/worker/tensorflow.ts';
import { expectAgreement } from '../agreeing.ts';
import { prepareBackends } from '../kernels/backends.ts';
import { furtherTrainings, nameOf, train, trainings as ofAllBackends, type TrainingPlan } from '../trainings.ts';
import { compilingPlaces } from './compiling.ts';

const tf: TensorFlow = { ...tfjs, ...layers };
const backends = prepareBackends();
const counts = [8, 8, 5, 8, 1, 8];
let places: CompilingPlaces;

beforeAll(async () => {
  places = await compilingPlaces();
});

class NotCompiled extends Error {}

function compiledWith(threads: number): TrainingPlan {
  return {
    counts,
    async createSteps(model, options) {
      const steps = await compileSteps(tf, model, {
        ...options,
        training: { ...options.training, threads },
        capacity: options.training.batch_size,
        ...{ seed: 1, fit: 1, ...places },
      });
      if ('reason' in steps) throw new NotCompiled(steps.reason);
      return steps;
    },
  };
}

/** Steps that stay as they are, and why. */
const refused: readonly (readonly [net: RegExp, reason: RegExp])[] = [
  [/^(lstm|gru),/, /^layer "\w+": layers of the class \w+ are not known$/],
];

const trainings = [...ofAllBackends, ...furtherTrainings];
const reasonFor = (name: string): RegExp | undefined => refused.find(([pattern]) => pattern.test(name))?.[1];
const named = trainings.map((training) => [nameOf(training), training] as const);

describe('compiled steps train as operations on cpu do', () => {
  test.each(named.filter(([name]) => reasonFor(name) === undefined))('%s', async (_, training) => {
    const expected = await backends.on('cpu', () => train(tf, training, { counts }));
    // Gradients are compared for each number of threads (steps.test.ts); each case with each of them: test/long/agreement.test.ts.
    const threads = (trainings.indexOf(training) % 4) + 1;
    const found = await backends.on('cpu', () => train(tf, training, compiledWith(threads)));
    expectAgreement(found, expected);
  });
});

test.each(named.filter(([name]) => reasonFor(name) !== undefined))('%s is not compiled', async (name, training) => {
  const trained = backends.on('cpu', () => train(tf, training, compiledWith(1)));
  await expect(trained).rejects.toThrow(reasonFor(name));
  await expect(trained).rejects.toBeInstanceOf(NotCompiled);
});

test.each(['relu', 'two convolutions', 'batch normalization'] as const)(
  '%s stays together over 32 steps',
  async (net) => {
    const training = { net, optimizer: 'momentum', loss: 'categoricalCrossentropy' } as const;
    const many = Array.from({ length: 32 }, (_, step) => (step % 8 === 7 ? 3 : 8));
    const expected = await backends.on('cpu', () => train(tf, training, { counts: many }));
    const found = await backends.on('cpu', () => train(tf, training, { ...compiledWith(2), counts: many }));
    expectAgreement(found, expected);
  },
);
