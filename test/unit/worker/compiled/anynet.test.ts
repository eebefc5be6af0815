import { beforeAll, test } from 'vitest';
import { prepareBackends } from '../kernels/backends.ts';
import { expectGradientsOfNets } from './anyNet.ts';

const backends = prepareBackends();

beforeAll(() => backends.on('cpu', () => undefined));

// Many more: test/long/gradients.test.ts.
test('nets at random have the gradient that the differences of their losses say, on any number of threads', () =>
  expectGradientsOfNets(1, 40));
