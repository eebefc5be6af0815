// Stage "features": the tables that the models read, data/processed/<split>.csv: a row is a digit, its label first, then its
// 784 pixels by row and column. The same bytes stand beside them as <split>.idx, which is read many times faster.
import { mkdirSync, writeFileSync } from 'node:fs';
import { readIdx, RECORD, writeIdx } from './idx.ts';

const SPLIT = 'data/interim/split';
const OUT = 'data/processed';

const header = ['label', ...Array.from({ length: RECORD - 1 }, (_, i) => `pixel_${Math.floor(i / 28)}_${i % 28}`)];

mkdirSync(OUT, { recursive: true });
for (const split of ['train', 'validation', 'test']) {
  const records = readIdx(`${SPLIT}/${split}.gz`);
  const lines = [header.join(',')];
  for (let i = 0; i < records.data.length; i += RECORD) lines.push(records.data.subarray(i, i + RECORD).join(','));
  writeFileSync(`${OUT}/${split}.csv`, `${lines.join('\n')}\n`);
  writeIdx(`${OUT}/${split}.idx`, records);
  console.log(`${OUT}/${split}.csv: ${records.shape[0]} rows.`);
}
