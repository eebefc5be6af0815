// Gives one split of data/processed/ to the training: pictures of one grey channel, and for each digit ten targets, a one in
// the place of the right one.
import { join } from 'node:path';
import { splitRecords } from '../../data/idx.ts';
import { preprocess } from './preprocessing.ts';

export async function load(split: mlops.Split, config: mlops.Config, read: mlops.Readers): Promise<mlops.Data> {
  const { values } = await read.idx(join(config.data.dataset_path, `${split}.idx`));
  const { labels, pixels } = splitRecords(values);
  return { xs: preprocess(pixels, config), ys: read.oneHot(labels, 10), shape: [28, 28, 1] };
}
