// A small dense network: columns of a table in, one number out. The first model to beat.

export function createModel(tf: mlops.TensorFlow, config: mlops.Config): mlops.LayersModel {
  const { num_inputs, num_layers, num_units, activation_function } = config.model;
  const model = tf.sequential();
  // Columns come in different units and ranges: this brings them to one scale.
  model.add(tf.layers.batchNormalization({ inputShape: [num_inputs] }));
  for (let layer = 0; layer < num_layers; layer += 1)
    model.add(tf.layers.dense({ units: num_units, activation: activation_function }));
  model.add(tf.layers.dense({ units: 1 }));
  return model;
}
