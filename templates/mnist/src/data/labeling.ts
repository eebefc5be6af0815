// Stage "label": joins each clean picture with what people said it shows. One record is one digit: its label, then its pixels.
import { readCsv } from './csv.ts';
import { readIdx, RECORD, writeIdx } from './idx.ts';

const CLEAN = 'data/interim/clean';
const OUT = 'data/interim/labeled';

const dropped = new Set(readCsv(`${CLEAN}/dropped.csv`).map(({ record }) => Number(record)));
join(
  'train',
  readIdx('data/raw/train_labels.gz').data.filter((_, record) => !dropped.has(record)),
);
join('test', readIdx('data/raw/test_labels.gz').data);

function join(split: string, labels: Uint8Array): void {
  const images = readIdx(`${CLEAN}/${split}_images.gz`);
  if (images.shape[0] !== labels.length)
    throw new Error(`${split}: ${labels.length} labels for ${images.shape[0]} pictures.`);
  const data = new Uint8Array(labels.length * RECORD);
  labels.forEach((label, i) => {
    data[i * RECORD] = label;
    data.set(images.data.subarray(i * (RECORD - 1), (i + 1) * (RECORD - 1)), i * RECORD + 1);
  });
  writeIdx(`${OUT}/${split}.gz`, { shape: [labels.length, RECORD], data });
  console.log(`${split}: ${labels.length} digits with their labels.`);
}
