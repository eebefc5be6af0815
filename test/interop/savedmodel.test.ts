import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensurePython, pythonMissing } from '../../scripts/testing/python.ts';
import type { ExportDocument } from '../../src/node/models/models.ts';
import type { TrainDocument } from '../../src/node/training/training.ts';
import { writeSavedModel } from '../../src/worker/export/savedModel.ts';
import { readModel } from '../../src/worker/modelFiles.ts';
import type { LayersModel, Tensor, TensorFlow } from '../../src/worker/tensorflow.ts';
import { prepareBackends, randomNumbers, values } from '../unit/worker/kernels/backends.ts';
import { models } from './savedmodels.ts';

const TENSORFLOW = '2.21.0';
const run = promisify(execFile);
const cli = path.join(import.meta.dirname, '../../dist/cli.js');
const tf: TensorFlow = { ...core, ...layers };

let folder: string;
let program: string;
beforeAll(async () => {
  await prepareBackends().on('cpu', () => undefined);
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops saved models '));
  // Some minutes and 1.3 GB on first use.
  const python = await ensurePython(`keras-tensorflow-${TENSORFLOW}`, [`tensorflow-cpu==${TENSORFLOW}`]);
  if (python === undefined) throw new Error(pythonMissing);
  program = python;
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function python(...args: readonly string[]): Promise<unknown> {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '' };
  const { stdout } = await run(program, ['-W', 'ignore', ...args], { cwd: folder, env, maxBuffer: 64 << 20 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

/** Weights that leave no part of a model without an effect. */
function randomize(model: LayersModel, seed: number): void {
  const next = randomNumbers(seed);
  for (const weight of model.weights) {
    const isVariance = weight.name.includes('variance');
    const numbers = Float32Array.from({ length: weight.shape.reduce<number>((a, b) => a * (b ?? 1), 1) }, () =>
      isVariance ? 0.5 + next() : next() - 0.5,
    );
    weight.write(tf.tensor(numbers, weight.shape as number[]));
  }
}

const namesOf = (symbols: readonly layers.SymbolicTensor[]): string[] =>
  symbols.map(({ sourceLayer: { name } }) => name).sort();

interface WrittenTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

/** What the model gives for so many examples, and what it is given. */
function predict(
  model: LayersModel,
  count: number,
): { inputs: Record<string, WrittenTensor>; outputs: Record<string, WrittenTensor> } {
  const isWords = model.layers.some(({ name }) => name.startsWith('embedding'));
  const given = model.inputs.map(({ shape }, index) => {
    const sizes = [count, ...(shape.slice(1) as number[])];
    const numbers = values(
      sizes.reduce((a, b) => a * b, 1),
      count + index,
    );
    // Word 0, and steps of zeros, are left out.
    const chosen = isWords ? numbers.map((value) => Math.max(0, Math.floor(value * 20))) : numbers;
    if (sizes.length === 3) chosen.fill(0, chosen.length - 2 * (sizes[2] ?? 0));
    return tf.tensor(chosen, sizes);
  });
  const predicted = [model.predict(given.length === 1 ? given[0]! : given)].flat();
  const write = (
    symbols: readonly layers.SymbolicTensor[],
    tensors: readonly Tensor[],
  ): Record<string, WrittenTensor> =>
    Object.fromEntries(
      tensors.map((tensor, index) => [
        symbols[index]!.sourceLayer.name,
        { shape: tensor.shape, dtype: tensor.dtype, values: Array.from(tensor.dataSync()) },
      ]),
    );
  return { inputs: write(model.inputs, given), outputs: write(model.outputs, predicted) };
}

interface Compared {
  readonly error?: string;
  readonly difference: number;
  readonly inputs: Readonly<Record<string, [string, (number | null)[]]>>;
  readonly outputs: Readonly<Record<string, [string, (number | null)[]]>>;
}

describe("TensorFlow's Python loads our SavedModel and gives the same", () => {
  let compared: Readonly<Record<string, Compared>>;
  const made = new Map<string, { readonly model: LayersModel; readonly directory: string }>();

  beforeAll(async () => {
    const cases: object[] = [];
    for (const [index, [name, create]] of Object.entries(models).entries()) {
      const directory = path.join(folder, `model ${index}`);
      const model = create();
      randomize(model, index);
      await writeSavedModel(tf, model, directory);
      made.set(name, { model, directory });
      const fixed = model.inputs[0]?.shape[0] ?? null;
      const counts = fixed === null ? [1, 7] : [fixed];
      cases.push({ folder: directory, batches: counts.map((count) => predict(model, count)) });
    }
    const file = path.join(folder, 'cases.json');
    await writeFile(file, JSON.stringify(cases));
    compared = (await python(path.join(import.meta.dirname, 'savedmodel.py'), file)) as typeof compared;
  }, 600_000);

  test.each(Object.keys(models))('%s', (name) => {
    const { model, directory } = made.get(name)!;
    const result = compared[directory]!;
    expect(result.error).toBeUndefined();
    expect(result.difference).toBeLessThan(1e-5);
    expect(Object.keys(result.inputs).sort()).toEqual(namesOf(model.inputs));
    expect(Object.keys(result.outputs).sort()).toEqual(namesOf(model.outputs));
    const [, shape] = result.inputs[model.inputs[0]!.sourceLayer.name]!;
    expect(shape).toEqual(model.inputs[0]!.shape);
  });
});

/** What MLflow makes of a folder: MLflow's own Python, with TensorFlow's packages behind its own. */
const mlflowScript = `
import json, sys
sys.path.extend(json.loads(sys.argv[2]))
import mlflow, numpy as np
loaded = mlflow.pyfunc.load_model(sys.argv[1])
(name, spec), = loaded.metadata.get_input_schema().input_dict().items()
images = np.full([2, *spec.shape[1:]], 0.5, dtype=spec.type)
(answer,) = loaded.predict({name: images}).values()
serve = mlflow.tensorflow.load_model(sys.argv[1])
import tensorflow as tf
(same,) = serve(**{name: tf.constant(images)}).values()
print(json.dumps({'run': loaded.metadata.run_id, 'answer': np.array(answer).tolist(), 'same': same.numpy().tolist(), 'shape': list(spec.shape)}))
`;

test('what the command line has trained and exported is loaded by MLflow', async () => {
  const mlflow = process.env['MLOPS_INTEROP_PYTHON'];
  if (mlflow === undefined)
    throw new Error('MLOPS_INTEROP_PYTHON must name a Python with MLflow (npm run test:interop sets it).');
  const root = path.join(folder, 'digits');
  const mlops = async (cwd: string, ...args: readonly string[]): Promise<unknown> => {
    const { stdout } = await run(process.execPath, [cli, ...args, '--json'], { cwd, maxBuffer: 64 << 20 });
    return JSON.parse(stdout);
  };
  await mlops(folder, 'new', root, '--yes');
  await mlops(root, 'run', 'features');
  const { runId } = (await mlops(
    root,
    'train',
    'configs/cnnbased.yaml',
    '--set',
    'training.num_epochs=1',
  )) as TrainDocument;
  const format = ['--format', 'savedmodel', '--out'];
  const exported = (await mlops(root, 'models', 'export', '@last', ...format, 'exports/digits')) as ExportDocument;
  expect(exported).toMatchObject({ runId, inputs: [{ shape: [-1, 28, 28, 1] }], outputs: [{ shape: [-1, 10] }] });

  const paths = (await python('-c', 'import json, site; print(json.dumps(site.getsitepackages()))')) as string[];
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '' };
  const args = ['-W', 'ignore', '-c', mlflowScript, exported.path, JSON.stringify(paths)];
  const { stdout } = await run(mlflow, args, { cwd: folder, env, maxBuffer: 64 << 20 });
  const loaded = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  expect(loaded).toMatchObject({ run: runId, shape: [-1, 28, 28, 1] });
  expect(loaded['answer']).toEqual(loaded['same']);
  const model = await readModel(tf, exported.source);
  const expected = [model.predict(tf.fill([2, 28, 28, 1], 0.5))].flat()[0]!.arraySync() as number[][];
  (loaded['answer'] as number[][]).forEach((row, index) =>
    row.forEach((value, digit) => expect(value).toBeCloseTo(expected[index]![digit]!, 5)),
  );
});
