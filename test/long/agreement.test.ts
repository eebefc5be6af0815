import { beforeAll, describe, test } from 'vitest';
import { expectAgreement } from '../unit/worker/agreeing.ts';
import { compileSteps, type CompilingPlaces } from '../../src/worker/compiled/steps.ts';
import { compilingPlaces, tf } from '../unit/worker/compiled/compiling.ts';
import { prepareBackends } from '../unit/worker/kernels/backends.ts';
import {
  furtherTrainings,
  nameOf,
  train,
  trainings,
  type Trained,
  type TrainingPlan,
} from '../unit/worker/trainings.ts';

// Every training of the agreement suite that is compiled, over more steps and on each number of threads.

const backends = prepareBackends();
const counts = Array.from({ length: 32 }, (_, step) => [8, 8, 5, 8, 1, 8][step % 6] ?? 8);
const compiled = [...trainings, ...furtherTrainings].filter(({ net }) => net !== 'lstm' && net !== 'gru');
let places: CompilingPlaces;

beforeAll(async () => {
  places = await compilingPlaces();
});

function compiledWith(threads: number): TrainingPlan {
  return {
    counts,
    async createSteps(model, options) {
      const training = { ...options.training, threads };
      const facts = { training, capacity: options.training.batch_size, seed: 1, fit: 1 };
      const steps = await compileSteps(tf, model, { ...options, ...facts, ...places });
      if ('reason' in steps) throw new Error(steps.reason);
      return steps;
    },
  };
}

describe.each(compiled.map((training) => [nameOf(training), training] as const))('%s', (_, training) => {
  let expected: Trained;
  beforeAll(async () => {
    expected = await backends.on('cpu', () => train(tf, training, { counts }));
  });
  test.each([1, 2, 3, 4])('on %d threads', async (threads) => {
    expectAgreement(await backends.on('cpu', () => train(tf, training, compiledWith(threads))), expected);
  });
});
