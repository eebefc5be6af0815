import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PredictTask } from '../../../src/protocol/training.ts';
import { makePng } from './pngs.ts';
import { createProject, predict, type Project } from './project.ts';
import { buildWorker, startWorker } from './workerProcess.ts';

let bundle: Awaited<ReturnType<typeof buildWorker>>;
let project: Project;
let task: PredictTask;

beforeAll(async () => {
  bundle = await buildWorker();
  project = await createProject();
  const trained = startWorker(bundle.file, project.trainTask({}, { num_epochs: 8 }), project.root);
  await trained.first('done');
  const images: string[] = [];
  for (const label of [0, 1, 2, 3]) {
    const bright = (row: number, column: number) => (row < 3 ? 0 : 2) + (column < 3 ? 0 : 1) === label;
    const lines = Array.from({ length: 6 }, (_, row) =>
      Array.from({ length: 6 }, (__, c) => (bright(row, c) ? 220 : 50)),
    );
    const file = path.join(project.root, `quarter ${label}.png`);
    await writeFile(file, makePng({ width: 6, height: 6, lines }));
    images.push(file);
  }
  const { config } = project.trainTask();
  task = {
    kind: 'predict',
    projectRoot: project.root,
    model: 'quarters',
    config,
    backends: ['wasm'],
    modelDirectory: project.output,
    images,
  };
}, 60_000);
afterAll(async () => {
  await bundle.remove();
  await project.remove();
});

test('images from outside get a label and probabilities by the saved model', async () => {
  const worker = startWorker(bundle.file, task, project.root);
  await worker.first('predicted');
  const predictions = worker.all('prediction').map(({ prediction }) => prediction);
  expect(predictions.map(({ image }) => image)).toEqual(task.images);
  expect(predictions.map(({ label }) => label)).toEqual(['0', '1', '2', '3']);
  for (const { probabilities } of predictions) {
    expect(Object.keys(probabilities)).toEqual(['0', '1', '2', '3']);
    expect(Object.values(probabilities).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
  }
  expect(await worker.ended).toEqual({ code: 0, signal: null });
});

test('answers of any number and length get through', async () => {
  const source = 'export const predict = (_: any, images: any[]) => images.map(() => ({ label: "x".repeat(60_000) }));';
  await project.write('src/models/quarters/predict.ts', source);
  const images = Array.from({ length: 10 }, () => task.images).flat();
  const worker = startWorker(bundle.file, { ...task, images }, project.root);
  await worker.first('predicted');
  expect(worker.all('prediction').map(({ prediction }) => prediction)).toEqual(
    images.map((image) => ({ image, label: 'x'.repeat(60_000), probabilities: {} })),
  );
});

describe('what goes wrong is told', () => {
  const cases: Record<string, { change?: () => Promise<Partial<PredictTask>>; predict?: string; error: object }> = {
    'an image that is none': {
      change: async () => {
        const file = path.join(project.root, 'text.png');
        await writeFile(file, 'not an image');
        return { images: [file] };
      },
      error: { code: 'bad-input', message: expect.stringMatching(/text\.png is not a PNG or JPEG image/) },
    },
    'an image that is not there': {
      change: () => Promise.resolve({ images: [path.join(project.root, 'nothere.png')] }),
      error: { code: 'missing-file', message: expect.stringMatching(/There is no image .*nothere\.png/) },
    },
    'no model': {
      change: () => Promise.resolve({ modelDirectory: project.root }),
      error: { code: 'missing-file', message: expect.stringMatching(/Train it first/) },
    },
    'fewer answers than images': {
      predict: 'export async function predict() { return []; }',
      error: { code: 'training-failed', message: expect.stringMatching(/one answer for each of the 4 images/) },
    },
    'an answer without a label': {
      predict: predict.replace('label:', 'lable:'),
      error: { code: 'training-failed', message: expect.stringMatching(/no label for .*quarter 0\.png/) },
    },
    'probabilities that do not fit the labels': {
      predict: predict.replace("['0', '1', '2', '3']", "['0', '1']"),
      error: { code: 'training-failed', message: expect.stringMatching(/gives 4 probabilities for 2 labels/) },
    },
  };
  test.each(Object.entries(cases))('%s', async (_, { change, predict: source, error }) => {
    await project.write('src/models/quarters/predict.ts', source ?? predict);
    const worker = startWorker(bundle.file, { ...task, ...(await change?.()) }, project.root);
    expect((await worker.first('failed')).error).toMatchObject(error);
    expect((await worker.ended).code).toBe(1);
  });
});
