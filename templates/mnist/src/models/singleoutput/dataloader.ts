// Gives one split of data/processed/ to the training: the pixels in a row, and the digit itself as the number to hit.
import { join } from 'node:path';
import { splitRecords } from '../../data/idx.ts';
import { preprocess } from './preprocessing.ts';

export async function load(split: mlops.Split, config: mlops.Config, read: mlops.Readers): Promise<mlops.Data> {
  const { values } = await read.idx(join(config.data.dataset_path, `${split}.idx`));
  const { labels, pixels } = splitRecords(values);
  return { xs: preprocess(pixels, config), ys: Float32Array.from(labels), shape: [28 * 28] };
}
