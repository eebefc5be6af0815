import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { compareCodePoints } from '../../core/names/names.ts';
import { hasCode } from '../../node/files/files.ts';
import { readPicture, type Channels, type Picture } from '../image.ts';
import { missing } from './bytes.ts';
import { argumentMistake, dataMistake, quote, type DataFile } from './mistakes.ts';
import { resize } from './resize.ts';

// Images in folders: the name of the folder is the class. They are kept as bytes; `scale` makes them numbers from 0 to 1 batch by batch.

/** A byte becomes a number from 0 to 1. */
export const SCALE = 1 / 255;

export interface ImageOptions {
  /** Height and width that every image is brought to; without it all must have the same. */
  readonly size?: readonly [height: number, width: number];
  /** 1: grey, 3 (the default): colour. */
  readonly channels?: number;
  /** Names of the classes in their order; default: those of the folders, sorted. */
  readonly classes?: readonly string[];
  /** A target is a 0 or 1 for each class, not the number of the class. */
  readonly oneHot?: boolean;
}

export interface Images {
  readonly xs: Uint8Array;
  readonly scale: number;
  readonly ys: Float32Array;
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly classes: readonly string[];
  /** The files in the order of the examples, from the folder. */
  readonly files: readonly string[];
}

/** Reads `folder/<class>/<image>`, PNG and JPEG. In memory are the pixels of all images, once, and one file. */
export async function readImages(folder: DataFile, options: ImageOptions): Promise<Images> {
  const { classes, files } = await listImages(folder, options.classes);
  return readPictures(folder, { classes, files, first: undefined }, options);
}

/** The images of a folder before they are read: what a stream of them begins with. */
export interface ImageList {
  readonly classes: readonly string[];
  readonly files: readonly ImageFile[];
  /** What all others must be like; undefined as long as none was read. */
  readonly first: { readonly name: string; readonly height: number; readonly width: number } | undefined;
}

export async function readImageList(folder: DataFile, options: ImageOptions): Promise<ImageList> {
  const { classes, files } = await listImages(folder, options.classes);
  const { shape } = await readPictures(folder, { classes, files: files.slice(0, 1), first: undefined }, options);
  return { classes, files, first: { name: files[0]?.name ?? '', height: shape[0], width: shape[1] } };
}

/** The listed ones in their order. */
export async function readPictures(folder: DataFile, list: ImageList, options: ImageOptions): Promise<Images> {
  const { classes, files } = list;
  const channels = channelsOf(options);
  const pictures = new PictureStore(folder, list, options);
  for (const { name } of files)
    pictures.add(name, await readPicture(path.join(folder.absolute, name), `${folder.name}/${name}`, channels));
  const labels = files.map(({ label }) => label);
  return {
    xs: pictures.xs,
    scale: SCALE,
    ys: options.oneHot === true ? toOneHot(labels, classes.length) : Float32Array.from(labels),
    shape: [...pictures.size, channels],
    classes,
    files: files.map(({ name }) => name),
  };
}

export function channelsOf({ channels = 3 }: ImageOptions): Channels {
  if (channels === 1 || channels === 3) return channels;
  throw argumentMistake(`channels of images must be 1 (grey) or 3 (colour), not ${JSON.stringify(channels)}.`);
}

interface ImageFile {
  /** From the folder of the split, with a forward slash. */
  readonly name: string;
  readonly label: number;
}

async function listImages(
  folder: DataFile,
  wanted: readonly string[] | undefined,
): Promise<{ readonly classes: readonly string[]; readonly files: readonly ImageFile[] }> {
  const found = await listNames(folder.absolute, folder);
  const classes = wanted ?? found;
  const stranger = found.find((name) => !classes.includes(name));
  if (stranger !== undefined)
    throw dataMistake(
      folder,
      `there is ${quote(stranger)}, which is none of the classes (${classes.join(', ')}). Add it to "classes", or move it away.`,
    );
  const files: ImageFile[] = [];
  for (const name of found) {
    const inside = await listNames(path.join(folder.absolute, name), folder, name);
    if (inside.length === 0)
      throw dataMistake(folder, `the folder ${quote(name)} holds no images. Fill it, or remove it.`);
    for (const image of inside) files.push({ name: `${name}/${image}`, label: classes.indexOf(name) });
  }
  if (files.length === 0)
    throw dataMistake(folder, 'the split is empty: there must be a folder of images for each class.');
  return { classes, files };
}

