import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { failureOf, withFiles } from './files.ts';

/** An IDX file by hand: type of the values, sizes of the axes, bytes of the values. */
function makeIdx(type: number, shape: readonly number[], values: Uint8Array | readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, type, shape.length]);
  shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  return Buffer.concat([header, Buffer.from(values)]);
}

function bytesOf(write: (view: DataView) => void, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  write(new DataView(bytes.buffer));
  return bytes;
}

describe('what is in the file', () => {
  const cases: Record<string, [file: Buffer, values: number[]]> = {
    'bytes': [makeIdx(8, [2, 2], [0, 1, 254, 255]), [0, 1, 254, 255]],
    'bytes with a sign': [makeIdx(9, [2], [0x80, 0x7f]), [-128, 127]],
    '16 bits': [makeIdx(0x0b, [2], [0xff, 0xff, 0x01, 0x00]), [-1, 256]],
    '32 bits': [makeIdx(0x0c, [1], [0xff, 0xff, 0xff, 0xfe]), [-2]],
    'floats': [
      makeIdx(
        0x0d,
        [1],
        bytesOf((view) => view.setFloat32(0, 1.5), 4),
      ),
      [1.5],
    ],
    'doubles': [
      makeIdx(
        0x0e,
        [1],
        bytesOf((view) => view.setFloat64(0, -0.25), 8),
      ),
      [-0.25],
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [file, values]) =>
    withFiles({ 'a.idx': file, 'a.gz': gzipSync(file) }, async ({ read }) => {
      for (const name of ['a.idx', 'a.gz']) expect([...(await read.idx(name)).values]).toEqual(values);
    }),
  );

  test('bytes stay bytes, and the shape begins with the number of examples', () =>
    withFiles({ 'a.idx': makeIdx(8, [3, 1, 2], [1, 2, 3, 4, 5, 6]) }, async ({ read }) => {
      expect(await read.idx('a.idx')).toEqual({ values: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [3, 1, 2] });
    }));

  test('longer than a piece of the file, its values cut anywhere', () =>
    withFiles({}, async ({ read, write }) => {
      const count = 300_001;
      const bytes = bytesOf((view) => {
        for (let i = 0; i < count; i++) view.setInt16(i * 2, i % 1000);
      }, count * 2);
      await write('a.gz', gzipSync(makeIdx(0x0b, [count], bytes)));
      expect((await read.idx('a.gz')).values).toEqual(Float32Array.from({ length: count }, (_, i) => i % 1000));
    }));
});

describe('what is wrong is told', () => {
  const whole = makeIdx(8, [2, 3], [1, 2, 3, 4, 5, 6]);
  const cases: Record<string, [file: Uint8Array, message: string]> = {
    'another format': [
      Buffer.from('PK\u0003\u0004 and more'),
      'this is not an IDX file: it begins with the bytes 50 4b 03 04, not with 00 00,',
    ],
    'an unknown type': [makeIdx(7, [1], [1]), 'this is not an IDX file: it begins with the bytes 00 00 07 01'],
    'no axes': [makeIdx(8, [], []), 'this is not an IDX file'],
    'nothing': [Buffer.alloc(0), 'the file ends within its header. Make or download it again.'],
    'a header that is cut': [whole.subarray(0, 9), 'the file ends within its header.'],
    'values that are cut': [
      whole.subarray(0, whole.length - 1),
      'the header promises 2 × 3 = 6 values, and the file ends after 5. Make or download it again.',
    ],
    'more values': [Buffer.concat([whole, Buffer.of(7)]), 'the header promises 2 × 3 = 6 values, and the file goes on'],
    'no values': [makeIdx(8, [0, 28, 28], []), 'the file holds no values (0 × 28 × 28).'],
    'a header that promises terabytes': [
      makeIdx(8, [0xffffffff, 1000], [1]),
      'the header promises 4294967295 × 1000 = 4294967295000 values, and the file is too short for them.',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [file, message]) =>
    withFiles({ 'a.idx': file, 'a.gz': gzipSync(file) }, async ({ read }) => {
      for (const name of ['a.idx', 'a.gz'])
        expect(await failureOf(() => read.idx(name))).toContain(`${name}: ${message}`);
    }),
  );
});

describe('labels become a 0 or 1 for each class', () => {
  const oneHot = (labels: number[], classes: number): Promise<number[]> =>
    withFiles({}, ({ read }) => Promise.resolve().then(() => [...read.oneHot(labels, classes)]));
  test('in their places', async () => expect(await oneHot([1, 0], 3)).toEqual([0, 1, 0, 1, 0, 0]));
  const cases: Record<string, [labels: number[], classes: number, message: string]> = {
    'too high': [[0, 3], 3, 'the label 3 of example 2 is out of range: 3 classes have the labels 0 to 2.'],
    'below zero': [[-1], 3, 'the label -1 of example 1 is out of range'],
    'no whole number': [[0.5], 3, 'the label 0.5 of example 1 is out of range'],
    'no classes': [[0], 0, 'the number of classes must be a whole number above 0, not 0'],
  };
  test.each(Object.entries(cases))('%s', async (_, [labels, classes, message]) => {
    expect(await failureOf(() => oneHot(labels, classes))).toContain(message);
  });
});
