// A convolutional network: small filters find strokes, then corners and bows made of strokes; a last layer weighs what was
// found and gives a probability for each of the ten digits.

export function createModel(tf: mlops.TensorFlow, config: mlops.Config): mlops.LayersModel {
  const { filters, kernel_size, dropout_rate, activation_function } = config.model;
  const model = tf.sequential();
  filters.forEach((count: number, layer: number) => {
    model.add(
      tf.layers.conv2d({
        filters: count,
        kernelSize: kernel_size,
        activation: activation_function,
        ...(layer === 0 ? { inputShape: [28, 28, 1] } : {}),
      }),
    );
    model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  });
  model.add(tf.layers.flatten());
  // A part of what was found is hidden at random in training, so that no single stroke decides. (No seed here: TensorFlow.js would
  // then hide the same part in every step; the run's seed makes it repeatable all the same.)
  model.add(tf.layers.dropout({ rate: dropout_rate }));
  model.add(tf.layers.dense({ units: 10, activation: 'softmax' }));
  return model;
}
