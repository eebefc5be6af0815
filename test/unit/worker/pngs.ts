import { crc32, deflateSync } from 'node:zlib';

/** A PNG file by hand: `lines` hold the packed samples of each row, without the filter byte. */
export interface Png {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  /** 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha. */
  readonly colorType?: number;
  readonly interlace?: number;
  readonly lines?: readonly (readonly number[])[];
  /** Instead of lines: packed data as it shall stand in the file. */
  readonly data?: Uint8Array;
  readonly palette?: readonly number[];
  readonly transparency?: readonly number[];
}

export function makePng({ width, height, depth = 8, colorType = 0, interlace = 0, lines = [], ...rest }: Png): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colorType, 0, 0, interlace], 8);
  const data = rest.data ?? deflateSync(Buffer.concat(lines.map((line) => Buffer.from([0, ...line]))));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(rest.palette === undefined ? [] : [chunk('PLTE', Buffer.from(rest.palette))]),
    ...(rest.transparency === undefined ? [] : [chunk('tRNS', Buffer.from(rest.transparency))]),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

export function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(content.length, 0);
  frame.set(body, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}
