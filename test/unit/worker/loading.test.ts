import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makePng } from './pngs.ts';
import { dataloader, type Project } from './project.ts';
import { useWorker } from './useWorker.ts';
import { startWorker, type StartedWorker } from './workerProcess.ts';

// What comes of the data that a dataloader gives, by trainings in the worker as it ships.

const { file: bundle, makeProject } = useWorker();

async function train(project: Project, training?: Record<string, unknown>): Promise<StartedWorker> {
  const worker = startWorker(bundle(), project.trainTask({}, training), project.root);
  await worker.ended;
  return worker;
}

const epochsOf = (worker: StartedWorker) => worker.all('epoch').map(({ epoch, metrics }) => ({ epoch, metrics }));

/** The usual pictures as bytes, and what comes of them. */
const inBytes = (toData: string): string => `${dataloader.replace('export async function load', 'async function hold')}
  export async function load(split: any, config: any, read: any): Promise<any> {
    const { xs, ys, shape } = await hold(split, config);
    const bytes = Uint8Array.from(xs, (x) => Math.round(x * 255));
    return ${toData};
  }`;
const floats = inBytes('{ xs: Float32Array.from(bytes, (byte) => byte / 255), ys, shape }');

test('bytes train as the floats that they stand for', async () => {
  const [expected, found] = [
    await train(await makeProject({ 'dataloader.ts': floats })),
    await train(await makeProject({ 'dataloader.ts': inBytes('{ xs: bytes, scale: 1 / 255, ys, shape }') })),
  ];
  expect(epochsOf(found)).toEqual(epochsOf(expected));
  expect((await found.first('test')).metrics).toEqual((await expected.first('test')).metrics);
});

test('a stream that keeps the order is validated and tested as in memory', async () => {
  const streamed = `({
    shape, scale: 1 / 255, width: 4, count: ys.length / 4,
    *batches({ epoch }: any) {
      if (epoch !== 0) throw new Error('only validation and test come as a stream here');
      for (let at = 0; at < ys.length / 4; at += 7)
        yield { xs: bytes.subarray(at * 36, (at + 7) * 36), ys: ys.subarray(at * 4, (at + 7) * 4) };
    },
  })`;
  const loader = inBytes(`split === 'train' ? { xs: bytes, scale: 1 / 255, ys, shape } : ${streamed}`);
  const projects = [await makeProject({ 'dataloader.ts': floats }), await makeProject({ 'dataloader.ts': loader })];
  const training = { metrics: ['f1', 'auc'] };
  const [expected, found] = [await train(projects[0]!, training), await train(projects[1]!, training)];
  expect(epochsOf(found)).toEqual(epochsOf(expected));
  expect((await found.first('test')).metrics).toEqual((await expected.first('test')).metrics);
  const [first, second] = projects.map(({ output }) => readFile(path.join(output, 'predictions.csv'), 'utf8'));
  expect(await second).toBe(await first);
});

test('readers work in their thread, and what they find wrong has its place', async () => {
  const project = await makeProject({
    'dataloader.ts': `export const load = (split: any, config: any, read: any) => read.csv(\`data/\${split}.csv\`);`,
    'model.ts': `export const createModel = (tf: any) => tf.sequential({ layers: [
      tf.layers.dense({ inputShape: [2], units: 1 })] });`,
  });
  for (const split of ['train', 'validation', 'test'])
    await project.write(`data/${split}.csv`, `a,b,y\n${'1,2,3\n2,1,3\n0,1,1\n'.repeat(10)}`);
  const training = { loss_function: 'mse', metric: 'mae', num_epochs: 1 };
  const worker = await train(project, training);
  expect(await worker.first('plan')).toMatchObject({ examples: 30 });
  expect(worker.messages.at(-1)).toMatchObject({ type: 'done', outcome: 'succeeded' });

  await project.write('data/validation.csv', 'a,b,y\n1,,3\n');
  expect((await train(project, training)).messages.at(-1)).toMatchObject({
    type: 'failed',
    error: {
      code: 'training-failed',
      message: expect.stringMatching(/^data\/validation\.csv:2:3: the column "b" has no value here\./),
      problems: [{ file: 'data/validation.csv', line: 2, column: 3 }],
    },
  });
  await rm(path.join(project.root, 'data/validation.csv'));
  expect((await train(project, training)).messages.at(-1)).toMatchObject({
    type: 'failed',
    error: {
      code: 'missing-file',
      message: expect.stringMatching(
        /^data\/validation\.csv is missing\. .*\(src\/models\/quarters\/dataloader\.ts:1:66\)$/,
      ),
      problems: [{ file: 'src/models/quarters/dataloader.ts', line: 1, column: 66 }],
    },
  });
});

