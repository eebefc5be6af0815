import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { inflateSync } from 'node:zlib';
import { decode, type DecodedPng } from 'fast-png';
import { decode as decodeJpegFile } from 'jpeg-js';
import { isMissing } from '../node/files/files.ts';
import { badInput, ExpectedError } from '../protocol/errors.ts';

const maxFileBytes = 64 * 2 ** 20;
const maxPixels = 64_000_000;
/** The decoder's own count of what it holds; a picture at the limit of pixels needs as much. */
const maxJpegMegabytes = 1024;
const jpegSignature = Buffer.from([0xff, 0xd8]);
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** An image as user code gets it: grey values 0 (black) to 255 (white), row by row, see-through parts over white. */
export interface GreyImage {
  readonly name: string;
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Pixels row by row, one grey value each or red, green and blue. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export type Channels = 1 | 3;

/** Reads a PNG or JPEG file of any kind. A broken or too large one is an error with its name and the reason. */
export async function readGreyImage(file: string): Promise<GreyImage> {
  return { name: path.basename(file), ...(await readPicture(file, file, 1)) };
}

/** `name` stands in errors. */
export async function readPicture(file: string, name: string, channels: Channels): Promise<Picture> {
  const stats = await stat(file).catch((error: unknown) => {
    throw isMissing(error) ? new ExpectedError('missing-file', `There is no image ${name}.`) : error;
  });
  if (!stats.isFile()) throw badInput(`${name} is not a file.`);
  if (stats.size > maxFileBytes) throw badInput(`${name} has more than ${maxFileBytes} bytes.`);
  return decodePicture(await readFile(file), name, channels);
}

/** What a file is, is told by its first bytes; its name may say anything. */
export function decodePicture(bytes: Uint8Array, name: string, channels: Channels): Picture {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.subarray(0, 2).equals(jpegSignature)) return decodeJpeg(file, name, channels);
  if (file.subarray(0, 8).equals(signature)) return decodePng(file, name, channels);
  throw badInput(`${name} is not a PNG or JPEG image.`);
}

function decodePng(file: Buffer, name: string, channels: Channels): Picture {
  const essential = keepEssentialChunks(file, name);
  let image: DecodedPng;
  try {
    image = decode(essential, { checkCrc: true });
  } catch (error) {
    throw broken(name, error);
  }
  return { pixels: toPixels(image, channels), width: image.width, height: image.height };
}

function decodeJpeg(file: Buffer, name: string, channels: Channels): Picture {
  const limits = { maxResolutionInMP: maxPixels / 1e6, maxMemoryUsageInMB: maxJpegMegabytes };
  try {
    const { data, width, height } = decodeJpegFile(file, { ...limits, useTArray: true, tolerantDecoding: false });
    if (width === 0 || height === 0) throw new Error('it has no pixels');
    const pixels = new Uint8Array(width * height * channels);
    const write = writers[channels];
    for (let i = 0; i < width * height; i++)
      write(pixels, i, data[i * 4] ?? 0, data[i * 4 + 1] ?? 0, data[i * 4 + 2] ?? 0);
    return { pixels, width, height };
  } catch (error) {
    throw broken(name, error, 'JPEG');
  }
}

function broken(name: string, error: unknown, format = 'PNG'): ExpectedError {
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
  return badInput(`${name} is a broken ${format} image: ${reason}.`);
}

/**
 * The file with nothing but the chunks that make the picture, after a look at its size: pixels are counted and the packed
 * data is measured before the decoder allocates anything, so that a small file can't unpack to gigabytes.
 */
function keepEssentialChunks(file: Buffer, name: string): Uint8Array {
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
function toPixels({ palette, ...image }: DecodedPng, channels: Channels): Uint8Array {
  if (palette === undefined) return mixChannels(image, channels);
  const samples = unpack(image);
  const colours = palette.map(([red = 0, green = 0, blue = 0, alpha = 255]) => {
    const colour = new Uint8Array(channels);
    mix(channels, colour, 0, { red, green, blue, alpha: alpha / 255 });
    return colour;
  });
  const pixels = new Uint8Array(samples.length * channels);
  for (let i = 0; i < samples.length; i++) {
    const colour = colours[samples[i] ?? 0];
    if (colour !== undefined) pixels.set(colour, i * channels);
  }
  return pixels;
}

function mixChannels({ channels, transparency, ...image }: DecodedPng, wanted: Channels): Uint8Array {
  const samples = unpack(image);
  const count = image.width * image.height;
  const pixels = new Uint8Array(count * wanted);
  const highest = 2 ** image.depth - 1;
  // Where the samples of a pixel stand: grey is a colour of three equal ones.
  const [greenAt, blueAt] = channels >= 3 ? [1, 2] : [0, 0];
  const alphaAt = channels % 2 === 0 ? channels - 1 : undefined;
  // A single colour may be marked as see-through.
  const [keyRed, keyGreen, keyBlue] = alphaAt === undefined ? [0, greenAt, blueAt].map((at) => transparency?.[at]) : [];
  const pixel = { red: 0, green: 0, blue: 0, alpha: 1 };
  for (let i = 0; i < count; i++) {
    const first = i * channels;
    const red = samples[first] ?? 0;
    const green = samples[first + greenAt] ?? 0;
    const blue = samples[first + blueAt] ?? 0;
    pixel.red = (red * 255) / highest;
    pixel.green = (green * 255) / highest;
    pixel.blue = (blue * 255) / highest;
    pixel.alpha = red === keyRed && green === keyGreen && blue === keyBlue ? 0 : 1;
    if (alphaAt !== undefined) pixel.alpha = (samples[first + alphaAt] ?? 0) / highest;
    mix(wanted, pixels, i, pixel);
  }
  return pixels;
}

interface Pixel {
  red: number;
  green: number;
  blue: number;
  /** 0: see-through. */
  alpha: number;
}

/** A pixel over white. */
function mix(channels: Channels, pixels: Uint8Array, index: number, { red, green, blue, alpha }: Pixel): void {
  if (channels === 1) pixels[index] = overWhite(luma(red, green, blue), alpha);
  else writers[3](pixels, index, overWhite(red, alpha), overWhite(green, alpha), overWhite(blue, alpha));
}

type Writer = (pixels: Uint8Array, index: number, red: number, green: number, blue: number) => void;

const writers: Readonly<Record<Channels, Writer>> = {
  1: (pixels, index, red, green, blue) => {
    pixels[index] = Math.round(luma(red, green, blue));
  },
  3: (pixels, index, red, green, blue) => {
    pixels[index * 3] = red;
    pixels[index * 3 + 1] = green;
    pixels[index * 3 + 2] = blue;
  },
};

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
