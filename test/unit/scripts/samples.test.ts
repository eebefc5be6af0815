import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, inflateSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { readySamples } from '../templates/rendered.ts';

let folder = '';
beforeAll(async () => {
  folder = path.join(await readySamples(), 'mnist');
}, 120_000);

const unpack = async (name: string): Promise<Buffer> => gunzipSync(await readFile(path.join(folder, name)));

test.each([
  ['train', 8980],
  ['test', 1000],
])('%s has %d digits with labels, all classes in their shares', async (split, digits) => {
  const [images, labels] = await Promise.all([unpack(`${split}_images.gz`), unpack(`${split}_labels.gz`)]);
  expect([0, 4, 8, 12].map((at) => images.readUInt32BE(at))).toEqual([0x803, digits, 28, 28]);
  expect(images).toHaveLength(16 + digits * 784);
  expect([0, 4].map((at) => labels.readUInt32BE(at))).toEqual([0x801, digits]);
  const counts = Array.from({ length: 10 }, (_, label) => labels.subarray(8).filter((each) => each === label).length);
  // The package has 1001 … 978 of each; two of each are set aside.
  const available = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978].map((count) => count - 2);
  counts.forEach((count, label) => {
    expect(Math.abs(count - (available[label]! * digits) / 9980)).toBeLessThan(1);
  });
});

test('the training digits are not sorted by class', async () => {
  const labels = (await unpack('train_labels.gz')).subarray(8);
  expect(new Set(labels.subarray(0, 50)).size).toBeGreaterThan(7);
});

test('no digit is in both splits', async () => {
  const pictures = async (name: string): Promise<string[]> => {
    const data = (await unpack(name)).subarray(16);
    return Array.from({ length: data.length / 784 }, (_, i) => data.toString('latin1', i * 784, (i + 1) * 784));
  };
  const train = new Set(await pictures('train_images.gz'));
  expect((await pictures('test_images.gz')).filter((digit) => train.has(digit))).toEqual([]);
});

test('twenty pages, two of each digit, dark ink on a light page larger than the digit', async () => {
  const names = await readdir(path.join(folder, 'external'));
  expect(names.sort()).toEqual(Array.from({ length: 20 }, (_, i) => `${i >> 1}_${(i % 2) + 1}.png`));
  for (const name of names) {
    const png = await readFile(path.join(folder, 'external', name));
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    expect(Math.min(width, height)).toBeGreaterThan(3 * 28);
    const length = png.readUInt32BE(33);
    const rows = inflateSync(png.subarray(41, 41 + length));
    expect(rows).toHaveLength((width + 1) * height);
    const pixels = rows.filter((_, i) => i % (width + 1) !== 0).sort();
    expect(pixels[0]).toBeLessThan(80);
    expect(pixels[pixels.length >> 1]).toBeGreaterThan(220);
  }
});

test('built anew, the bytes are the same; built again, nothing is touched', { timeout: 120_000 }, async () => {
  const { buildSamples } = (await import(pathToFileURL(path.resolve('scripts/samples.mjs')).href)) as {
    buildSamples: (dir: string) => Promise<void>;
  };
  const other = await mkdtemp(path.join(os.tmpdir(), 'mlops-samples-'));
  try {
    await buildSamples(other);
    const manifest = path.join(other, 'mnist/manifest.json');
    expect(JSON.parse(await readFile(manifest, 'utf8'))).toEqual(
      JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8')),
    );
    const before = (await stat(manifest)).mtimeMs;
    await buildSamples(other);
    expect((await stat(manifest)).mtimeMs).toBe(before);
    // A file that was cut is made whole.
    await writeFile(path.join(other, 'mnist/test_labels.gz'), '');
    await buildSamples(other);
    expect((await stat(path.join(other, 'mnist/test_labels.gz'))).size).toBeGreaterThan(100);
  } finally {
    await rm(other, { recursive: true });
  }
});
