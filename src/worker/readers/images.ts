import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { compareCodePoints } from '../../core/names/names.ts';
import { hasCode } from '../../node/files/files.ts';
import { readPicture, type Channels, type Picture } from '../image.ts';
import { missing } from './bytes.ts';
import { argumentMistake, dataMistake, quote, type DataFile } from './mistakes.ts';
import { resize } from './resize.ts';

// Images in folders: the name of the folder is the class. They are kept as bytes; `scale` makes them numbers from 0 to 1 batch by batch.

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
  const channels = options.channels ?? 3;
  if (channels !== 1 && channels !== 3)
    throw argumentMistake(`channels of images must be 1 (grey) or 3 (colour), not ${JSON.stringify(channels)}.`);
  const listed = await listImages(folder, options.classes);
  const pictures = new PictureStore(folder, listed.files, channels, options.size);
  for (const file of listed.files)
    pictures.add(
      file.name,
      await readPicture(path.join(folder.absolute, file.name), `${folder.name}/${file.name}`, channels),
    );
  const labels = listed.files.map(({ label }) => label);
  return {
    xs: pictures.xs,
    scale: 1 / 255,
    ys: options.oneHot === true ? toOneHot(labels, listed.classes.length) : Float32Array.from(labels),
    shape: [...pictures.size, channels],
    classes: listed.classes,
    files: listed.files.map(({ name }) => name),
  };
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

/** The pixels of all images: their number is known, so the memory is taken once. */
class PictureStore {
  readonly #folder: DataFile;
  readonly #files: readonly ImageFile[];
  readonly #channels: Channels;
  readonly #wanted: readonly [number, number] | undefined;
  #xs: Uint8Array | undefined;
  #size: readonly [number, number] = [0, 0];
  #count = 0;

  constructor(
    folder: DataFile,
    files: readonly ImageFile[],
    channels: Channels,
    wanted: readonly number[] | undefined,
  ) {
    if (
      wanted !== undefined &&
      !(wanted.length === 2 && wanted.every((side) => Number.isSafeInteger(side) && side > 0))
    )
      throw argumentMistake(`size of images must be [height, width], not ${JSON.stringify(wanted)}.`);
    this.#folder = folder;
    this.#files = files;
    this.#channels = channels;
    const [height, width] = wanted ?? [];
    this.#wanted = height === undefined || width === undefined ? undefined : [height, width];
  }

  get xs(): Uint8Array {
    return this.#xs ?? new Uint8Array(0);
  }

  get size(): readonly [height: number, width: number] {
    return this.#size;
  }

  add(name: string, picture: Picture): void {
    const [height, width] = this.#wanted ?? [picture.height, picture.width];
    const xs = (this.#xs ??= new Uint8Array(this.#files.length * height * width * this.#channels));
    if (this.#count === 0) this.#size = [height, width];
    if (height !== this.#size[0] || width !== this.#size[1]) throw this.#mixedSizes(name, picture);
    const { pixels } = resize(picture, [height, width], this.#channels);
    xs.set(pixels, this.#count * pixels.length);
    this.#count += 1;
  }

  #mixedSizes(name: string, { width, height }: Picture): Error {
    const [firstHeight, firstWidth] = this.#size;
    return dataMistake(
      this.#folder,
      `${name} is ${width} × ${height} pixels, ${this.#files[0]?.name ?? ''} is ${firstWidth} × ${firstHeight}. Give "size: [height, width]" to bring all to one.`,
    );
  }
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
