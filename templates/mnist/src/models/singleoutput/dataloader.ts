// Gives one split of data/processed/ to the training: the pixels in a row, and the digit itself as the number to hit.
import { join } from 'node:path';
import { readIdx, RECORD } from '../../data/idx.ts';
import { preprocess } from './preprocessing.ts';

export async function load(split: mlops.Split, config: mlops.Config): Promise<mlops.Data> {
  const { data } = readIdx(join(config.data.dataset_path, `${split}.idx`));
  const labels = data.filter((_, i) => i % RECORD === 0);
  const pixels = data.filter((_, i) => i % RECORD !== 0);
  return { xs: preprocess(pixels, config), ys: Float32Array.from(labels), shape: [28 * 28] };
}