/** Sorted, without what systems leave behind in folders. */
async function listNames(absolute: string, folder: DataFile, inside?: string): Promise<string[]> {
  const names = await readdir(absolute).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) throw missing(folder);
    if (!hasCode(error, 'ENOTDIR')) throw error;
    const what = inside === undefined ? 'this' : quote(inside);
    throw dataMistake(folder, `${what} is a file; images stand in a folder for each class.`);
  });
  return names
    .filter((name) => !name.startsWith('.') && !/^(thumbs\.db|desktop\.ini)$/i.test(name))
    .sort(compareCodePoints);
}

/** The pixels of images whose number is known: the memory is taken once. */
class PictureStore {
  readonly #folder: DataFile;
  readonly #list: ImageList;
  readonly #channels: Channels;
  readonly #wanted: readonly [number, number] | undefined;
  #xs: Uint8Array | undefined;
  #first: ImageList['first'];
  #count = 0;

  constructor(folder: DataFile, list: ImageList, options: ImageOptions) {
    this.#folder = folder;
    this.#list = list;
    this.#channels = channelsOf(options);
    this.#wanted = sizeOf(options);
    this.#first = list.first;
  }

  get xs(): Uint8Array {
    return this.#xs ?? new Uint8Array(0);
  }

  get size(): readonly [height: number, width: number] {
    return [this.#first?.height ?? 0, this.#first?.width ?? 0];
  }

  add(name: string, picture: Picture): void {
    const [height, width] = this.#wanted ?? [picture.height, picture.width];
    const first = (this.#first ??= { name, height, width });
    if (height !== first.height || width !== first.width)
      throw dataMistake(
        this.#folder,
        `${name} is ${width} × ${height} pixels, ${first.name} is ${first.width} × ${first.height}. Give "size: [height, width]" to bring all to one.`,
      );
    const { pixels } = resize(picture, [height, width], this.#channels);
    const xs = (this.#xs ??= this.#allocate(pixels.length));
    xs.set(pixels, this.#count * pixels.length);
    this.#count += 1;
  }

  #allocate(each: number): Uint8Array {
    const count = this.#list.files.length;
    try {
      return new Uint8Array(count * each);
    } catch {
      // Its error says only that there is not so much.
      throw dataMistake(
        this.#folder,
        `${count} images of ${each} bytes are more than memory can hold. Give a smaller "size", or take read.imageStream.`,
      );
    }
  }
}

function sizeOf({ size }: ImageOptions): readonly [height: number, width: number] | undefined {
  if (size === undefined) return undefined;
  const sides: readonly unknown[] = size;
  const [height, width] = size;
  if (sides.length === 2 && sides.every((side) => Number.isSafeInteger(side) && Number(side) > 0))
    return [height, width];
  throw argumentMistake(`size of images must be [height, width], not ${JSON.stringify(size)}.`);
}

/** A 0 or 1 for each class. Throws on a label that is none of them. */
export function toOneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  if (!Number.isSafeInteger(classes) || classes < 1)
    throw argumentMistake(`oneHot: the number of classes must be a whole number above 0, not ${String(classes)}.`);
  const ys = new Float32Array(labels.length * classes);
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] ?? NaN;
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw argumentMistake(
        `oneHot: the label ${label} of example ${index + 1} is out of range: ${classes} classes have the labels 0 to ${classes - 1}. Mend the label where the data are made, or give the number of classes that there are.`,
      );
    ys[index * classes + label] = 1;
  }
  return ys;
}
