import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { inflateSync } from 'node:zlib';
import { decode, type DecodedPng } from 'fast-png';
import { isMissing } from '../node/files/files.ts';
import { badInput, ExpectedError } from '../protocol/errors.ts';

const maxFileBytes = 64 * 2 ** 20;
const maxPixels = 64_000_000;
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** An image as user code gets it: grey values 0 (black) to 255 (white), row by row, see-through parts over white. */
export interface GreyImage {
  readonly name: string;
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Reads a PNG file of any kind. A broken or too large one is an error with its name and the reason. */
export async function readGreyImage(file: string): Promise<GreyImage> {
  const stats = await stat(file).catch((error: unknown) => {
    throw isMissing(error) ? new ExpectedError('missing-file', `There is no image ${file}.`) : error;
  });
  if (!stats.isFile()) throw badInput(`${file} is not a file.`);
  if (stats.size > maxFileBytes) throw badInput(`${file} has more than ${maxFileBytes} bytes.`);
  return { name: path.basename(file), ...decodeGrey(await readFile(file), file) };
}

/** `name` stands in errors. */
export function decodeGrey(bytes: Uint8Array, name: string): Omit<GreyImage, 'name'> {
  const essential = keepEssentialChunks(Buffer.from(bytes), name);
  let image: DecodedPng;
  try {
    image = decode(essential, { checkCrc: true });
  } catch (error) {
    throw broken(name, error);
  }
  return { pixels: toGrey(image), width: image.width, height: image.height };
}

function broken(name: string, error: unknown): ExpectedError {
  return badInput(`${name} is a broken PNG image: ${error instanceof Error ? error.message : String(error)}.`);
}

/**
 * The file with nothing but the chunks that make the picture, after a look at its size: pixels are counted and the packed
 * data is measured before the decoder allocates anything, so that a small file can't unpack to gigabytes.
 */
function keepEssentialChunks(file: Buffer, name: string): Uint8Array {
  if (!file.subarray(0, 8).equals(signature)) throw badInput(`${name} is not a PNG image.`);
  const kept: Buffer[] = [signature];
  const packed: Buffer[] = [];
  let header: Header | undefined;
  let type = '';
  for (let at = 8; type !== 'IEND';) {
    if (at + 12 > file.length) throw broken(name, new Error('it ends too early'));
    const length = file.readUInt32BE(at);
    const end = at + 12 + length;
    type = file.toString('latin1', at + 4, at + 8);
    if (end > file.length) throw broken(name, new Error('it ends too early'));
    const content = file.subarray(at + 8, end - 4);
    if (type === 'IHDR') header = readHeader(content, name);
    else if (header === undefined) throw broken(name, new Error('its header is not the first part'));
    if (type === 'IDAT') packed.push(content);
    if (['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'].includes(type)) kept.push(file.subarray(at, end));
    at = end;
  }
  if (header === undefined) throw broken(name, new Error('it has no header'));
  checkPackedSize(packed, header, name);
  return Buffer.concat(kept);
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly bitsPerPixel: number;
}

const channelsByColorType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function readHeader(content: Buffer, name: string): Header {
  if (content.length !== 13) throw broken(name, new Error('its header has a wrong length'));
  const [width, height, depth] = [content.readUInt32BE(0), content.readUInt32BE(4), content.readUInt8(8)];
  const channels = channelsByColorType[content.readUInt8(9)] ?? 4;
  if (width === 0 || height === 0) throw broken(name, new Error('it has no pixels'));
  if (width * height > maxPixels)
    throw badInput(`${name} is too large: ${width} × ${height} pixels, at most ${maxPixels} can be read.`);
  if (content.readUInt8(12) !== 0 && depth < 8)
    throw badInput(
      `${name} is an interlaced PNG image of less than 8 bits, which can't be read. Save it without interlacing.`,
    );
  return { width, height, bitsPerPixel: depth * channels };
}

function checkPackedSize(packed: readonly Buffer[], { width, height, bitsPerPixel }: Header, name: string): void {
  // One filter byte per line; seven interlaced passes have at most twice the lines.
  const most = height * Math.ceil((width * bitsPerPixel) / 8) + 2 * height + 16 * (width + height);
  const least = height * Math.ceil((width * bitsPerPixel) / 8) + height;
  let length: number;
  try {
    length = inflateSync(Buffer.concat(packed), { maxOutputLength: most }).length;
  } catch (error) {
    throw broken(name, error);
  }
  if (length < least) throw broken(name, new Error('it ends too early'));
}

/** Plain loops here and below, with nothing made for a single pixel: a photograph has millions. */
function toGrey({ palette, ...image }: DecodedPng): Uint8Array {
  if (palette === undefined) return mixChannels(image);
  const samples = unpack(image);
  const greys = palette.map(([red = 0, green = 0, blue = 0, alpha = 255]) =>
    overWhite(luma(red, green, blue), alpha / 255),
  );
  const grey = new Uint8Array(samples.length);
  for (let i = 0; i < grey.length; i++) grey[i] = greys[samples[i] ?? 0] ?? 0;
  return grey;
}

function mixChannels({ channels, transparency, ...image }: DecodedPng): Uint8Array {
  const samples = unpack(image);
  const grey = new Uint8Array(image.width * image.height);
  const highest = 2 ** image.depth - 1;
  // Where the samples of a pixel stand: grey is a colour of three equal ones.
  const [greenAt, blueAt] = channels >= 3 ? [1, 2] : [0, 0];
  const alphaAt = channels % 2 === 0 ? channels - 1 : undefined;
  // A single colour may be marked as see-through.
  const [keyRed, keyGreen, keyBlue] = alphaAt === undefined ? [0, greenAt, blueAt].map((at) => transparency?.[at]) : [];
  for (let i = 0; i < grey.length; i++) {
    const first = i * channels;
    const red = samples[first] ?? 0;
    const green = samples[first + greenAt] ?? 0;
    const blue = samples[first + blueAt] ?? 0;
    let alpha = red === keyRed && green === keyGreen && blue === keyBlue ? 0 : 1;
    if (alphaAt !== undefined) alpha = (samples[first + alphaAt] ?? 0) / highest;
    grey[i] = overWhite((luma(red, green, blue) * 255) / highest, alpha);
  }
  return grey;
}

/** As ITU-R BT.601 weighs the colours. */
const luma = (red: number, green: number, blue: number): number => 0.299 * red + 0.587 * green + 0.114 * blue;

const overWhite = (value: number, alpha: number): number => Math.round(value * alpha + 255 * (1 - alpha));

/** One sample after the other: those of less than 8 bits stand in shared bytes, each line beginning with a new one. */
function unpack({ data, width, height, depth }: Omit<DecodedPng, 'channels' | 'text'>): DecodedPng['data'] {
  if (depth >= 8) return data;
  const samples = new Uint8Array(width * height);
  const bytesPerLine = Math.ceil((width * depth) / 8);
  const highest = 2 ** depth - 1;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * bytesPerLine + (bit >> 3)] ?? 0;
      samples[y * width + x] = (byte >> (8 - depth - (bit & 7))) & highest;
    }
  return samples;
}
