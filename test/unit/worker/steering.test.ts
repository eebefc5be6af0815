import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Steering } from '../../../src/protocol/steering.ts';
import type { FromWorker } from '../../../src/protocol/training.ts';
import { createProject, type Project } from './project.ts';
import { buildWorker, startWorker, type StartedWorker } from './workerProcess.ts';

let bundle: Awaited<ReturnType<typeof buildWorker>>;
const projects: Project[] = [];

beforeAll(async () => {
  bundle = await buildWorker();
}, 60_000);
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});
afterAll(() => bundle.remove());

interface Steered {
  readonly project: Project;
  readonly worker: StartedWorker;
  /** Asks, and gives the answer. */
  readonly steer: (steering: Steering) => Promise<Extract<FromWorker, { type: 'steered' }>>;
  readonly end: () => Promise<Extract<FromWorker, { type: 'done' }>>;
}

async function begin(
  training: Record<string, unknown> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Steered> {
  const project = await createProject(files);
  projects.push(project);
  const worker = startWorker(bundle.file, project.trainTask({}, { num_epochs: 100_000, ...training }), project.root);
  let id = 0;
  const until = async <T>(find: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (worker.child.exitCode !== null) throw new Error(JSON.stringify(worker.messages.slice(-3)));
      await sleep(5);
    }
  };
  return {
    project,
    worker,
    steer: (steering) => {
      id += 1;
      const own = id;
      worker.send({ type: 'steer', id: own, steering });
      return until(() => worker.all('steered').find((message) => message.id === own));
    },
    end: async () => {
      expect(await worker.ended).toEqual({ code: 0, signal: null });
      return worker.messages.at(-1) as Extract<FromWorker, { type: 'done' }>;
    },
  };
}

const trained = ['batch', 'epoch', 'sample'];

test('a pause holds the training where it is, and costs no processor; afterwards it goes on', async () => {
  const { worker, steer, end } = await begin();
  await worker.first('epoch');
  const paused = await steer({ type: 'pause' });
  expect(paused).toMatchObject({ isRefused: false, text: 'paused' });
  await worker.first('paused');
  const said = worker.messages.filter(({ type }) => trained.includes(type)).length;
  const before = await readTicks(worker);
  await sleep(400);
  // A training takes all of a processor: forty of these ticks.
  expect((await readTicks(worker)) - before).toBeLessThan(10);
  expect(worker.messages.filter(({ type }) => trained.includes(type))).toHaveLength(said);
  expect(await steer({ type: 'pause' })).toMatchObject({ step: paused.step, epoch: paused.epoch });
  expect(worker.all('paused')).toMatchObject([{ step: paused.step, epoch: paused.epoch }]);

  expect(await steer({ type: 'resume' })).toMatchObject({ text: 'resumed', step: paused.step });
  expect(await worker.first('unpaused')).toMatchObject({ step: paused.step });
  const later = await steer({ type: 'resume' });
  expect(later).toMatchObject({ text: 'it was not paused' });
  await steer({ type: 'stop', when: 'epoch' });
  expect(await end()).toMatchObject({ outcome: 'stopped' });
  expect(worker.all('epoch').at(-1)!.epoch).toBeGreaterThan(paused.epoch);
  // Time in which nobody trained does not make an epoch slow.
  const [resumed] = worker.all('unpaused');
  const pause = resumed!.time - worker.all('paused')[0]!.time;
  const next = worker.all('epoch').findIndex(({ epoch }) => epoch === paused.epoch + 1);
  const [earlier, during] = worker.all('epoch').slice(next - 1, next + 1);
  expect(1000 * during!.seconds).toBeLessThan(during!.time - earlier!.time - pause + 100);
});

