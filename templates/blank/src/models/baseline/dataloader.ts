// Gives one split of data/processed/ to the training: all columns but the last are inputs, the last is the target. A value that is
// missing or no number is an error with its place: what to do about it is decided where data/processed/ is made.
import { join } from 'node:path';
import { preprocess } from './preprocessing.ts';

export async function load(split: mlops.Split, config: mlops.Config, read: mlops.Readers): Promise<mlops.Data> {
  const file = join(config.data.dataset_path, `${split}.csv`);
  const { xs, ys, shape, inputs } = await read.csv(file);
  const width = config.model.num_inputs;
  if (inputs.length !== width)
    throw new Error(
      `${file} has the inputs ${inputs.join(', ')} and a target; ${width} inputs (num_inputs in the configuration) are expected.`,
    );
  return { xs: preprocess(xs, config), ys, shape };
}
