import { encode } from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import { readBatches } from '../../../../src/worker/batches.ts';
import { checkExamples, orderOf } from '../../../../src/worker/data.ts';
import type { ImageStream } from '../../../../src/worker/readers/imageStream.ts';
import type { ImageOptions } from '../../../../src/worker/readers/images.ts';
import { createRandom } from '../../../../src/worker/seeds.ts';
import { makePng } from '../pngs.ts';
import { failureOf, withFiles } from './files.ts';

/** A grey picture, all of one value or with these. */
function grey(width: number, height: number, values: number | readonly number[]): Buffer {
  const lines = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (typeof values === 'number' ? values : (values[y * width + x] ?? 0))),
  );
  return makePng({ width, height, lines });
}

const blue = makePng({ width: 1, height: 1, colorType: 2, lines: [[1, 2, 255]] });
const seeThrough = makePng({ width: 1, height: 1, colorType: 6, lines: [[0, 100, 200, 51]] });
const jpeg = (width: number, height: number, colour: readonly number[]): Buffer =>
  encode(
    { width, height, data: Buffer.from(Array.from({ length: width * height }, () => [...colour, 255]).flat()) },
    100,
  ).data;

describe('images in folders', () => {
  test('the folder is the class; classes and files are sorted', () =>
    withFiles(
      { 'train/dog/b.png': grey(1, 1, 3), 'train/dog/a.png': grey(1, 1, 2), 'train/cat/z.png': grey(1, 1, 1) },
      async ({ read }) => {
        const images = await read.images('train', { channels: 1 });
        expect(images).toEqual({
          xs: Uint8Array.of(1, 2, 3),
          scale: 1 / 255,
          ys: Float32Array.of(0, 1, 1),
          shape: [1, 1, 1],
          classes: ['cat', 'dog'],
          files: ['cat/z.png', 'dog/a.png', 'dog/b.png'],
        });
      },
    ));

  const cases: Record<string, [files: Record<string, Uint8Array>, options: ImageOptions, xs: number[], ys: number[]]> =
    {
      'in colour': [{ 'a/1.png': blue, 'b/1.png': grey(1, 1, 9) }, {}, [1, 2, 255, 9, 9, 9], [0, 1]],
      'see-through parts are white': [{ 'a/1.png': seeThrough }, {}, [204, 224, 244], [0]],
      'a target for each class': [
        { 'a/1.png': grey(1, 1, 1), 'b/1.png': grey(1, 1, 2) },
        { channels: 1, oneHot: true },
        [1, 2],
        [1, 0, 0, 1],
      ],
      'classes that are given, one of them without images': [
        { 'b/1.png': grey(1, 1, 7) },
        { channels: 1, classes: ['c', 'b', 'a'] },
        [7],
        [1],
      ],
      'a JPEG, whatever it is called': [
        { 'a/1.png': jpeg(8, 8, [128, 128, 128]) },
        { channels: 1 },
        Array<number>(64).fill(128),
        [0],
      ],
      'what systems leave behind is no image': [
        { 'a/1.png': grey(1, 1, 5), 'a/.DS_Store': blue, 'a/Thumbs.db': blue, '.keep': blue },
        { channels: 1 },
        [5],
        [0],
      ],
      'brought to one size': [
        { 'a/1.png': grey(2, 2, [0, 100, 100, 200]), 'a/2.png': grey(4, 4, 60), 'a/3.png': grey(1, 1, 7) },
        { channels: 1, size: [1, 1] },
        [100, 60, 7],
        [0, 0, 0],
      ],
      'made larger': [{ 'a/1.png': grey(2, 1, [0, 100]) }, { channels: 1, size: [1, 4] }, [0, 25, 75, 100], [0]],
    };
  test.each(Object.entries(cases))('%s', (_, [files, options, xs, ys]) =>
    withFiles(inFolder(files), async ({ read }) => {
      const images = await read.images('train', options);
      expect([...images.xs]).toEqual(xs);
      expect([...images.ys]).toEqual(ys);
    }),
  );

  test('a JPEG in colour is the picture that was saved', () =>
    withFiles({ 'train/a/1.jpg': jpeg(16, 8, [200, 40, 90]) }, async ({ read }) => {
      const { xs, shape } = await read.images('train');
      expect(shape).toEqual([8, 16, 3]);
      xs.forEach((value, i) => expect(Math.abs(value - ([200, 40, 90][i % 3] ?? 0))).toBeLessThan(4));
    }));
});

