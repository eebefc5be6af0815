import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parsePredictions, reportClasses, toAnswerFacts } from '../../../src/core/classification/classification.ts';
import { trainingProtocolVersion, type FromWorker } from '../../../src/protocol/training.ts';
import { dataloader, type Project } from './project.ts';
import { useWorker } from './useWorker.ts';
import { startWorker, type StartedWorker } from './workerProcess.ts';

const { file: bundle, makeProject } = useWorker();

/** One whole training; gives what it said and left. */
async function train(
  project: Project,
  change?: Parameters<Project['trainTask']>[0],
  training?: Parameters<Project['trainTask']>[1],
): Promise<StartedWorker> {
  const worker = startWorker(bundle(), project.trainTask(change, training), project.root);
  await worker.ended;
  return worker;
}

const epochsOf = (worker: StartedWorker) => worker.all('epoch').map(({ epoch, metrics }) => ({ epoch, metrics }));

describe('a training', () => {
  test('is told step by step, saved whole, tested and described', async () => {
    const project = await makeProject();
    const worker = await train(project, { backends: ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'] });
    expect(worker.stderr()).toBe('');
    expect(worker.messages[0]).toMatchObject({
      type: 'hello',
      protocol: trainingProtocolVersion,
      pid: worker.child.pid,
    });
    const backend = await worker.first('backend');
    expect(backend).toMatchObject({ name: 'wasm', version: '4.22.0', threads: 1 });
    expect(backend.passedOver.map(({ name, available }) => [name, available])).toEqual([
      ['tfjs-node-gpu', false],
      ['tfjs-node', false],
      ['webgpu', false],
    ]);
    expect(await worker.first('plan')).toMatchObject({ epochs: 4, batches: 6, examples: 96 });
    expect((await worker.first('batch')).step).toBe(1);
    const epochs = worker.all('epoch');
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(Object.keys(epochs[0]!.metrics)).toEqual([
      'training_loss',
      'training_accuracy',
      'val_loss',
      'val_accuracy',
      'learning_rate',
    ]);
    expect(epochs[3]!.metrics['learning_rate']).toBeCloseTo(0.02);
    expect(epochs[3]!.metrics['training_loss']).toBeLessThan(Number(epochs[0]!.metrics['training_loss']));
    const tested = await worker.first('test');
    expect(Object.keys(tested.metrics)).toEqual([
      'test_loss',
      'test_accuracy',
      'test_precision',
      'test_recall',
      'test_f1',
    ]);
    expect(tested.metrics['test_accuracy']).toBeGreaterThan(0.9);
    expect(worker.messages.at(-1)).toMatchObject({
      type: 'done',
      outcome: 'succeeded',
      signature: { inputShape: [6, 6, 1], outputShape: [4] },
    });
    expect((worker.messages.at(-1) as { examplesPerSecond: number }).examplesPerSecond).toBeGreaterThan(0);
    expect(await worker.ended).toEqual({ code: 0, signal: null });

    expect((await readdir(project.output)).sort()).toEqual([
      'history.json',
      'model.json',
      'predictions.csv',
      'weights.bin',
    ]);
    const history = JSON.parse(await readFile(path.join(project.output, 'history.json'), 'utf8'));
    expect(history.epoch).toEqual([1, 2, 3, 4]);
    expect(history.val_loss).toEqual(epochs.map(({ metrics }) => metrics['val_loss']));
    const rows = (await readFile(path.join(project.output, 'predictions.csv'), 'utf8')).trimEnd().split('\n');
    expect(rows[0]).toBe('split,label,predicted,probabilities');
    expect(rows).toHaveLength(1 + 24 + 24);
    expect(rows[1]).toMatch(/^validation,0,[0-3],\d\.\d{6}( \d\.\d{6}){3}$/);
    expect(rows[25]).toMatch(/^test,0,/);
    const right = rows.slice(25).filter((row) => row.split(',')[1] === row.split(',')[2]).length;
    expect(tested.metrics['test_accuracy']).toBeCloseTo(right / 24);
    const answers = toAnswerFacts(parsePredictions(rows.join('\n'), 'predictions.csv').value ?? []);
    expect(answers).toMatchObject({ split: 'test', classes: ['0', '1', '2', '3'], curves: [{}, {}, {}, {}] });
    const { accuracy, macro } = reportClasses({ classes: answers!.classes, counts: Uint32Array.from(answers!.counts) });
    expect(accuracy).toBeCloseTo(Number(tested.metrics['test_accuracy']), 9);
    expect(macro.f1).toBeCloseTo(Number(tested.metrics['test_f1']), 9);
  });

  test('gives the same numbers for the same seed, others for another', async () => {
    const project = await makeProject();
    const [first, second, other] = [await train(project), await train(project), await train(project, { seed: 7 })];
    expect(epochsOf(second)).toEqual(epochsOf(first));
    expect((await second.first('test')).metrics).toEqual((await first.first('test')).metrics);
    expect(epochsOf(other)).not.toEqual(epochsOf(first));
  });

  test('goes on wasm as on cpu', async () => {
    const project = await makeProject();
    // What is dropped out is drawn otherwise by compiled steps.
    const [wasm, cpu] = [await train(project, {}, { compile: false }), await train(project, { backends: ['cpu'] })];
    expect((await cpu.first('backend')).name).toBe('cpu');
    epochsOf(cpu).forEach(({ metrics }, index) => {
      const found = epochsOf(wasm)[index]!.metrics;
      for (const [name, value] of Object.entries(metrics)) expect(Number(found[name])).toBeCloseTo(Number(value), 3);
    });
  });

  test('with one number for the label rounds it; with amounts it is tested by the metric', async () => {
    const oneNumber = (toTarget: string) => ({
      'dataloader.ts': `${dataloader.replace('export async function load', 'async function classes')}
        export async function load(split: any, config: any): Promise<any> {
          const { xs, ys, shape } = await classes(split, config);
          return { xs, ys: Float32Array.from({ length: ys.length / 4 }, (_, i) => ${toTarget}), shape };
        }`,
      'model.ts': `export const createModel = (tf: any) => tf.sequential({ layers: [
        tf.layers.flatten({ inputShape: [6, 6, 1] }), tf.layers.dense({ units: 1 })] });`,
    });
    const digits = await makeProject(oneNumber('i % 4'));
    const training = { loss_function: 'mae', metric: 'mse', num_epochs: 40 };
    const rounded = await train(digits, {}, training);
    expect(rounded.stderr()).toBe('');
    expect(Object.keys(epochsOf(rounded)[0]!.metrics)).toContain('val_mse');
    expect(Object.keys((await rounded.first('test')).metrics)).toEqual([
      'test_loss',
      'test_mse',
      'test_accuracy',
      'test_precision',
      'test_recall',
      'test_f1',
    ]);
    const rows = (await readFile(path.join(digits.output, 'predictions.csv'), 'utf8')).trimEnd().split('\n').slice(1);
    for (const row of rows) expect(row).toMatch(/^(validation|test),[0-3],[0-3],$/);

    for (const [toTarget, first] of [
      ['(i % 4) + 0.5', '0\\.5'],
      ['(i % 4) * 50', '0'],
    ] as const) {
      const amounts = await makeProject(oneNumber(toTarget));
      const regression = await train(amounts, {}, { ...training, num_epochs: 1 });
      expect(Object.keys((await regression.first('test')).metrics)).toEqual(['test_loss', 'test_mse']);
      const table = await readFile(path.join(amounts.output, 'predictions.csv'), 'utf8');
      expect(table).toMatch(new RegExp(`\nvalidation,${first},-?\\d+\\.\\d`));
    }
  });

  test('lets user code compile, log, tag, print and fit twice', async () => {
    const project = await makeProject({
      'train.ts': `
        import { createModel } from './model.ts';
        export async function train({ tf, config, data, run, fit }: any) {
          const model = createModel(tf, config);
          model.compile({ optimizer: tf.train.sgd(0.5), loss: 'meanSquaredError', metrics: ['accuracy', tf.metrics.meanAbsoluteError] });
          console.log('hello from user code');
          console.error('{"type":"done","outcome":"succeeded"}');
          run.logMetric('grams', 1.5, 3);
          run.setTag('colour', 'blue');
          run.setTag('weights', model.countParams());
          run.setTag('clip', config.model.clip);
          await fit(model);
          run.logMetric('kilograms', NaN);
          const { history } = await fit(model, { train: data.train });
          run.logMetric('epochs', history.training_loss.length, 8);
        }`,
    });
    const { config } = project.trainTask({}, { num_epochs: 2 });
    const worker = await train(project, { config: { ...config, model: { clip: -Infinity } } });
    expect(worker.stdout()).toBe('hello from user code\n');
    expect(worker.stderr()).toBe('{"type":"done","outcome":"succeeded"}\n');
    expect(worker.all('metric')).toMatchObject([
      { name: 'grams', value: 1.5, step: 3 },
      { name: 'kilograms', value: 'NaN', step: 2 },
      { name: 'epochs', value: 4, step: 8 },
    ]);
    expect(worker.all('tag').filter(({ name }) => !name.startsWith('mlops.'))).toMatchObject([
      { name: 'colour', value: 'blue' },
      { name: 'weights', value: '300' },
      { name: 'clip', value: '-Infinity' },
    ]);
    expect(epochsOf(worker).map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(epochsOf(worker)[0]!.metrics).toMatchObject({ learning_rate: 0.5 });
    expect(Object.keys(epochsOf(worker)[0]!.metrics)).toEqual(
      expect.arrayContaining(['training_mae', 'val_mae', 'val_accuracy']),
    );
    expect(Object.keys(epochsOf(worker)[3]!.metrics)).not.toContain('val_loss');
    expect(worker.messages.at(-1)).toMatchObject({ type: 'done', outcome: 'succeeded' });
  });

  test('ends early when the watched value gets no better', async () => {
    const project = await makeProject();
    const early_stopping = { monitor: 'val_loss', patience: 2, min_delta: 1000 };
    const worker = await train(project, {}, { num_epochs: 50, early_stopping });
    expect(epochsOf(worker)).toHaveLength(3);
    expect(worker.messages.at(-1)).toMatchObject({ type: 'done', outcome: 'succeeded' });
  });

  test('stops after the current batch, and the model is saved', async () => {
    const project = await makeProject();
    const worker = startWorker(bundle(), project.trainTask({}, { num_epochs: 100_000 }), project.root);
    await worker.first('epoch');
    worker.send({ type: 'stop' });
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(worker.messages.at(-1)).toMatchObject({ type: 'done', outcome: 'stopped' });
    expect((await readdir(project.output)).sort()).toEqual(['history.json', 'model.json', 'weights.bin']);
    expect(worker.all('test')).toEqual([]);
  });

  test('stops while the model is tested, and the model is saved', async () => {
    const project = await makeProject({
      'dataloader.ts': dataloader
        .replace('test: 24', 'test: 200_000')
        .replace('const count =', "if (split === 'test') console.log('to be tested');\n  const count ="),
    });
    const worker = startWorker(bundle(), project.trainTask({}, { num_epochs: 1, batch_size: 1 }), project.root);
    await once(worker.child.stdout!, 'data');
    worker.send({ type: 'stop' });
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(worker.messages.at(-1)).toMatchObject({ type: 'done', outcome: 'stopped', signature: { outputShape: [4] } });
    expect((await readdir(project.output)).sort()).toEqual(['history.json', 'model.json', 'weights.bin']);
    expect(worker.all('test')).toEqual([]);
  });

  test('stops on SIGTERM as on a message', async () => {
    const project = await makeProject();
    const worker = startWorker(bundle(), project.trainTask({}, { num_epochs: 100_000 }), project.root);
    await worker.first('epoch');
    worker.child.kill('SIGTERM');
    await worker.ended;
    expect(worker.messages.at(-1)).toMatchObject({ type: 'done', outcome: 'stopped' });
  });

  test('sends at most five batches a second', async () => {
    const project = await makeProject();
    const worker = await train(project, {}, { num_epochs: 20 });
    const times = worker.all('batch').map(({ time }) => time);
    const seconds = worker.all('epoch').reduce((sum, epoch) => sum + epoch.seconds, 0);
    expect(times.length).toBeLessThanOrEqual(20 + 5 * seconds);
  });
});

/** A train.ts of which line 2, from column 3, is the statement. */
const trainThat = (statement: string) => ({
  'train.ts': `export async function train({ run, tf }: any) {\n  ${statement}\n}\n`,
});

describe('what goes wrong in user code names its place', () => {
  const cases: Record<string, { files: Record<string, string>; message: RegExp; place?: string; code?: string }> = {
    'an error in createModel': {
      files: {
        'model.ts': 'export function createModel(tf: any) {\n  const a: number = 1;\n  return nothing.here;\n}\n',
      },
      message:
        /train\.ts failed \(train\): ReferenceError: nothing is not defined \(src\/models\/quarters\/model\.ts:3:3\)/,
      place: 'src/models/quarters/model.ts:3:3',
    },
    'an error that TensorFlow.js finds': {
      files: {
        'model.ts': `export function createModel(tf: any) {
  return tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [6, 6, 1], activation: 'reluu' })] });
}\n`,
      },
      message: /: There is no activation "reluu"\. Did you mean relu/,
      place: 'src/models/quarters/model.ts:2:45',
    },
    'a missing export': {
      files: { 'train.ts': 'export const trian = 1;\n' },
      message: /train\.ts must export a function "train"; it exports trian\./,
      place: 'src/models/quarters/train.ts:1:1',
    },
    'a syntax error': {
      files: { 'train.ts': 'export const a = 1;\nconst b: number = ;\n' },
      message: /SyntaxError/,
      place: 'src/models/quarters/train.ts:2:19',
    },
    'TypeScript that is more than types': {
      files: { 'model.ts': 'export enum Kind { A }\n' },
      message: /enum is not supported/,
      place: 'src/models/quarters/model.ts:1:8',
    },
    'an import of what is not there': {
      files: {
        'model.ts': "import fs from 'node:fs';\nimport { x } from './nowhere.ts';\nexport const createModel = x;\n",
      },
      message: /Cannot find module/,
      place: 'src/models/quarters/model.ts:2:22',
    },
    'inputs that are no whole examples': {
      files: {
        'dataloader.ts':
          'export const a = 1;\nexport async function load() {\n  return { xs: new Float32Array(71), ys: new Float32Array(8), shape: [6, 6, 1] };\n}\n',
      },
      message:
        /dataloader\.ts gives for the split "train" 71 inputs, which is not a whole number of examples of 36 numbers each \(shape 6×6×1\)/,
      place: 'src/models/quarters/dataloader.ts:2:23',
    },
    'targets that do not fit the inputs': {
      files: {
        'dataloader.ts':
          'export async function load() {\n  return { xs: new Float32Array(108), ys: new Float32Array(4), shape: [36] };\n}\n',
      },
      message: /4 targets for 3 examples/,
      place: 'src/models/quarters/dataloader.ts:1:23',
    },
    'nothing from the dataloader': {
      files: { 'dataloader.ts': 'export async function load() {}\n' },
      message: /no \{ xs, ys, shape \}/,
    },
    'examples that the model does not take': {
      files: {
        'dataloader.ts': dataloader.replace('shape: [6, 6, 1]', 'shape: [36]').replace('shape: number[]', 'shape: any'),
      },
      message: /The dataloader gives examples of shape 36, the model takes 6×6×1/,
    },
    'an initializer that there is not': {
      files: {
        'model.ts': `export const createModel = (tf: any) => tf.sequential({ layers: [
        tf.layers.dense({ inputShape: [36], units: 4, kernelInitializer: 'hNormal' })] });`,
      },
      message: /: There is no initializer "hNormal"\. Did you mean heNormal/,
    },
    'targets that the model does not give': {
      files: {
        'model.ts': `export const createModel = (tf: any) => tf.sequential({ layers: [
        tf.layers.flatten({ inputShape: [6, 6, 1] }), tf.layers.dense({ units: 3 })] });`,
      },
      message: /The dataloader gives targets of 4 numbers, the model gives 3/,
    },
    'no model': {
      files: { 'train.ts': 'export async function train() {}\n' },
      message: /train\.ts must return the trained model or fit one/,
      place: 'src/models/quarters/train.ts:1:23',
    },
    'something else than a model': {
      files: { 'train.ts': 'export async function train() { return { model: 1 }; }\n' },
      message: /must return a layers model/,
    },
    'a metric without a name': {
      files: trainThat('run.logMetric(undefined, 1, 1);'),
      message: /TypeError: run\.logMetric: the name must be a text, not undefined\. \(/,
      place: 'src/models/quarters/train.ts:2:7',
    },
    'a metric that is a tensor': {
      files: trainThat("run.logMetric('loss', tf.scalar(1), 1);"),
      message: /run\.logMetric: the value of "loss" must be a number, not /,
      place: 'src/models/quarters/train.ts:2:7',
    },
    'a metric between two steps': {
      files: trainThat("run.logMetric('loss', 1, 0.5);"),
      message: /run\.logMetric: the step of "loss" must be a whole number, not 0\.5\./,
      place: 'src/models/quarters/train.ts:2:7',
    },
    'a metric at step NaN': {
      files: trainThat("run.logMetric('loss', 1, NaN);"),
      message: /the step of "loss" must be a whole number, not NaN\./,
    },
    'a tag without a value': {
      files: trainThat("run.setTag('colour');"),
      message: /run\.setTag: the value of "colour" must be a text, not undefined\./,
      place: 'src/models/quarters/train.ts:2:7',
    },
    'an error of more than a megabyte': {
      files: trainThat("throw new RangeError('so much: ' + 'x'.repeat(1_100_000));"),
      message: /train\.ts failed \(train\): RangeError: so much: x+… \(src\/models\/quarters\/train\.ts:2:9\)$/,
      place: 'src/models/quarters/train.ts:2:9',
    },
    'something thrown that holds itself': {
      files: trainThat('const circle: any = { colour: 1n }; circle.itself = circle; throw circle;'),
      message: /it threw .*colour: 1n/,
    },
    'an end of the process': {
      files: trainThat('process.exit(0);'),
      message: /failed \(train\): process\.exit was called: a project's code ends by returning, or by an error\. \(/,
      place: 'src/models/quarters/train.ts:2:11',
    },
    'more memory than there can be': {
      files: trainThat('new Float32Array(2 ** 40);'),
      message: /failed \(train\): RangeError: (Invalid typed array length|Array buffer allocation failed)/,
      place: 'src/models/quarters/train.ts:2:3',
    },
    'a split without examples': {
      files: {
        'dataloader.ts':
          'export async function load(split: string) {\n  const count = split === "validation" ? 0 : 4;\n  return { xs: new Float32Array(36 * count), ys: new Float32Array(4 * count), shape: [6, 6, 1] };\n}\n',
      },
      message: /dataloader\.ts gives for the split "validation" no examples\./,
      place: 'src/models/quarters/dataloader.ts:1:23',
    },
    'a promise that nobody waits for': {
      files: {
        'train.ts': `export async function train() {\n  void Promise.reject(new Error('forgotten'));\n  await new Promise((resolve) => setTimeout(resolve, 60_000));\n}\n`,
      },
      message: /forgotten/,
    },
  };
  test.each(Object.entries(cases))('%s', async (_, { files, message, place }) => {
    const project = await makeProject(files);
    const worker = await train(project);
    const last = worker.messages.at(-1) as Extract<FromWorker, { type: 'failed' }>;
    expect(last.type).toBe('failed');
    expect(last.error.message).toMatch(message);
    if (place !== undefined) {
      expect(last.error.code).toBe('training-failed');
      expect(last.error.problems.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([place]);
    }
    expect((await worker.ended).code).toBe(1);
    expect(await readdir(project.output)).toEqual([]);
  });

  test('a missing file', async () => {
    const project = await makeProject();
    const worker = await train(project, { model: 'nothere' });
    expect(worker.messages.at(-1)).toMatchObject({
      type: 'failed',
      error: { code: 'missing-file', message: 'src/models/nothere/dataloader.ts is missing: the training needs it.' },
    });
  });
});

describe('what goes wrong in the configuration', () => {
  const cases: Record<string, { training: Record<string, unknown>; message: RegExp; code: string }> = {
    'an unknown loss': {
      training: { loss_function: 'categoricalCrosentropy' },
      message: /There is no loss function "categoricalCrosentropy"\. Did you mean categoricalcrossentropy/,
      code: 'bad-input',
    },
    'an unknown metric': {
      training: { metric: 'acuracy' },
      message: /no metric "acuracy"\. Did you mean accuracy/,
      code: 'bad-input',
    },
    'an unknown optimizer': {
      training: { optimizer: 'adamm' },
      message: /no optimizer "adamm"\. Did you mean adam/,
      code: 'bad-input',
    },
    'a learning rate that blows up': {
      training: { optimizer: 'sgd', learning_rate: 1e30, loss_function: 'mse' },
      message: /^loss is NaN at epoch [12], batch \d of 6; a smaller training\.learning_rate may help/,
      code: 'training-failed',
    },
  };
  test.each(Object.entries(cases))('%s', async (_, { training, message, code }) => {
    const project = await makeProject({
      'model.ts': `export const createModel = (tf: any) => tf.sequential({ layers: [
        tf.layers.flatten({ inputShape: [6, 6, 1] }), tf.layers.dense({ units: 4 })] });`,
    });
    const last = (await train(project, {}, training)).messages.at(-1) as Extract<FromWorker, { type: 'failed' }>;
    expect(last.type).toBe('failed');
    expect(last.error.message).toMatch(message);
    expect(last.error.code).toBe(code);
  });

  test('no backend that works', async () => {
    const worker = await train(await makeProject(), { backends: ['tfjs-node', 'webgpu'] });
    expect(worker.messages.at(-1)).toMatchObject({
      type: 'failed',
      error: { message: /None of the backends asked for can be used here\. tfjs-node: .*not installed.* webgpu: / },
    });
  });
});
