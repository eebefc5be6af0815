import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAugment, type Augmentation } from '../../../src/worker/augmentation.ts';
import { createPreparing } from '../../../src/worker/preparing.ts';
import { withFiles } from './readers/files.ts';
import { buildWorker } from './workerProcess.ts';

let bundle: Awaited<ReturnType<typeof buildWorker>>;
let thread: string;
beforeAll(async () => {
  bundle = await buildWorker();
  thread = path.join(path.dirname(bundle.file), 'preparer.js');
}, 60_000);
afterAll(() => bundle.remove());

const augmentation: Augmentation = {
  settings: { flip: 'both', shift: 0.3, rotation: 10, zoom: 0.1, brightness: 0.1, noise: 0.1 },
  shape: [4, 4],
  seed: 42,
};
const pictures = Float32Array.from({ length: 32 }, (_, i) => i);
const numbers = Uint32Array.of(3, 1);

test('a thread does what is asked for, and memory is handed over', async () => {
  const prepare = createPreparing(thread);
  const expected = pictures.slice();
  createAugment(augmentation)(expected, numbers, 2);
  const given = pictures.slice();
  expect(await prepare('augment', augmentation, given, numbers.slice(), 2)).toEqual(expected);
  expect(given.length).toBe(0);
});

test('asked for several things at once it answers each; what is wrong comes back as what it is', () =>
  withFiles({ 'good.csv': 'a,b\n1,2\n', 'bad.csv': 'a,b\nx,2\n' }, async ({ root }) => {
    const prepare = createPreparing(thread);
    const file = (name: string) => ({ absolute: path.join(root, name), name });
    const [good, bad, missing] = await Promise.allSettled([
      prepare('csv', file('good.csv')),
      prepare('csv', file('bad.csv')),
      prepare('idx', file('none.idx')),
    ]);
    expect(good).toMatchObject({ value: { xs: Float32Array.of(1), ys: Float32Array.of(2) } });
    expect(bad).toMatchObject({
      reason: { code: 'training-failed', problems: [{ file: 'bad.csv', line: 2, column: 1 }] },
    });
    expect(missing).toMatchObject({ reason: { code: 'missing-file' } });
  }));

test('where there is no thread the same is done here', async () => {
  const prepare = createPreparing('/nowhere/preparer.js');
  const given = pictures.slice();
  expect(await prepare('augment', augmentation, given, numbers, 2)).toBe(given);
  expect(given).not.toEqual(pictures);
});

test('a thread that dies fails what was asked of it, and what is asked later', async () => {
  const broken = path.join(path.dirname(thread), 'broken.js');
  await writeFile(broken, "require('node:worker_threads').parentPort.once('message', () => process.exit(3));");
  const prepare = createPreparing(broken);
  for (let i = 0; i < 2; i++)
    await expect(prepare('augment', augmentation, pictures.slice(), numbers.slice(), 1)).rejects.toThrow(
      'The thread that prepares data has ended.',
    );
});
