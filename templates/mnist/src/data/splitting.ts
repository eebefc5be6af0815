// Stage "split": sets part of the training digits aside for validation, the same share of every class. On these the models
// are compared while they are made; the test split is left for the end.
import { readIdx, RECORD, writeIdx } from './idx.ts';
import { stratifiedSplit } from './sampling.ts';

const LABELED = 'data/interim/labeled';
const OUT = 'data/interim/split';
const VALIDATION_SHARE = 0.1;
const SEED = 42;

const { data } = readIdx(`${LABELED}/train.gz`);
const labels = data.filter((_, i) => i % RECORD === 0);
const { kept, taken } = stratifiedSplit(labels, VALIDATION_SHARE, SEED);

write('train', kept);
write('validation', taken);
writeIdx(`${OUT}/test.gz`, readIdx(`${LABELED}/test.gz`));
console.log(`${kept.length} digits to learn from, ${taken.length} to validate with.`);

function write(split: string, records: number[]): void {
  const chosen = new Uint8Array(records.length * RECORD);
  records.forEach((record, i) => chosen.set(data.subarray(record * RECORD, (record + 1) * RECORD), i * RECORD));
  writeIdx(`${OUT}/${split}.gz`, { shape: [records.length, RECORD], data: chosen });
}
