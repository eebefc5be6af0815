import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compiledBundle, writeCompiledTypes } from '../../../../scripts/compiledbundle.ts';
import { ensureKernels } from '../../../../scripts/kernels.ts';
import { workerBundle } from '../../../../scripts/workerbundle.ts';

// `mlops-workflow/compiled` as somebody has it who has installed the package beside TensorFlow.js, and nothing else.

const run = promisify(execFile);
const repository = path.resolve(import.meta.dirname, '../../../..');
let folder: string;
let inputs: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-compiled-'));
  const installed = path.join(folder, 'node_modules/mlops-workflow');
  const dist = path.join(installed, 'dist');
  await mkdir(dist, { recursive: true });
  await installTensorFlow(path.join(folder, 'node_modules/@tensorflow'));
  await cp(path.join(repository, 'package.json'), path.join(installed, 'package.json'));
  await cp(await ensureKernels(), path.join(dist, 'wasm'), { recursive: true });
  await writeFile(path.join(dist, 'compiled.d.ts'), await writeCompiledTypes());
  const shared = { absWorkingDir: repository, outdir: dist, logLevel: 'error', metafile: true } as const;
  const { metafile } = await esbuild.build({ ...compiledBundle, ...shared });
  inputs = Object.keys(metafile.inputs).sort();
  const { stepper } = workerBundle.entryPoints;
  await esbuild.build({ ...workerBundle, ...shared, entryPoints: { stepper } });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Its parts, and a package that gives them all, as `@tensorflow/tfjs` does. */
async function installTensorFlow(scope: string): Promise<void> {
  await mkdir(path.join(scope, 'tfjs'), { recursive: true });
  for (const name of ['tfjs-core', 'tfjs-layers', 'tfjs-backend-cpu'])
    await symlink(path.join(repository, 'node_modules/@tensorflow', name), path.join(scope, name), 'junction');
  await writeFile(path.join(scope, 'tfjs/package.json'), '{ "type": "module", "exports": "./index.js" }');
  const parts = `export * from '@tensorflow/tfjs-core'; export * from '@tensorflow/tfjs-layers';`;
  await writeFile(path.join(scope, 'tfjs/index.js'), `${parts} import '@tensorflow/tfjs-backend-cpu';`);
}

async function runExample(name: string, code: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, code);
  return (await run(process.execPath, [file], { cwd: folder })).stdout;
}

