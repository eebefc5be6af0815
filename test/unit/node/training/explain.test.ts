import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { explainTraining, type ExplainDocument } from '../../../../src/node/training/explain.ts';
import { useGround } from './ground.ts';

const ground = useGround('explain');

const layers = `[tf.layers.dense({ inputShape: [3], units: 4, activation: 'relu' }), tf.layers.dense({ units: 2, activation: 'softmax' })]`;

async function explain(code: string, overrides: readonly string[] = []): Promise<ExplainDocument> {
  const { root, env, installation } = ground.current;
  const write = (file: string, text: string): Promise<void> => ground.current.write(file, text);
  await write(
    'configs/m.yaml',
    'training: {batch_size: 4, num_epochs: 3, loss_function: ce, metric: accuracy, backend: wasm}\n',
  );
  await write(
    'src/models/m/dataloader.ts',
    `export const load = () => ({ xs: new Float32Array(24), ys: Float32Array.from({ length: 16 }, (_, i) => i % 2), shape: [3] });\n`,
  );
  await write(
    'src/models/m/train.ts',
    `export async function train({ tf, data, fit }: any): Promise<any> {\n${code}\n}\n`,
  );
  const request = { config: 'configs/m.yaml', cwd: root, env, installation, overrides };
  return explainTraining({ root }, request, new AbortController().signal);
}

const fitting = `const model = tf.sequential({ layers: ${layers} }); await fit(model, data); return model;`;

test('a step is explained, and nothing is trained or left', async () => {
  const document = await explain(fitting, ['training.threads=1']);
  expect(document).toMatchObject({ config: 'configs/m.yaml', model: 'm', backend: 'wasm' });
  expect(document.way).toMatch(/^compiled, 1 thread/);
  const { lines } = document;
  expect(lines[0]).toMatch(/^compiled, 1 thread.*, \d+\.\d MiB for up to 4 examples$/);
  expect(lines.filter((line) => line.startsWith('#'))).toEqual(['# training', '# validation']);
  expect(lines.filter((line) => line.includes('= adam('))).toHaveLength(4);
  expect((await readdir(ground.current.root)).sort()).toEqual(['configs', 'dvc.yaml', 'package.json', 'src']);
});

test('why it is not compiled is told, by code that goes on all the same, too', async () => {
  const { lines } = await explain(
    `try { ${fitting} } catch { await fit(tf.sequential({ layers: ${layers} }), data); }`,
    ['training.compile=false'],
  );
  expect(lines).toEqual(['operation by operation']);
});

test('a training that calls no fit has nothing to explain; one that fails says so', async () => {
  await expect(explain(`return tf.sequential({ layers: ${layers} });`)).rejects.toThrow(
    'train.ts of m has not called fit: there is no step to explain.',
  );
  await expect(explain('throw new Error("over");')).rejects.toThrow('over');
});
