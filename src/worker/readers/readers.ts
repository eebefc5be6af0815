import { ExpectedError } from '../../protocol/errors.ts';
import { placeOfCall } from '../userCode.ts';
import { readCategories, readCsv, type CsvOptions } from './csv.ts';
import { readIdx, type Idx } from './idx.ts';
import {
  readImageList,
  readImages,
  readPictures,
  toOneHot,
  type ImageList,
  type ImageOptions,
  type Images,
} from './images.ts';
import { toImageStream, type ImageStream } from './imageStream.ts';
import { argumentMistake, toDataFile, type DataFile } from './mistakes.ts';
import { readParquet, readParquetCategories } from './parquet.ts';
import type { Table, TableOptions } from './table.ts';

/** What user code gets as `read`: see `mlops.Readers` of the project's types. Paths start at the project's root. */
export interface Readers {
  csv(file: string, options?: CsvOptions): Promise<Table>;
  parquet(file: string, options?: TableOptions): Promise<Table>;
  categories(file: string, column: string, options?: Pick<CsvOptions, 'separator'>): Promise<string[]>;
  idx(file: string): Promise<Idx>;
  images(folder: string, options?: ImageOptions): Promise<Images>;
  imageStream(folder: string, options?: ImageOptions): Promise<ImageStream>;
  oneHot(labels: ArrayLike<number>, classes: number): Float32Array;
}

/** What reads each kind of file, in whichever thread. */
export const performers = {
  csv: (file: DataFile, options: CsvOptions = {}) => readCsv(file, options),
  parquet: (file: DataFile, options: TableOptions = {}) => readParquet(file, options),
  categories: (file: DataFile, column: string, { separator }: Pick<CsvOptions, 'separator'> = {}) =>
    /\.parquet$/i.test(file.name) ? readParquetCategories(file, column) : readCategories(file, column, separator),
  idx: (file: DataFile) => readIdx(file),
  images: (folder: DataFile, options: ImageOptions = {}) => readImages(folder, options),
  imageList: (folder: DataFile, options: ImageOptions = {}) => readImageList(folder, options),
  pictures: (folder: DataFile, list: ImageList, options: ImageOptions = {}) => readPictures(folder, list, options),
};

export type Performers = typeof performers;

/** Reads where it is asked. */
const readHere: Perform = (name, ...args) =>
  Reflect.apply(performers[name], undefined, args) as ReturnType<Performers[typeof name]>;

type Perform = <Name extends keyof Performers>(
  name: Name,
  ...args: Parameters<Performers[Name]>
) => ReturnType<Performers[Name]>;

interface ReaderOptions {
  readonly projectRoot: string;
  /** Called before anything is read; throws for what may not be. */
  readonly check: (file: DataFile) => void;
  readonly perform?: Perform;
}

export function createReaders({ projectRoot, check, perform = readHere }: ReaderOptions): Readers {
  /** User code is loosely typed, and a mistake without a place has that of the call. */
  const reader =
    <Rest extends unknown[], Result>(name: string, read: (file: DataFile, ...rest: Rest) => Promise<Result>) =>
    async (file: string, ...rest: Rest): Promise<Result> => {
      const call = new Error();
      try {
        if (typeof file !== 'string' || file === '')
          throw argumentMistake(`read.${name} takes the path of a file or folder, not ${JSON.stringify(file)}.`);
        const found = toDataFile(projectRoot, file);
        check(found);
        return await read(found, ...rest);
      } catch (error) {
        throw withPlace(error, call, projectRoot);
      }
    };
  return {
    csv: reader('csv', (file, options?: CsvOptions) => perform('csv', file, options)),
    parquet: reader('parquet', (file, options?: TableOptions) => perform('parquet', file, options)),
    categories: reader('categories', (file, column: string, options?: Pick<CsvOptions, 'separator'>) =>
      perform('categories', file, column, options),
    ),
    idx: reader('idx', (file) => perform('idx', file)),
    images: reader('images', (folder, options?: ImageOptions) => perform('images', folder, options)),
    imageStream: reader('imageStream', async (folder, options: ImageOptions = {}) =>
      toImageStream(await perform('imageList', folder, options), options, (part) =>
        perform('pictures', folder, part, options),
      ),
    ),
    oneHot: toOneHot,
  };
}

function withPlace(error: unknown, call: Error, projectRoot: string): unknown {
  if (!(error instanceof ExpectedError) || error.problems.length > 0) return error;
  const place = placeOfCall(call, projectRoot);
  if (place === undefined) return error;
  const { message, code } = error;
  return new ExpectedError(code, `${message} (${place.file}:${place.line}:${place.column})`, [
    { ...place, severity: 'error', message },
  ]);
}
