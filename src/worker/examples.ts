import { createHash } from 'node:crypto';
import { toPixels, type Numbers, type Pixels } from '../core/classification/classification.ts';
import { toWireNumber, type ExamplesTask, type FromWorker } from '../protocol/training.ts';
import { isHeld, loadSplit, type Examples } from './data.ts';
import { createReaders } from './readers/readers.ts';
import { resize } from './readers/resize.ts';
import { labelsOf } from './scores.ts';
import { loadUserModule } from './userCode.ts';

/** Pixels of the longer edge: enough to see what it is, and a message holds it. */
const MOST_PIXELS = 112;
/** Numbers that are told of an example that is no picture. */
const MOST_VALUES = 64;
/** Of a stream as many examples are read as are asked for, and these at least: their labels say whether it is the same split. */
const LEAST_LABELS = 256;

/** Looks some examples of a split up, by the project's own dataloader. No TensorFlow is needed. Returns the last message. */
export async function readExamples(task: ExamplesTask, send: (message: FromWorker) => void): Promise<FromWorker> {
  const { projectRoot, model, config, split, numbers } = task;
  const read = createReaders({ projectRoot, check: () => undefined });
  const loader = await loadUserModule(projectRoot, `src/models/${model}/dataloader.ts`);
  const { examples } = await loadSplit(loader, split, config, read);
  const known = numbers.filter((number) => number < examples.count);
  const { values, labels } = await lookUp(examples, known);
  const found = known.map((number) => values.get(number) ?? []);
  const pictures = toPixels(found, examples.shape);
  known.forEach((number, i) => {
    const picture = pictures?.[i];
    send({
      type: 'example',
      number,
      picture: picture === undefined ? null : toWirePicture(picture),
      values:
        picture === undefined
          ? Array.from(found[i] ?? [])
              .slice(0, MOST_VALUES)
              .map(toWireNumber)
          : [],
    });
  });
  return { type: 'examplesRead', count: examples.count, labelled: labels.length, digest: digestOf(labels) };
}

interface Found {
  readonly values: ReadonlyMap<number, Numbers>;
  /** Of the split's beginning. */
  readonly labels: readonly number[];
}

async function lookUp(examples: Examples, numbers: readonly number[]): Promise<Found> {
  const { size, width } = examples;
  const values = new Map<number, Numbers>();
  const labels: number[] = [];
  const take = (xs: Float32Array | Uint8Array, scale: number, ys: Float32Array): void => {
    const first = labels.length;
    for (const label of labelsOf(ys, width)) labels.push(label);
    for (const number of numbers)
      if (number >= first && number < labels.length) {
        const row = xs.subarray((number - first) * size, (number - first + 1) * size);
        values.set(number, scale === 1 ? row : Float32Array.from(row, (value) => value * scale));
      }
  };
  if (isHeld(examples)) {
    take(examples.xs, examples.scale, examples.ys);
    return { values, labels };
  }
  const enough = Math.max(LEAST_LABELS, ...numbers.map((number) => number + 1));
  const pieces = examples.pieces({ epoch: 0, random: Math.random });
  for await (const { xs, ys, scale } of { [Symbol.asyncIterator]: () => pieces }) {
    take(xs, scale, ys);
    if (labels.length >= enough) break;
  }
  return { values, labels };
}

/** As `predictions.csv` has them, one a line. */
function digestOf(labels: readonly number[]): string {
  return createHash('sha256')
    .update(labels.map((label) => String(Number(label.toPrecision(8)))).join('\n'))
    .digest('hex');
}

function toWirePicture(picture: Pixels): Extract<FromWorker, { type: 'example' }>['picture'] {
  const { width, height, channels } = picture;
  const scale = Math.min(1, MOST_PIXELS / Math.max(width, height));
  const size = [height, width].map((length) => Math.max(1, Math.round(length * scale))) as [number, number];
  const small = resize(picture, size, channels);
  return {
    width: small.width,
    height: small.height,
    channels,
    pixels: Buffer.from(small.pixels).toString('base64'),
  };
}
