// Gives one split of data/processed/ to the training: all columns but the last are inputs, the last is the target.
import { join } from 'node:path';
import { readCsv } from '../../data/csv.ts';
import { preprocess } from './preprocessing.ts';

export async function load(split: mlops.Split, config: mlops.Config): Promise<mlops.Data> {
  const file = join(config.data.dataset_path, `${split}.csv`);
  const rows = readCsv(file).map((row) => Object.values(row).map(Number));
  const width = config.model.num_inputs;
  rows.forEach((row, i) => {
    if (row.length !== width + 1 || row.some(Number.isNaN))
      throw new Error(
        `${file}, row ${i + 1}: ${width} numbers and a target are expected (num_inputs in the configuration).`,
      );
  });
  const xs = Float32Array.from(rows.flatMap((row) => row.slice(0, width)));
  return { xs: preprocess(xs, config), ys: Float32Array.from(rows, (row) => row[width]), shape: [width] };
}
