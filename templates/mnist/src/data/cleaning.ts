// Stage "clean": drops pictures that can teach nothing, or would flatter the model: empty ones, second copies, and copies of
// what it will be tested on. The test split itself is never touched: it is the yardstick.
import { mkdirSync, writeFileSync } from 'node:fs';
import { formatCsv } from './csv.ts';
import { readIdx, writeIdx } from './idx.ts';

const OUT = 'data/interim/clean';
/** A drawn digit covers far more than this many pixels. */
const LEAST_INK = 10;

const train = readIdx('data/raw/train_images.gz');
const test = readIdx('data/raw/test_images.gz');
const [count, rows, columns] = train.shape;
const pixels = rows * columns;
const picture = (data: Uint8Array, i: number) => data.subarray(i * pixels, (i + 1) * pixels);
/** Equal for equal pictures only. */
const keyOf = (data: Uint8Array) => Buffer.from(data).toString('latin1');

const inTest = new Set(Array.from({ length: test.shape[0] }, (_, i) => keyOf(picture(test.data, i))));
const seen = new Set<string>();
const kept: number[] = [];
const dropped: [number, string][] = [];
for (let i = 0; i < count; i += 1) {
  const digit = picture(train.data, i);
  const key = keyOf(digit);
  if (digit.filter((pixel) => pixel > 127).length < LEAST_INK) dropped.push([i, 'empty']);
  else if (inTest.has(key)) dropped.push([i, 'also in the test split']);
  else if (seen.has(key)) dropped.push([i, 'second copy']);
  else kept.push(i);
  seen.add(key);
}

const data = new Uint8Array(kept.length * pixels);
kept.forEach((from, to) => data.set(picture(train.data, from), to * pixels));
mkdirSync(OUT, { recursive: true });
writeIdx(`${OUT}/train_images.gz`, { shape: [kept.length, rows, columns], data });
writeIdx(`${OUT}/test_images.gz`, test);
// Which records of data/raw are gone, so that the labels can follow.
writeFileSync(`${OUT}/dropped.csv`, formatCsv(['record', 'reason'], dropped));
console.log(`${kept.length} of ${count} training pictures stay, ${dropped.length} are dropped (${OUT}/dropped.csv).`);
