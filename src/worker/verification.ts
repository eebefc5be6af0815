import type { TensorFlow } from './tensorflow.ts';

/**
 * Trains a small network for one step: a convolution, pooling and a dense layer forwards and backwards, and an optimizer. Throws
 * when the loss is no number, or when the step changed nothing.
 */
export async function trainOneStep(tf: TensorFlow): Promise<void> {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [6, 6, 1], filters: 2, kernelSize: 3, activation: 'relu' }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
  const xs = tf.ones([4, 6, 6, 1]);
  const ys = tf.oneHot(tf.tensor1d([0, 1, 0, 0], 'int32'), 2);
  const before = await biasOf(model);
  const loss = Number(await model.trainOnBatch(xs, ys));
  const after = await biasOf(model);
  tf.dispose([xs, ys]);
  model.dispose();
  if (!Number.isFinite(loss)) throw new Error('A step of training gave a loss that is no number.');
  if (before.join() === after.join()) throw new Error('A step of training changed no weight.');
}

async function biasOf(model: ReturnType<TensorFlow['sequential']>): Promise<readonly number[]> {
  return [...((await model.getWeights().at(-1)?.data()) ?? [])];
}