describe('a stream of images', () => {
  const many = Object.fromEntries(
    Array.from({ length: 150 }, (_, i) => [`${i < 100 ? 'a' : 'b'}/${String(i).padStart(3, '0')}.png`, grey(1, 1, i)]),
  );
  const collect = async (stream: ImageStream, epoch: number, seed = 1): Promise<[number, number][]> => {
    const seen: [number, number][] = [];
    for await (const { xs, ys, files } of stream.batches({ epoch, random: createRandom(seed) })) {
      expect(files.length).toBeLessThanOrEqual(64);
      xs.forEach((value, i) => seen.push([value, ys[i] ?? NaN]));
    }
    return seen;
  };

  test('gives them as they are listed, and shuffled where they are trained', () =>
    withFiles(inFolder(many), async ({ read }) => {
      const stream = await read.imageStream('train', { channels: 1 });
      expect(stream).toMatchObject({ count: 150, shape: [1, 1, 1], width: 1, scale: 1 / 255, classes: ['a', 'b'] });
      const listed = Array.from({ length: 150 }, (_, i): [number, number] => [i, i < 100 ? 0 : 1]);
      expect(await collect(stream, 0)).toEqual(listed);
      const trained = await collect(stream, 1);
      expect(trained).not.toEqual(listed);
      expect(await collect(stream, 1)).toEqual(trained);
      expect(await collect(stream, 1, 2)).not.toEqual(trained);
      expect(trained.sort(([first], [second]) => first - second)).toEqual(listed);
    }));

  test('is checked and cut to batches as any other', () =>
    withFiles(inFolder(many), async ({ read }) => {
      const given = await read.imageStream('train', { channels: 3, size: [2, 2], oneHot: true });
      const examples = checkExamples(given, (sentence) => new Error(sentence));
      expect(examples).toMatchObject({ count: 150, size: 12, width: 2 });
      const counts: number[] = [];
      for await (const { count } of readBatches(examples, orderOf(examples), { batchSize: 70, epoch: 1, seed: 1 }))
        counts.push(count);
      expect(counts).toEqual([70, 70, 10]);
    }));

  test('tells of another size, whichever piece it is in', () =>
    withFiles({ ...inFolder(many), 'train/b/999.png': grey(2, 1, 0) }, async ({ read }) => {
      const stream = await read.imageStream('train', { channels: 1 });
      expect(await failureOf(() => collect(stream, 0))).toMatch(
        /^train: b\/999\.png is 2 × 1 pixels, a\/000\.png is 1 × 1\. Give "size/,
      );
    }));
});

describe('what is wrong is told', () => {
  const cases: Record<string, [files: Record<string, Uint8Array | string>, options: ImageOptions, message: RegExp]> = {
    'mixed sizes': [
      { 'a/1.png': grey(2, 1, 0), 'a/2.png': grey(3, 2, 0) },
      {},
      /^train: a\/2\.png is 3 × 2 pixels, a\/1\.png is 2 × 1\. Give "size: \[height, width\]" to bring all to one\./,
    ],
    'another kind of file': [{ 'a/notes.txt': 'notes' }, {}, /^train\/a\/notes\.txt is not a PNG or JPEG image/],
    'a PNG that is cut': [
      { 'a/1.png': blue.subarray(0, 40) },
      {},
      /^train\/a\/1\.png is a broken PNG image: it ends too early/,
    ],
    'a JPEG that is cut': [
      { 'a/1.jpg': jpeg(8, 8, [1, 2, 3]).subarray(0, 300) },
      {},
      /^train\/a\/1\.jpg is a broken JPEG image: /,
    ],
    'an image beside the folders': [
      { '1.png': blue },
      {},
      /^train: "1\.png" is a file; images stand in a folder for each class\./,
    ],
    'an unknown class': [
      { 'b/1.png': blue },
      { classes: ['a'] },
      /^train: there is "b", which is none of the classes \(a\)\. Add it to "classes", or move it away\./,
    ],
    'a class without images': [{ 'a/.keep': '', 'b/1.png': blue }, {}, /^train: the folder "a" holds no images\./],
    'nothing at all': [
      { '.keep': '' },
      {},
      /^train: the split is empty: there must be a folder of images for each class\./,
    ],
    'a size of one number': [
      { 'a/1.png': blue },
      { size: [3] as never },
      /^size of images must be \[height, width\], not \[3\]\./,
    ],
    'two channels': [
      { 'a/1.png': blue },
      { channels: 2 },
      /^channels of images must be 1 \(grey\) or 3 \(colour\), not 2\./,
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [files, options, message]) =>
    withFiles(inFolder(files), async ({ read }) => {
      expect(await failureOf(() => read.images('train', options))).toMatch(message);
    }),
  );

  test('a missing folder', () =>
    withFiles({}, async ({ read }) => {
      expect(await failureOf(() => read.images('train'))).toMatch(/^train is missing\. Run the stage that makes it/);
    }));
});

function inFolder<T>(files: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`train/${name}`, content]));
}
