import { deflateSync } from 'node:zlib';
import { encode } from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import { decodePicture, readGreyImage } from '../../../src/worker/image.ts';
import { chunk, makePng, type Png } from './pngs.ts';

describe('every kind of PNG becomes grey', () => {
  const cases: Record<string, [png: Png, grey: number[]]> = {
    'grey': [
      {
        width: 2,
        height: 2,
        lines: [
          [0, 255],
          [10, 20],
        ],
      },
      [0, 255, 10, 20],
    ],
    'grey of 16 bits': [{ width: 2, height: 1, depth: 16, lines: [[0xff, 0xff, 0x80, 0x00]] }, [255, 128]],
    'grey of 1 bit': [
      { width: 9, height: 1, depth: 1, lines: [[0b10100000, 0b10000000]] },
      [255, 0, 255, 0, 0, 0, 0, 0, 255],
    ],
    'grey of 2 bits': [{ width: 5, height: 1, depth: 2, lines: [[0b00011011, 0b01000000]] }, [0, 85, 170, 255, 85]],
    'grey of 4 bits': [{ width: 3, height: 1, depth: 4, lines: [[0x0f, 0x80]] }, [0, 255, 136]],
    'colour': [{ width: 3, height: 1, colorType: 2, lines: [[255, 0, 0, 0, 255, 0, 0, 0, 255]] }, [76, 150, 29]],
    'colour with alpha, over white': [
      { width: 3, height: 1, colorType: 6, lines: [[0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 51]] },
      [0, 255, 204],
    ],
    'grey with alpha, over white': [{ width: 2, height: 1, colorType: 4, lines: [[0, 0, 100, 255]] }, [255, 100]],
    'a palette of 8 bits': [
      { width: 2, height: 1, colorType: 3, lines: [[1, 0]], palette: [0, 0, 0, 255, 255, 255] },
      [255, 0],
    ],
    'a palette of 4 bits with alpha': [
      {
        width: 3,
        height: 1,
        depth: 4,
        colorType: 3,
        lines: [[0x01, 0x20]],
        palette: [0, 0, 0, 90, 90, 90, 0, 0, 0],
        transparency: [255, 255, 0],
      },
      [0, 90, 255],
    ],
    'a grey that counts as see-through': [{ width: 2, height: 1, lines: [[7, 8]], transparency: [0, 7] }, [255, 8]],
    'a colour that counts as see-through': [
      { width: 3, height: 1, colorType: 2, lines: [[1, 2, 3, 1, 2, 2, 9, 9, 9]], transparency: [0, 1, 0, 2, 0, 3] },
      [255, 2, 9],
    ],
    'colour of 16 bits': [
      { width: 1, height: 1, depth: 16, colorType: 2, lines: [[0xff, 0xff, 0x80, 0x00, 0, 0]] },
      [151],
    ],
    'grey of 16 bits with alpha': [
      { width: 2, height: 1, depth: 16, colorType: 4, lines: [[0, 0, 0x80, 0x00, 0x64, 0x64, 0xff, 0xff]] },
      [127, 100],
    ],
    'interlaced': [{ width: 1, height: 1, interlace: 1, lines: [[77]] }, [77]],
  };
  test.each(Object.entries(cases))('%s', (name, [png, grey]) => {
    const { pixels, width, height } = decodePicture(makePng(png), name, 1);
    expect([width, height]).toEqual([png.width, png.height]);
    expect([...pixels]).toEqual(grey);
  });

  test('chunks that are no part of the picture are not looked at', () => {
    const file = makePng({ width: 1, height: 1, lines: [[5]] });
    const bomb = chunk('iCCP', Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(1000))]));
    const withProfile = Buffer.concat([file.subarray(0, 33), bomb, file.subarray(33)]);
    expect([...decodePicture(withProfile, 'a', 1).pixels]).toEqual([5]);
  });
});

