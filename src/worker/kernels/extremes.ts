import type { Tensor, TensorFlow } from '../tensorflow.ts';

/** The kernels, and what each calls the axes that it is taken over. */
const extremes = { Max: 'reductionIndices', Min: 'axis' } as const;

/**
 * Where several numbers are the greatest, TensorFlow.js gives each of them the whole gradient: behind a global pooling the weights of a sequence
 * that ends in equal words, as padding is, would move as many times too far. Here they share it evenly, as in TensorFlow, on every backend. A
 * second call changes nothing.
 */
export function mendExtremes(tf: TensorFlow): void {
  for (const [kernelName, axes] of Object.entries(extremes)) {
    if ((tf.getGradient(kernelName) as unknown) !== undefined) tf.unregisterGradient(kernelName);
    tf.registerGradient({
      kernelName,
      inputsToSave: ['x'],
      outputsToSave: [true],
      gradFunc: (dy, saved, attrs) => ({
        x: () => shareAmongEquals(tf, dy as Tensor, saved, attrs[axes] as number | number[]),
      }),
    });
  }
}

function shareAmongEquals(tf: TensorFlow, dy: Tensor, saved: readonly Tensor[], given: number | number[]): Tensor {
  const [x, y] = saved as [Tensor, Tensor];
  const axes = tf.util.parseAxisParam(given, x.shape);
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const isExtreme = tf.cast(tf.equal(x, tf.reshape(y, kept)), dy.dtype);
  return tf.mul(isExtreme, tf.div(tf.reshape(dy, kept), tf.sum(isExtreme, axes, true)));
}
