import { beforeAll, expect, test } from 'vitest';
import { compileSteps } from '../../../../src/worker/compiled/steps.ts';
import type { LayersModel, Tensor } from '../../../../src/worker/tensorflow.ts';
import { prepareBackends } from '../kernels/backends.ts';
import { batchOf, compilingPlaces, tf } from './compiling.ts';

const backends = prepareBackends();
const { layers, metrics } = tf;

beforeAll(() => backends.on('cpu', () => undefined));

const functions = {
  mse: metrics.meanSquaredError,
  mae: metrics.meanAbsoluteError,
  mape: metrics.meanAbsolutePercentageError,
  binaryAccuracy: metrics.binaryAccuracy,
  binaryCrossentropy: metrics.binaryCrossentropy,
  categoricalAccuracy: metrics.categoricalAccuracy,
  categoricalCrossentropy: metrics.categoricalCrossentropy,
  precision: metrics.precision,
  recall: metrics.recall,
  cosine: metrics.cosineProximity,
  own: (truth: Tensor, output: Tensor): Tensor => tf.max(tf.mul(truth, output), -1),
} satisfies Record<string, (truth: Tensor, output: Tensor) => Tensor>;

test.each([
  ['of one row', [4], 'categoricalCrossentropy', 'softmax'],
  ['of rows', [2, 4], 'binaryCrossentropy', 'sigmoid'],
] as const)(
  'metrics are those of the answers, %s, whoever computes them and whatever the examples weigh',
  async (_, shape, loss, activation) => {
    const model: LayersModel = tf.sequential({
      layers: [layers.dense({ inputShape: [...shape], units: 3, activation })],
    });
    model.compile({ optimizer: 'sgd', loss, metrics: ['accuracy', 'crossentropy'] });
    const measured = [...model.metricsTensors.map(([metric]) => metric), ...Object.values(functions)];
    const count = 5;
    const rows = shape.length === 1 ? 1 : shape[0];
    const size = rows * 4;
    const given = { training: { threads: 2, gradient_clipping: null }, metrics: measured, weightDecay: null };
    const options = { ...given, keepsOutputs: false, capacity: 8, targetWidth: rows * 3, seed: 1, fit: 1 };
    const steps = await compileSteps(tf, model, { ...options, ...(await compilingPlaces()) });
    if ('reason' in steps) throw new Error(steps.reason);
    const { xs } = batchOf(count, size, 3);
    const { ys } = batchOf(count * rows, 4, 3);
    const expected = tf.tidy(() => {
      const output = model.predict(tf.tensor(xs, [count, ...shape])) as Tensor;
      const truth = tf.tensor(ys, output.shape);
      return measured.map((metric) => tf.mean(metric(truth, output)).dataSync()[0]!);
    });
    const weights = Float32Array.from({ length: count }, (__, index) => 0.5 + index);
    const batch = { xs, ys, count, number: 0, weights };
    for (const found of [await steps.evaluate(batch), await steps.train(batch)]) {
      const [, ...values] = found.values;
      expect(values).toHaveLength(expected.length);
      values.forEach((value, index) =>
        expect(Math.abs(value - expected[index]!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected[index]!))),
      );
    }
    await steps.dispose();
  },
);
