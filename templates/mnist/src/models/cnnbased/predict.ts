// Reads digits in pictures from outside: crop, invert, resize, scale, then the model.
import { prepareImage, preprocess } from './preprocessing.ts';

const labels = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

export async function predict(
  { tf, config, model }: mlops.PredictContext,
  images: readonly mlops.Image[],
): Promise<mlops.Prediction[]> {
  const inputs = images.flatMap(({ pixels, width, height }) => [
    ...preprocess(prepareImage(pixels, width, height), config),
  ]);
  const output = tf.tidy(() => model.predict(tf.tensor(inputs, [images.length, 28, 28, 1])));
  const rows = (await output.array()) as number[][];
  output.dispose();
  return images.map(({ name }, i) => ({
    name,
    label: labels[rows[i].indexOf(Math.max(...rows[i]))],
    probabilities: rows[i],
    labels,
  }));
}