describe('a bad image is refused with its name and the reason', () => {
  const good = makePng({
    width: 2,
    height: 2,
    lines: [
      [1, 2],
      [3, 4],
    ],
  });
  const flipped = Buffer.from(good);
  flipped.writeUInt8(good.readUInt8(45) ^ 1, 45);
  const cases: Record<string, [file: Buffer, message: RegExp]> = {
    'nothing': [Buffer.alloc(0), /^x\.png is not a PNG or JPEG image/],
    'another format': [Buffer.from('GIF89a'), /^x\.png is not a PNG or JPEG image/],
    'cut short': [good.subarray(0, good.length - 20), /^x\.png is a broken PNG image: it ends too early/],
    'a flipped bit': [flipped, /^x\.png is a broken PNG image/],
    'data for fewer lines': [makePng({ width: 2, height: 3, lines: [[1, 2]] }), /it ends too early/],
    'no header': [Buffer.concat([good.subarray(0, 8), good.subarray(33)]), /its header is not the first part/],
    'no pixels': [makePng({ width: 0, height: 3 }), /it has no pixels/],
    'too many pixels': [makePng({ width: 40_000, height: 40_000 }), /^x\.png is too large: 40000 × 40000 pixels/],
    'a bomb': [
      makePng({ width: 2, height: 2, data: deflateSync(Buffer.alloc(50_000_000)) }),
      /^x\.png is a broken PNG image/,
    ],
    'an interlaced one of 1 bit': [
      makePng({ width: 1, height: 1, depth: 1, interlace: 1, lines: [[0]] }),
      /interlaced/,
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [file, message]) => {
    expect(() => decodePicture(file, 'x.png', 1)).toThrow(message);
  });

  test('no file', async () => {
    await expect(readGreyImage('/nowhere/x.png')).rejects.toMatchObject({ code: 'missing-file' });
  });
});

test('cut at every byte it is refused or read, never a crash', () => {
  const good = makePng({
    width: 2,
    height: 2,
    lines: [
      [1, 2],
      [3, 4],
    ],
  });
  for (let length = 0; length < good.length; length++)
    expect(() => decodePicture(good.subarray(0, length), 'x.png', 1)).toThrow(/^x\.png is/);
});

describe('a JPEG', () => {
  const data = Buffer.from(Array.from({ length: 17 * 9 }, (_, i) => [i, 255 - i, (i * 7) % 256, 255]).flat());
  const good = encode({ width: 17, height: 9, data }, 80).data;

  test('becomes grey as a PNG does', () => {
    const { pixels, width, height } = decodePicture(good, 'x.jpg', 1);
    expect([width, height, pixels.length]).toEqual([17, 9, 17 * 9]);
    const { pixels: colours } = decodePicture(good, 'x.jpg', 3);
    pixels.forEach((grey, i) => {
      const [red = 0, green = 0, blue = 0] = colours.subarray(i * 3, i * 3 + 3);
      expect(grey).toBe(Math.round(0.299 * red + 0.587 * green + 0.114 * blue));
    });
  });

  test('cut at any byte, or with a byte changed, is refused by name or read', () => {
    const others = Array.from({ length: good.length }, (_, at) => {
      const changed = Buffer.from(good);
      changed.writeUInt8(changed.readUInt8(at) ^ 0xa5, at);
      return [good.subarray(0, at), changed];
    }).flat();
    for (const file of others)
      try {
        decodePicture(file, 'x.jpg', 3);
      } catch (error) {
        expect(error).toMatchObject({ code: 'bad-input', message: expect.stringMatching(/^x\.jpg is /) });
      }
  });

  test('that promises too many pixels is refused before any are made', () => {
    const huge = Buffer.from(good);
    const frame = huge.indexOf(Buffer.from([0xff, 0xc0]));
    huge.writeUInt16BE(60_000, frame + 5);
    huge.writeUInt16BE(60_000, frame + 7);
    expect(() => decodePicture(huge, 'x.jpg', 3)).toThrow(/^x\.jpg is a broken JPEG image: .*limit exceeded/);
  });
});
