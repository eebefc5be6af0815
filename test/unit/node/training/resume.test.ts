import { once } from 'node:events';
import { readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { planTraining, steerLiveRun } from '../../../../src/node/training/training.ts';
import { dataloader } from '../../worker/project.ts';
import { findWorkers, killHard, useGround } from './ground.ts';
import {
  augmentation,
  checkKilled,
  everything,
  models,
  readResult,
  streaming,
  toRequest,
  trainCode,
  trainHere,
  twoFits,
  writeProject,
  type Files,
  type Model,
} from './resuming.ts';

const ground = useGround('resume');

/** The training does not end before it was killed. */
const patient = { early_stopping: { monitor: 'val_loss', patience: 12, restore_best: true } };

describe.skipIf(process.platform !== 'linux')(
  'killed at random moments and resumed, a training gives the very same',
  () => {
    // All of them are killed twenty times in the layer "long".
    test.each<[model: Model, training: object, kills: number, files?: Files]>([
      ['mlp', { backend: 'wasm', optimizer: 'adam', ...everything, early_stopping: null, num_epochs: 80 }, 20],
      ['mlp', { backend: 'cpu', optimizer: 'adamax', learning_rate_schedule: { type: 'cosine' }, num_epochs: 20 }, 3],
      ['cnn', { backend: 'wasm', optimizer: 'rmsprop', num_epochs: 20, ...everything, ...patient }, 3],
      ['cnn', { backend: 'cpu', optimizer: 'adamw', num_epochs: 12, ...everything, ...patient }, 2],
      ['mlp', { backend: 'wasm', optimizer: 'adagrad', num_epochs: 10 }, 3, { code: twoFits }],
      ['cnn', { backend: 'wasm', augmentation, num_epochs: 16, ...everything, ...patient }, 2],
      ['mlp', { backend: 'wasm', augmentation, num_epochs: 24, ...everything, ...patient }, 4, { loader: streaming }],
      ['lstm', { backend: 'wasm', optimizer: 'adam', num_epochs: 10 }, 2],
      ['stateful', { backend: 'wasm', optimizer: 'rmsprop', ema: { decay: 0.9 }, num_epochs: 10 }, 3],
    ])(
      '%s %j, killed %d times',
      (model, training, kills, files = {}) => checkKilled(ground.current, { model, training, kills, files }),
      120_000,
    );
  },
);

/** For what is stopped behind an epoch: on a busy machine the stop arrives some epochs later. */
const long = { num_epochs: 16 };

describe('a resumed run', () => {
  test.each([
    ['', dataloader],
    [' of a stream', streaming],
  ])(
    'goes on in the middle of an epoch%s where it was stopped, without any checkpoint asked for',
    async (_, loader) => {
      const training = {
        backend: 'cpu',
        checkpoint: null,
        optimizer: 'momentum',
        metrics: ['auc'],
        augmentation,
        ...long,
      };
      await writeProject(ground.current, 'mlp', training, { loader });
      const expected = await readResult(ground.current, (await trainHere(ground.current)).document);
      const first = await trainHere(ground.current, { stopAfter: 2 });
      expect(first.document).toMatchObject({ outcome: 'stopped', status: 'KILLED' });
      const { document, notes } = await trainHere(ground.current, { resume: first.document.name });
      expect(document).toMatchObject({ runId: first.document.runId, outcome: 'succeeded', status: 'FINISHED' });
      expect(document.tags).not.toHaveProperty('mlops.reason');
      expect(notes[0]).toMatch(/^The training goes on from its checkpoint epoch-00\d\d(-batch-\d+)?\.$/);
      expect(await readResult(ground.current, document)).toEqual(expected);
      const events = await readFile(path.join(document.artifacts!, 'mlops', 'events.jsonl'), 'utf8');
      expect(events).toContain('"kind":"resumed"');
    },
  );

  test('has the points that were on their way when it was killed', async () => {
    await writeProject(ground.current, 'mlp', { backend: 'cpu', checkpoint: { every: 1, keep: 2 }, ...long });
    const expected = await readResult(ground.current, (await trainHere(ground.current)).document);
    const { document: first } = await trainHere(ground.current, { stopAfter: 3 });
    // As if the run's process had died between a checkpoint of the worker and its points before it.
    for (const name of ['val_loss', 'training_loss']) {
      const file = path.join(first.artifacts!, '..', 'metrics', name);
      await writeFile(file, (await readFile(file, 'utf8')).split('\n').slice(0, -2).join('\n') + '\n');
    }
    expect(await readResult(ground.current, (await trainHere(ground.current, { resume: '@last' })).document)).toEqual(
      expected,
    );
  });

  test('keeps the newest checkpoints and the best model, and no more', async () => {
    await writeProject(ground.current, 'mlp', { backend: 'cpu', checkpoint: { every: 2, keep: 2 } });
    const { document } = await trainHere(ground.current);
    const folder = path.join(document.artifacts!, 'checkpoints');
    expect((await readdir(folder)).sort()).toEqual(['best', 'epoch-0008', 'epoch-0008-end']);
    expect((await readdir(path.join(folder, 'best'))).sort()).toEqual(['best.json', 'model.json', 'weights.bin']);
    expect(JSON.parse(await readFile(path.join(folder, 'best', 'best.json'), 'utf8'))).toMatchObject({
      monitor: 'val_loss',
      value: document.metrics['val_loss']?.min?.value,
    });
  });

  test.each([
    ['', dataloader],
    [' of a stream', streaming],
  ])('goes on from a snapshot%s, without any checkpoint asked for', async (_, loader) => {
    const training = { backend: 'cpu', checkpoint: null, metrics: ['auc'], augmentation, num_epochs: 60 };
    await writeProject(ground.current, 'mlp', training, { loader });
    const expected = await readResult(ground.current, (await trainHere(ground.current)).document);
    const child = ground.current.start('train', ['configs/m.yaml']);
    const lines = createInterface({ input: child.stdout });
    const [runId] = (await once(lines, 'line')) as [string];
    await once(lines, 'line');
    const { text } = await steerLiveRun(ground.current, runId, { type: 'snapshot' });
    await killHard(child, await findWorkers(child));
    const [, snapshot, checkpoint] =
      /^snapshot checkpoints\/(snapshot-\d+); --resume can go on from it \(checkpoints\/(epoch-\S+)\)$/.exec(text) ??
      [];
    const { document, notes } = await trainHere(ground.current, { resume: runId });
    expect(notes[0]).toBe(`The training goes on from its checkpoint ${checkpoint}.`);
    expect(await readdir(path.join(document.artifacts!, 'checkpoints', snapshot!))).toContain('model.json');
    expect(await readResult(ground.current, document)).toEqual(expected);
  });

  test('without a checkpoint starts anew, in the same run', async () => {
    await writeProject(ground.current, 'mlp', { backend: 'cpu', checkpoint: null, ...long });
    const expected = await readResult(ground.current, (await trainHere(ground.current)).document);
    const { document } = await trainHere(ground.current, { stopAfter: 2 });
    await rm(path.join(document.artifacts!, 'checkpoints'), { recursive: true });
    const { notes, document: second } = await trainHere(ground.current, { resume: '@last' });
    expect(notes[0]).toBe('The run has no checkpoint: it starts from the first epoch.');
    expect(await readResult(ground.current, second)).toEqual(expected);
  });
});

test('checkpoints that can not be read are told, and the one before is taken', async () => {
  await writeProject(ground.current, 'mlp', { backend: 'cpu', ...long });
  const { document } = await trainHere(ground.current, { stopAfter: 3 });
  const folder = path.join(document.artifacts!, 'checkpoints');
  const [first, last] = (await readdir(folder)).filter((name) => name.startsWith('epoch-')).sort();
  await truncate(path.join(folder, last!, 'checkpoint.json'), 40);
  const second = await trainHere(ground.current, { resume: '@last', stopAfter: 1 });
  expect(second.warnings).toContain(
    `checkpoints/${last}/checkpoint.json is damaged or cut off: the training goes on from the one before, ${first}.`,
  );
  for (const name of (await readdir(folder)).filter((each) => each !== 'best'))
    await truncate(path.join(folder, name, 'checkpoint.json'), 0);
  const { notes } = await trainHere(ground.current, { resume: '@last', stopAfter: 1 });
  expect(notes[0]).toMatch(
    /^No checkpoint of the run can be read \(checkpoints\/epoch-\S+\/checkpoint\.json is damaged or cut off.*\): it starts from the first epoch\.$/,
  );
});

test('a training that has diverged says so at its end', async () => {
  const model =
    'tf.sequential({ layers: [tf.layers.flatten({ inputShape: [6, 6, 1] }), tf.layers.dense({ units: 4 })] })';
  const settings = {
    batch_size: 96,
    num_epochs: 4,
    optimizer: 'sgd',
    learning_rate: 100,
    loss_function: 'meanSquaredError',
  };
  await writeProject(
    ground.current,
    'mlp',
    { backend: 'cpu', ...settings },
    { code: trainCode.replace('MODEL', model) },
  );
  const { document, warnings } = await trainHere(ground.current, { overrides: ['training.learningrate=3'] });
  expect(document.outcome).toBe('succeeded');
  expect(warnings).toContainEqual(
    expect.stringMatching(/_loss is .*: the model has diverged\. A smaller training\.learning_rate/),
  );
  expect(warnings[0]).toMatch(
    /^--set training\.learningrate=3:1:23: warning: Unknown key training\.learningrate\. Did you mean "learning_rate"/,
  );
});

describe('what is refused, with a sentence', () => {
  async function check(resume: string, message: RegExp, overrides: readonly string[] = []): Promise<void> {
    const request = toRequest(ground.current);
    const ask = { ...request, resume, overrides };
    await expect(planTraining(ground.current, ask)).rejects.toThrow(message);
    await expect(trainHere(ground.current, { resume, overrides })).rejects.toThrow(message);
  }

  test('another config, backend, run', async () => {
    await writeProject(ground.current, 'mlp', { backend: 'auto', ...long });
    const { document } = await trainHere(ground.current, { stopAfter: 1, overrides: ['training.backend=cpu'] });
    await check('@last', /training\.batch_size was 8 and is 4 now\. Set it back/, ['training.batch_size=4']);
    await check('@last', /training\.ema\.decay was not set and is 0\.5 now/, ['training.ema={decay: 0.5}']);
    await check('@last', /trained on the backend cpu and goes on there only; training\.backend is wasm/, [
      'training.backend=wasm',
    ]);
    await check('nobody', /There is no run "nobody"/);
    const request = toRequest(ground.current);
    const plan = await planTraining(ground.current, { ...request, resume: '@last' });
    expect(plan.resumes).toEqual({ runId: document.runId, checkpoint: expect.stringMatching(/^epoch-000/) });
    await trainHere(ground.current, { resume: '@last' });
    await check('@last', /has ended well: there is nothing left to train/);
  });

  test('a run that goes on', async () => {
    await writeProject(ground.current, 'mlp', { backend: 'cpu', num_epochs: 100_000 });
    const child = ground.current.start('train', ['configs/m.yaml']);
    await once(createInterface({ input: child.stdout }), 'line');
    await check('@last', /is still going on\.$/);
    child.kill('SIGTERM');
    await once(child, 'close');
    await trainHere(ground.current, { resume: '@last', stopAfter: 1 });
  });

  test('other data, another model', async () => {
    await writeProject(ground.current, 'mlp', { backend: 'cpu', ...long });
    await trainHere(ground.current, { stopAfter: 1 });
    const loader = path.join(ground.current.root, 'src/models/m/dataloader.ts');
    await writeFile(loader, dataloader.replace('0.6', '0.61'));
    const { document } = await trainHere(ground.current, { resume: '@last' });
    expect(document.reason).toMatch(
      /^The training can't go on from its checkpoint .*: the examples of the split "train" are not those/,
    );
    await writeFile(loader, dataloader);
    const code = trainCode.replace('MODEL', models.mlp);
    await writeFile(path.join(ground.current.root, 'src/models/m/train.ts'), code.replace('units: 8', 'units: 9'));
    const { document: second } = await trainHere(ground.current, { resume: '@last' });
    expect(second.reason).toMatch(/Its weight for \S+ is 36×8, the model's is 36×9\./);
    await writeFile(path.join(ground.current.root, 'src/models/m/train.ts'), code);
    expect((await trainHere(ground.current, { resume: '@last' })).document.status).toBe('FINISHED');
  });
});
