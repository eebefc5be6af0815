// Gives one split of data/processed/ to the training: pictures of one grey channel, and for each digit ten targets, a one in
// the place of the right one.
import { join } from 'node:path';
import { readIdx, RECORD } from '../../data/idx.ts';
import { preprocess } from './preprocessing.ts';

const CLASSES = 10;

export async function load(split: mlops.Split, config: mlops.Config): Promise<mlops.Data> {
  const { data } = readIdx(join(config.data.dataset_path, `${split}.idx`));
  const labels = data.filter((_, i) => i % RECORD === 0);
  const pixels = data.filter((_, i) => i % RECORD !== 0);
  const ys = new Float32Array(labels.length * CLASSES);
  labels.forEach((label, i) => {
    ys[i * CLASSES + label] = 1;
  });
  return { xs: preprocess(pixels, config), ys, shape: [28, 28, 1] };
}