test('nothing else of the product is in it', () => {
  const shared = ['src/compiled.ts', 'src/core/random/random.ts', 'src/worker/models.ts', 'src/worker/optimizers.ts'];
  const others = inputs.filter((file) => !/^src\/(core|worker)\/compiled\//.test(file));
  expect(others).toEqual(shared);
});

test('the example of the documentation runs, and the process ends by itself', async () => {
  const page = await readFile(path.join(repository, 'docs/compiled.md'), 'utf8');
  const [, code = ''] = /```js\n(.*?)```/s.exec(page) ?? [];
  const output = await runExample('example.mjs', code);
  expect(output).toMatch(/^compiled, 1 thread(, FMA)? loss 0\.[01]\d+ accuracy (1\.00|0\.9\d)\n\[ 0, 1 \]\n$/);
});

const start = `
  const tf = { ...require('@tensorflow/tfjs-core'), ...require('@tensorflow/tfjs-layers') };
  require('@tensorflow/tfjs-backend-cpu');
  const { compileStep, NotCompiledError } = require('mlops-workflow/compiled');
  const { layers } = tf;
  const make = (more = [], options = {}) => {
    const model = tf.sequential({ layers: [layers.dense({ inputShape: [3], units: 4, activation: 'relu' }), ...more, layers.dense({ units: 1 })] });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError', metrics: ['mae'], ...options });
    return model;
  };
  const tell = (promise) => promise.then((value) => console.log(value), (error) => console.log(error.name + ': ' + error.message));
`;

test('tensors, partial batches, weights that are set: with threads, they are those of the model', async () => {
  const output = await runExample(
    'use.cjs',
    `${start}
    (async () => {
      const [model, same] = [make(), make()];
      same.setWeights(model.getWeights());
      const step = await compileStep(model, { tf, threads: 2, batchSize: 8 });
      const xs = tf.randomNormal([20, 3], 0, 1, 'float32', 5);
      const ys = tf.sum(xs, -1, true);
      const part = (t, from, size) => tf.slice(t, [from, 0], [size, t.shape[1]]);
      for (const [from, size] of [[0, 8], [8, 8], [16, 4]]) {
        const { loss, metrics } = await step.train(part(xs, from, size), await part(ys, from, size).data());
        const [expected, mae] = await same.trainOnBatch(part(xs, from, size), part(ys, from, size));
        if (!(Math.abs(loss - expected) < 1e-5 && Math.abs(metrics.mae - mae) < 1e-5)) throw new Error(loss + ' ' + expected);
      }
      const apart = async (found, wanted) => tf.max(tf.abs(tf.sub(found, wanted))).dataSync()[0] < 1e-5;
      console.log('synced', await apart(model.predict(xs), same.predict(xs)), await apart(await step.predict(xs), same.predict(xs)));
      const { loss } = await step.evaluate(xs, ys);
      console.log('explained', step.explain().split('\\n').some((line) => line.includes('= sgd(')));
      console.log('evaluated', Math.abs(loss - same.evaluate(xs, ys)[0].dataSync()[0]) < 1e-5);
      model.setWeights(same.getWeights().map((weight) => tf.zerosLike(weight)));
      console.log('set', [...(await (await step.predict([1, 2, 3])).data())]);
      await tell(step.train(new Float32Array(27), new Float32Array(9)));
      await tell(step.train(new Float32Array(7), new Float32Array(2)));
      await tell(step.train(new Float32Array(6), new Float32Array(3)));
      await step.dispose();
      await tell(step.predict([1, 2, 3]));
    })();`,
  );
  expect(output.split('\n')).toEqual([
    'synced true true',
    'explained true',
    'evaluated true',
    'set [ 0 ]',
    'RangeError: A step takes at most 8 examples, not 9; give a greater batchSize.',
    'RangeError: 7 numbers are no examples of 3: the shapes that were compiled stay.',
    'RangeError: 2 examples have targets of 2 × 1 numbers; here are 3.',
    expect.stringContaining('it has ended') as string,
    '',
  ]);
});

test('what is not compiled is refused with its sentence', async () => {
  const output = await runExample(
    'refused.cjs',
    `${start}
    (async () => {
      await tell(compileStep(make([], { loss: (truth, output) => tf.losses.huberLoss(truth, output) })));
      await tell(compileStep(tf.sequential({ layers: [layers.dense({ inputShape: [3], units: 4 })] })));
      await tell(compileStep({}));
      await tell(compileStep(make(), { threads: 0 }));
    })();`,
  );
  expect(output.split('\n')).toEqual([
    'NotCompiledError: The training step is not compiled: the loss is a function of its own.',
    'NotCompiledError: The training step is not compiled: the model has no loss yet; call model.compile first.',
    'NotCompiledError: The training step is not compiled: it is no layers model of this copy of TensorFlow.js; pass yours as the option tf.',
    'RangeError: compileStep: threads must be a whole number above 0, not 0.',
    '',
  ]);
});

test('its types are those of its interface', async () => {
  const code = `import { compileStep, type CompiledStep, NotCompiledError } from 'mlops-workflow/compiled';
    import type { LayersModel } from '@tensorflow/tfjs-layers';
    export async function use(model: LayersModel): Promise<number> {
      const step: CompiledStep = await compileStep(model, { threads: 2, clipping: { norm: 1 } });
      const { loss, metrics } = await step.train([1], new Float32Array(1));
      return loss + (metrics['acc'] ?? 0) + step.threads;
    }
    export const reasonOf = (error: unknown): string | undefined => error instanceof NotCompiledError ? error.reason : undefined;
    // @ts-expect-error: no such option
    export const wrong = (model: LayersModel) => compileStep(model, { thread: 2 });\n`;
  await writeFile(path.join(folder, 'types.mts'), code);
  const tsc = path.join(repository, 'node_modules/typescript/bin/tsc');
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', 'types.mts'];
  await expect(run(process.execPath, [tsc, ...flags], { cwd: folder })).resolves.toMatchObject({ stdout: '' });
});
