// Stage "validate": looks at the raw files before anything is built on them. What it finds wrong is a sentence, and the
// pipeline stops; otherwise data/interim/validation.json says what is in them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { readIdx } from './idx.ts';

const REPORT = 'data/interim/validation.json';
const SIDE = 28;
const CLASSES = 10;
/** A class with fewer than this share of the digits could hardly be learned, nor be measured. */
const RAREST = 0.05;

const problems: string[] = [];
const report = { train: describe('train'), test: describe('test') };

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
mkdirSync('data/interim', { recursive: true });
writeFileSync(REPORT, `${JSON.stringify(report, null, 2)}\n`);
console.log(
  `${report.train.digits} digits to learn from and ${report.test.digits} to test with look sound (${REPORT}).`,
);

function describe(split: 'train' | 'test') {
  const images = readIdx(`data/raw/${split}_images.gz`);
  const labels = readIdx(`data/raw/${split}_labels.gz`).data;
  const [digits, rows, columns] = images.shape;
  check(
    images.shape.length === 3 && rows === SIDE && columns === SIDE,
    `the pictures are ${images.shape.slice(1).join(' × ')} pixels instead of 28 × 28.`,
  );
  check(labels.length === digits, `${digits} pictures, but ${labels.length} labels.`);

  const perClass = Array.from({ length: CLASSES }, () => 0);
  for (const label of labels) {
    if (label < CLASSES) perClass[label] += 1;
    else check(false, `a label is ${label}; they go from 0 to 9.`);
  }
  perClass.forEach((count, label) =>
    check(
      count >= RAREST * digits,
      `only ${count} of ${digits} digits are a ${label}; each class needs ${RAREST * 100} %.`,
    ),
  );

  let [lightest, darkest, sum] = [255, 0, 0];
  for (const pixel of images.data) {
    if (pixel < lightest) lightest = pixel;
    if (pixel > darkest) darkest = pixel;
    sum += pixel;
  }
  check(
    lightest === 0 && darkest === 255,
    `the pixels go from ${lightest} to ${darkest}; they should use 0 (paper) to 255 (ink).`,
  );
  return { digits, perClass, meanPixel: Number((sum / images.data.length).toFixed(3)) };

  function check(holds: boolean, sentence: string): void {
    const problem = `data/raw, ${split}: ${sentence}`;
    if (!holds && !problems.includes(problem)) problems.push(problem);
  }
}
