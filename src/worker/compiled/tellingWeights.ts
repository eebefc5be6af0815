import type { LayersModel, TensorFlow, Variable } from '../tensorflow.ts';

/**
 * Gives weights whose numbers are all the same, as zeros of a last layer, others for a while: with them no answer depends on what is before, and
 * a mistake there would show only after they were trained. Call what it returns to have the model as it was.
 */
export function fillConstantWeights(tf: TensorFlow, model: LayersModel): () => void {
  const kept: (readonly [variable: Variable, values: Float32Array])[] = [];
  for (const weight of model.weights as unknown as readonly { read(): Variable }[]) {
    const variable = weight.read();
    const found = variable.dataSync();
    if (found.some((value) => value !== found[0])) continue;
    const values = Float32Array.from(found);
    kept.push([variable, values]);
    assign(tf, variable, makeUp(variable.shape, values));
  }
  return () => kept.forEach(([variable, values]) => assign(tf, variable, values));
}

/** Products get numbers of both signs that keep the answers' size; what is added or multiplied stays near what it is, and positive if it was. */
function makeUp(shape: readonly number[], values: Float32Array): Float32Array {
  const { length } = values;
  const inputs = length / (shape.at(-1) ?? 1);
  return values.map((value, index) => {
    const number = ((index * 7919 + 13) % 997) / 997;
    return shape.length < 2 ? value + number / 5 : (2 * number - 1) / Math.sqrt(inputs);
  });
}

function assign(tf: TensorFlow, variable: Variable, values: Float32Array): void {
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
}