/** Processor time of the worker, in hundredths of a second; zero where the system does not tell it. */
async function readTicks({ child }: StartedWorker): Promise<number> {
  const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

describe('a paused training can be stopped', () => {
  test.each<[string, (steered: Steered) => unknown]>([
    ['by a stop', ({ worker }) => worker.send({ type: 'stop' })],
    ['by SIGTERM', ({ worker }) => worker.child.kill('SIGTERM')],
    ['by steering', ({ steer }) => steer({ type: 'stop', when: 'now' })],
  ])('%s', async (_, stop) => {
    const steered = await begin();
    await steered.worker.first('epoch');
    await steered.steer({ type: 'pause' });
    await stop(steered);
    expect(await steered.end()).toMatchObject({ outcome: 'stopped' });
    expect((await readdir(steered.project.output)).sort()).toEqual(['history.json', 'model.json', 'weights.bin']);
  });

  test('after its epoch, for which it goes on', async () => {
    const { worker, steer, end } = await begin();
    await worker.first('epoch');
    const { epoch } = await steer({ type: 'pause' });
    await worker.first('paused');
    expect(await steer({ type: 'stop', when: 'epoch' })).toMatchObject({ text: 'stops after this epoch' });
    await end();
    expect(worker.all('epoch').at(-1)!.epoch).toBe(epoch + 1);
    expect(worker.all('unpaused')).toHaveLength(1);
  });
});

test.each(['adam', 'sgd', 'momentum', 'rmsprop', 'adagrad', 'adadelta', 'adamax'])(
  'a new learning rate holds from the next batch on: %s',
  async (optimizer) => {
    const { project, worker, steer, end } = await begin({ optimizer, learning_rate: 0.01 });
    await worker.first('epoch');
    const paused = await steer({ type: 'pause' });
    await steer({ type: 'snapshot' });
    expect(await steer({ type: 'setLearningRate', value: 1e-30 })).toMatchObject({ text: 'learning rate 1e-30' });
    const first = (await readdir(project.checkpoints)).find((name) => name.startsWith('snapshot-'));
    // Each pause holds where it is, which may be between the same two batches, or behind an epoch's last one.
    const goOn = async (from: number): Promise<number> => {
      await steer({ type: 'resume' });
      const { step } = await steer({ type: 'pause' });
      return step === from ? goOn(from) : step;
    };
    const step = await goOn(paused.step);
    // So small that no weight changes any more, however many batches follow; one that is 0 still (a bias) becomes 1e-30 or so.
    await steer({ type: 'snapshot' });
    const kept = (name: string): Promise<Float32Array> => readWeights(path.join(project.checkpoints, name));
    const weights = await kept(`snapshot-${step}`);
    expect(largestChange(weights, await kept(first!))).toBeLessThan(1e-20);
    await steer({ type: 'setLearningRate', value: 0.01 });
    await goOn(step);
    await steer({ type: 'stop', when: 'epoch' });
    await end();
    expect(largestChange(await readWeights(project.output), weights)).toBeGreaterThan(1e-6);
    expect(worker.all('epoch').at(-1)!.metrics['learning_rate']).toBe(0.01);
  },
);

async function readWeights(folder: string): Promise<Float32Array> {
  return new Float32Array(new Uint8Array(await readFile(path.join(folder, 'weights.bin'))).buffer);
}

function largestChange(now: Float32Array, before: Float32Array): number {
  expect(now).toHaveLength(before.length);
  return now.reduce((largest, value, i) => Math.max(largest, Math.abs(value - before[i]!)), 0);
}

test('a model that is only tested has no learning rate to change, and still pauses', async () => {
  const { worker, steer, end } = await begin({ num_epochs: 1, batch_size: 1 }, { 'dataloader.ts': slowTest });
  await worker.first('epoch');
  await steer({ type: 'pause' });
  expect(await steer({ type: 'setLearningRate', value: 1 })).toMatchObject({
    isRefused: true,
    text: 'The training is over, its model is being tested.',
  });
  await steer({ type: 'stop', when: 'best' });
  expect(await end()).toMatchObject({ outcome: 'stopped' });
});

const slowTest = `
const counts = { train: 16, validation: 4, test: 500_000 };
export async function load(split: 'train' | 'validation' | 'test') {
  const count = counts[split];
  return { xs: new Float32Array(count * 36), ys: Float32Array.from({ length: count * 4 }, (_, i) => +(i % 4 === 0)), shape: [6, 6, 1] };
}
`;

describe('stop at best', () => {
  test('saves the model, with the weights of the best epoch', async () => {
    const { project, worker, steer, end } = await begin();
    await worker.first('epoch');
    const answer = await steer({ type: 'stop', when: 'best' });
    expect(answer.text).toMatch(/^stopped with the weights of epoch \d+$/);
    await end();
    const losses = worker.all('epoch').map(({ metrics }) => Number(metrics['val_loss']));
    const best = losses.indexOf(Math.min(...losses)) + 1;
    expect(answer.text).toBe(`stopped with the weights of epoch ${best}`);
    expect((await readdir(project.output)).sort()).toEqual(['history.json', 'model.json', 'weights.bin']);
  });

  test('before the first epoch is over it keeps what there is, and says so', async () => {
    const { steer, end } = await begin(
      { batch_size: 1 },
      { 'dataloader.ts': slowTest.replace('train: 16', 'train: 500_000') },
    );
    expect(await steer({ type: 'stop', when: 'best' })).toMatchObject({
      text: 'stopped; no epoch was complete, so the weights are the last ones',
    });
    expect(await end()).toMatchObject({ outcome: 'stopped' });
  });
});

test('samples tell throughput and memory, at most one a second', async () => {
  const { worker, steer, end } = await begin();
  const first = await worker.first('sample');
  expect(first.examplesPerSecond).toBeGreaterThan(0);
  expect(first.resident).toBeGreaterThan(1 << 20);
  expect(first.tensors).toBeGreaterThan(0);
  expect(first.bytes).toBeGreaterThan(first.tensors);
  while (worker.all('sample').length < 3) await sleep(20);
  await steer({ type: 'stop', when: 'now' });
  await end();
  const times = worker.all('sample').map(({ time }) => time);
  for (const [index, time] of times.slice(1).entries()) expect(time - times[index]!).toBeGreaterThanOrEqual(990);
});
