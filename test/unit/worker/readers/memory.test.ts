import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import { expect, test } from 'vitest';
import { withFiles } from './files.ts';

// How much a process grows while it reads: by the numbers, once, and by less than so many megabytes for all else, however long the file is.

const MEGABYTE = 2 ** 20;
const ALL_ELSE = 100;
const run = promisify(execFile);
const readers = path.resolve('src/worker/readers/readers.ts');

/** Megabytes that are resident at the most, beyond those after a small file of the same kind, and megabytes of the numbers. */
async function measure(root: string, call: string): Promise<{ readonly grown: number; readonly numbers: number }> {
  const code = `
    import { createReaders } from ${JSON.stringify(readers)};
    const read = createReaders({ projectRoot: ${JSON.stringify(root)}, check: () => undefined });
    const peak = () => process.resourceUsage().maxRSS / 1024;
    await ${call.replace('large', 'small')};
    const before = peak();
    const { xs, values = xs } = await ${call};
    console.log(JSON.stringify({ grown: peak() - before, numbers: values.byteLength / ${MEGABYTE} }));`;
  // A small nursery: what waits there to be collected is not what is measured.
  const args = [
    '--max-semi-space-size=2',
    '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
    '--input-type=module',
    '-e',
    code,
  ];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout) as { grown: number; numbers: number };
}

test(
  'a table is in memory once',
  () =>
    withFiles({ 'small.csv': 'a,b\n1,2\n' }, async ({ root }) => {
      const columns = 100;
      const header = `${Array.from({ length: columns }, (_, i) => `c${i}`).join(',')}\n`;
      const rows = `${Array.from({ length: columns }, (_, i) => i % 10).join(',')}\n`.repeat(1200);
      const pieces = [header, ...Array.from({ length: 300 }, () => rows)];
      await pipeline(Readable.from(pieces), createWriteStream(path.join(root, 'large.csv')));
      const { grown, numbers } = await measure(root, "read.csv('large.csv')");
      expect(numbers).toBeGreaterThan(1.3 * ALL_ELSE);
      expect(grown).toBeLessThan(numbers + ALL_ELSE);
    }),
  60_000,
);

test(
  'values of a packed IDX file are in memory once',
  () =>
    withFiles({ 'small.gz': '' }, async ({ root }) => {
      const header = Buffer.from([0, 0, 8, 2, 0, 0, 0, 150, 0, 16, 0, 0]);
      const piece = Buffer.alloc(MEGABYTE, 7);
      const pieces = [header, ...Array.from({ length: 150 }, () => piece)];
      await pipeline(Readable.from(pieces), createGzip(), createWriteStream(path.join(root, 'large.gz')));
      await pipeline(
        Readable.from([Buffer.from([0, 0, 8, 1, 0, 0, 0, 1, 9])]),
        createGzip(),
        createWriteStream(path.join(root, 'small.gz')),
      );
      const { grown, numbers } = await measure(root, "read.idx('large.gz')");
      expect(numbers).toBe(150);
      expect(grown).toBeLessThan(numbers + ALL_ELSE);
    }),
  60_000,
);