test('images are streamed from the disk, and the same seed trains the same', async () => {
  const project = await makeProject({
    'dataloader.ts': `export const load = (split: any, config: any, read: any) =>
      read.imageStream(\`data/\${split}\`, { channels: 1, oneHot: true });`,
  });
  for (const split of ['train', 'validation', 'test'])
    for (let i = 0; i < 24; i++) {
      const lines = Array.from({ length: 6 }, (_, y) => Array.from({ length: 6 }, (__, x) => ((x + y + i) * 9) % 256));
      const file = path.join(project.root, 'data', split, String(i % 4), `${i}.png`);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, makePng({ width: 6, height: 6, lines }));
    }
  const [first, second] = [await train(project), await train(project)];
  expect(first.messages.at(-1)).toMatchObject({ type: 'done', outcome: 'succeeded' });
  expect(await first.first('plan')).toMatchObject({ examples: 24 });
  expect(epochsOf(second)).toEqual(epochsOf(first));
  expect((await readFile(path.join(project.output, 'predictions.csv'), 'utf8')).split('\n')).toHaveLength(
    1 + 24 + 24 + 1,
  );
});

test('pictures are changed for the training by the config, the same for the same seed', async () => {
  const project = await makeProject();
  const augmentation = { flip: null, shift: 0.2, rotation: 10, zoom: null, brightness: 0.1, noise: 0.01 };
  const [plain, first, second] = [
    await train(project),
    await train(project, { augmentation }),
    await train(project, { augmentation }),
  ];
  expect(epochsOf(second)).toEqual(epochsOf(first));
  expect(epochsOf(first)).not.toEqual(epochsOf(plain));
  const flat = await makeProject({
    'dataloader.ts': dataloader.replace('[6, 6, 1] };', '[36] };'),
    'model.ts': `export const createModel = (tf: any) => tf.sequential({ layers: [
      tf.layers.dense({ inputShape: [36], units: 4, activation: 'softmax' })] });`,
  });
  expect((await train(flat, { augmentation })).messages.at(-1)).toMatchObject({
    type: 'failed',
    error: { message: expect.stringMatching(/^training\.augmentation changes pictures, .*; these have 36\./) },
  });
});

test('a stream is checked as it comes, and its errors have their place', async () => {
  const streamed = (change: string): string =>
    inBytes(`({ shape, width: 4, count: ys.length / 4, *batches() { ${change} yield { xs: bytes, ys }; } })`);
  const cases: [change: string, training: Record<string, unknown>, message: RegExp][] = [
    ['ys[9] = 2;', {}, /^The split "train" has the target 2 \(example 3\): categoricalCrossentropy takes/],
    [
      "throw new Error('no more');",
      {},
      /^src\/models\/quarters\/dataloader\.ts failed \(batches of "train"\): no more/,
    ],
    ['yield { xs: bytes, ys };', {}, /dataloader\.ts gives for the split "train" batches of more than the 96 examples/],
    [
      '',
      { class_weights: 'balanced' },
      /^training\.class_weights is balanced, for which all examples are counted first;/,
    ],
  ];
  for (const [change, training, message] of cases) {
    const worker = await train(await makeProject({ 'dataloader.ts': streamed(change) }), training);
    expect(worker.messages.at(-1)).toMatchObject({
      type: 'failed',
      error: { message: expect.stringMatching(message) },
    });
  }
});
