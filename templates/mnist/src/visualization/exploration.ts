// Not a stage, but for looking: "mlops exec src/visualization/exploration.ts" draws how many digits of each class there are, and
// a few of each, into reports/exploration/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { readIdx, RECORD } from '../data/idx.ts';
import { colors, move, rect, svg, text } from './svg.ts';

const OUT = 'reports/exploration';
const SPLITS = ['train', 'validation', 'test'];
const CLASSES = 10;
const SHOWN = 12;

mkdirSync(OUT, { recursive: true });
writeFileSync(`${OUT}/classes.svg`, drawCounts());
writeFileSync(`${OUT}/digits.svg`, drawDigits());
console.log(`${OUT}/classes.svg and ${OUT}/digits.svg are drawn.`);

/** For each split a row of bars: are all digits there, and about equally often? */
function drawCounts(): string {
  const [rowHeight, step, barHeight] = [130, 52, 80];
  return svg(
    40 + CLASSES * step,
    SPLITS.length * rowHeight + 20,
    ...SPLITS.map((split, row) => {
      const counts = Array.from({ length: CLASSES }, () => 0);
      for (const label of labelsOf(split)) counts[label] += 1;
      const most = Math.max(...counts);
      const total = counts.reduce((sum, count) => sum + count, 0);
      return move(
        20,
        row * rowHeight + 20,
        text(0, 4, `${split}, ${total} digits`, { 'font-weight': 600 }),
        ...counts.flatMap((count, label) => {
          const height = (count / most) * (barHeight - 30);
          return [
            rect(label * step, barHeight - height, step - 8, height, { fill: colors.data }),
            text(label * step + 22, barHeight - height - 4, count, {
              'text-anchor': 'middle',
              'font-size': 11,
              'fill': colors.dim,
            }),
            text(label * step + 22, barHeight + 16, label, { 'text-anchor': 'middle' }),
          ];
        }),
      );
    }),
  );
}

/** A row of training digits for each class: what does one have to cope with? */
function drawDigits(): string {
  const { data } = readIdx('data/processed/train.idx');
  const labels = labelsOf('train');
  const rows = Array.from({ length: CLASSES }, (_, digit) => {
    const examples = [...labels.keys()].filter((i) => labels[i] === digit).slice(0, SHOWN);
    return examples.map((i, column) =>
      move(40 + column * 60, digit * 60 + 10, ...pixels(data.subarray(i * RECORD + 1, (i + 1) * RECORD))),
    );
  });
  return svg(
    60 + SHOWN * 60,
    20 + CLASSES * 60,
    ...rows.map((_, digit) => text(20, digit * 60 + 40, digit, { 'font-weight': 600, 'text-anchor': 'middle' })),
    ...rows.flat(),
  );
}

/** A digit as squares of two units; paper is left out. */
function pixels(digit: Uint8Array): string[] {
  return [...digit].flatMap((ink, i) =>
    ink < 32 ? [] : [rect((i % 28) * 2, Math.floor(i / 28) * 2, 2, 2, { 'fill-opacity': (ink / 255).toFixed(2) })],
  );
}

function labelsOf(split: string): Uint8Array {
  return readIdx(`data/processed/${split}.idx`).data.filter((_, i) => i % RECORD === 0);
}
