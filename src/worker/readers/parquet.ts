import { open, type FileHandle } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { parquetMetadataAsync, parquetRead, parquetSchema, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { ExpectedError } from '../../protocol/errors.ts';
import { sizeOf } from './bytes.ts';
import { dataMistake, quote, type DataFile } from './mistakes.ts';
import { TableBuilder, toValue, type Table, type TableOptions } from './table.ts';

/** What hyparquet has not itself; Node has. */
const compressors = {
  GZIP: (bytes: Uint8Array) => gunzipSync(bytes),
  BROTLI: (bytes: Uint8Array) => brotliDecompressSync(bytes),
  ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes),
};

/** The examples of a Parquet file. In memory are the numbers of the table, once, and one column of one group of rows. */
export async function readParquet(file: DataFile, options: TableOptions): Promise<Table> {
  return withFile(file, async (source, metadata) => {
    const builder = new TableBuilder(file, columnsOf(file, metadata), options);
    for (const [rowStart, rows] of groupsOf(metadata))
      await builder.addColumns(rows, (column) => readColumn({ source, metadata, column, rowStart, rows }));
    return builder.finish();
  });
}

/** The different values of one column, in the order of their characters. */
export async function readParquetCategories(file: DataFile, column: string): Promise<string[]> {
  return withFile(file, async (source, metadata) => {
    const names = columnsOf(file, metadata);
    if (!names.includes(column))
      throw dataMistake(file, `there is no column ${quote(column)}. There are ${names.join(', ')}.`);
    const found = new Set<string>();
    for (const [rowStart, rows] of groupsOf(metadata))
      for (const value of await readColumn({ source, metadata, column, rowStart, rows }))
        found.add(String(toValue(value) ?? '').trim());
    return [...found].sort();
  });
}

async function withFile<T>(
  file: DataFile,
  use: (source: AsyncBuffer, metadata: FileMetaData) => Promise<T>,
): Promise<T> {
  const byteLength = await sizeOf(file);
  const handle = await open(file.absolute, 'r');
  try {
    const source = { byteLength, slice: (start: number, end?: number) => read(handle, start, end ?? byteLength) };
    return await use(source, await parquetMetadataAsync(source));
  } catch (error) {
    // What the disk says stays; everything else comes from bytes that mean nothing.
    if (error instanceof ExpectedError || !(error instanceof Error) || 'syscall' in error) throw error;
    const advice = /codec|compress/i.test(error.message)
      ? 'Write it with snappy, gzip, brotli, zstd or no compression.'
      : 'Is it a Parquet file, and whole?';
    throw dataMistake(file, `the file can't be read as Parquet: ${error.message.replace(/\.$/, '')}. ${advice}`);
  } finally {
    await handle.close();
  }
}

async function read(handle: FileHandle, start: number, end: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(end - start);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
  if (bytesRead < bytes.length) throw new Error('the file ends too early');
  return bytes.buffer;
}

function columnsOf(file: DataFile, metadata: FileMetaData): string[] {
  const { children } = parquetSchema(metadata);
  const nested = children.find((child) => child.children.length > 0);
  if (nested !== undefined)
    throw dataMistake(
      file,
      `the column ${quote(nested.element.name)} has columns within; give a table whose columns are single values.`,
    );
  return children.map(({ element }) => element.name);
}

/** First row and number of rows of each group. */
function groupsOf({ row_groups: groups }: FileMetaData): [rowStart: number, rows: number][] {
  let next = 0;
  return groups.map(({ num_rows }) => {
    const group: [number, number] = [next, Number(num_rows)];
    next += group[1];
    return group;
  });
}

interface Part {
  readonly source: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly column: string;
  readonly rowStart: number;
  readonly rows: number;
}

async function readColumn({ source, metadata, column, rowStart, rows }: Part): Promise<unknown[]> {
  const values = new Array<unknown>(rows).fill(null);
  await parquetRead({
    file: source,
    metadata,
    compressors,
    columns: [column],
    rowStart,
    rowEnd: rowStart + rows,
    onChunk: ({ columnData, rowStart: first }) => {
      for (let i = 0; i < columnData.length; i++) values[first - rowStart + i] = columnData[i];
    },
  });
  return values;
}
