// Reads digits in pictures from outside: crop, invert, resize, scale, then the model, whose number is rounded to a digit.
import { prepareImage, preprocess } from './preprocessing.ts';

const labels = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

export async function predict(
  { tf, config, model }: mlops.PredictContext,
  images: readonly mlops.Image[],
): Promise<mlops.Prediction[]> {
  const inputs = images.flatMap(({ pixels, width, height }) => [
    ...preprocess(prepareImage(pixels, width, height), config),
  ]);
  const output = tf.tidy(() => model.predict(tf.tensor(inputs, [images.length, 28 * 28])));
  const numbers = (await output.data()) as Float32Array;
  output.dispose();
  return images.map(({ name }, i) => ({
    name,
    label: labels[Math.min(Math.max(Math.round(numbers[i]), 0), 9)],
    // One number carries no probabilities.
    probabilities: null,
    labels,
  }));
}
