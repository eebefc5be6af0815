import { beforeAll, test } from 'vitest';
import { expectGradientsOfNets } from '../unit/worker/compiled/anyNet.ts';
import { prepareBackends } from '../unit/worker/kernels/backends.ts';

const backends = prepareBackends();

beforeAll(() => backends.on('cpu', () => undefined));

test.each([2, 3, 4, 5, 6])(
  'three hundred compiled nets at random have the gradient that the differences of their losses say, %d',
  (seed) => expectGradientsOfNets(seed, 300),
);
