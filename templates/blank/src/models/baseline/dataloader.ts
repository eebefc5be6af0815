// Gives one split of data/processed/ to the training: all columns but the last are inputs, the last is the target.
import { join } from 'node:path';
import { readTable } from '../../data/csv.ts';
import { preprocess } from './preprocessing.ts';

export async function load(split: mlops.Split, config: mlops.Config): Promise<mlops.Data> {
  const file = join(config.data.dataset_path, `${split}.csv`);
  const { columns, rows } = readTable(file);
  const width = config.model.num_inputs;
  if (columns.length !== width + 1)
    throw new Error(
      `${file} has the columns ${columns.join(', ')}; ${width} inputs (num_inputs in the configuration) and a target are expected.`,
    );
  const examples = rows.map(({ line, fields }) =>
    fields.map((field, column) => toNumber(field, `${file}:${line}, ${columns[column]}`)),
  );
  const xs = Float32Array.from(examples.flatMap((numbers) => numbers.slice(0, width)));
  return { xs: preprocess(xs, config), ys: Float32Array.from(examples, (numbers) => numbers[width]), shape: [width] };
}

/** A value that is missing must not become a 0, which is a value too: what to do about it is decided before the training. */
function toNumber(field: string, place: string): number {
  const value = field.trim() === '' ? NaN : Number(field);
  if (!Number.isFinite(value))
    throw new Error(`${place}: "${field}" is no number. Fill it in, or drop the row, where data/processed/ is made.`);
  return value;
}
