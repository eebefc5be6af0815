import { isStepMetric, type StepMetric } from '../../core/compiled/compiled.ts';
import type { TensorMetric } from '../models.ts';
import type { TensorFlow } from '../tensorflow.ts';

const known = new WeakMap<object, ReadonlyMap<TensorMetric, StepMetric>>();

/** The name of a metric that a step computes itself; undefined for any other function, whatever its name is. */
export function recognizeMetric(tf: TensorFlow, metric: TensorMetric): StepMetric | undefined {
  const found = known.get(tf.layers) ?? listMetrics(tf);
  known.set(tf.layers, found);
  return found.get(metric);
}

/** What the packages make of `accuracy` and `crossentropy`, by the loss of the model. */
const generalNames = {
  binaryCrossentropy: ['binaryAccuracy', 'binaryCrossentropy'],
  categoricalCrossentropy: ['categoricalAccuracy', 'categoricalCrossentropy'],
  sparseCategoricalCrossentropy: ['sparseCategoricalAccuracy', undefined],
} as const;

/** The packages' functions: those that everybody gets, and those within that a model is compiled with. */
function listMetrics(tf: TensorFlow): ReadonlyMap<TensorMetric, StepMetric> {
  const found = new Map<TensorMetric, StepMetric>();
  for (const [name, metric] of Object.entries(tf.metrics)) if (isStepMetric(name)) found.set(metric, name);
  // Without weights, so that nothing is drawn at random.
  const layer = tf.layers.activation({ activation: 'linear', inputShape: [2], name: 'metrics_activation' });
  const model = tf.sequential({ name: 'metrics', layers: [layer] });
  for (const [loss, names] of Object.entries(generalNames)) {
    model.compile({ optimizer: tf.train.sgd(1), loss, metrics: ['accuracy', 'crossentropy'] });
    names.forEach((name, index) => {
      const [metric] = model.metricsTensors[index] ?? [];
      if (name !== undefined && metric !== undefined) found.set(metric, name);
    });
  }
  model.dispose();
  return found;
}
