import { chmod, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { train, type TrainDocument } from '../../../../src/node/training/training.ts';
import { dataloader } from '../../worker/project.ts';
import { useGround } from './ground.ts';
import { trainHere, toRequest, writeProject } from './resuming.ts';

// What a project may do wrong, all the way through: one outcome each, and a run that says why. Which sentence it is, and at which
// place, is held by test/unit/worker/training.test.ts; configs are by test/unit/core/config.

const ground = useGround('bad-input');

async function check(document: TrainDocument, reason: RegExp): Promise<void> {
  expect(document).toMatchObject({ outcome: 'failed', status: 'FAILED', modelPath: null });
  expect(document.reason).toMatch(reason);
  const run = await (await ground.current.openStore()).findRun(document.runId);
  expect(run.tags['mlops.reason']).toBe(document.reason);
}

const dense = `tf.sequential({ layers: [
    tf.layers.flatten({ inputShape: [6, 6, 1], name: 'pixels' }), tf.layers.dense({ units: 4, name: 'kinds' })] })`;
const trainIt = (model: string, before = ''): string => `
export async function train({ tf, fit }) {
  ${before}
  const model = ${model};
  await fit(model);
  return model;
}
`;

describe('the run is FAILED and says why', () => {
  test.each<[what: string, reason: RegExp, change: { code?: string; loader?: string; training?: object }]>([
    [
      'inputs of another shape, with the layer',
      /The dataloader gives examples of shape 6×6×1, the model takes 36 \(layer "pixels_input"\)/,
      {
        code: trainIt(
          dense.replace(
            "tf.layers.flatten({ inputShape: [6, 6, 1], name: 'pixels' })",
            "tf.layers.reshape({ inputShape: [36], targetShape: [36], name: 'pixels' })",
          ),
        ),
      },
    ],
    [
      'targets of another size, with the layer',
      /targets of 4 numbers, the model gives 7 \(layer "kinds"\)/,
      { code: trainIt(dense.replace('units: 4', 'units: 7')) },
    ],
    [
      'layers that do not fit each other',
      /train\.ts failed \(train\): .*layer late: expected ndim=4, found ndim=2/,
      {
        code: trainIt(
          dense.replace(
            'tf.layers.dense',
            "tf.layers.conv2d({ filters: 1, kernelSize: 3, name: 'late' }), tf.layers.dense",
          ),
        ),
      },
    ],
    [
      'a kernel that is larger than the picture',
      /train\.ts failed \(train\): Negative dimension size caused by adding layer pixels with input shape \[,6,6,1\]/,
      {
        code: trainIt(
          dense
            .replace('tf.layers.flatten({ inputShape', 'tf.layers.conv2d({ filters: 1, kernelSize: 9, inputShape')
            .replace("name: 'pixels' }),", "name: 'pixels' }), tf.layers.flatten(),"),
        ),
      },
    ],
    [
      'labels out of range',
      /The split "train" has the target 9 \(example 2\): sparseCategoricalCrossentropy takes whole numbers from 0 to 3/,
      {
        code: trainIt(dense),
        loader:
          'export const load = () => ({ xs: new Float32Array(36 * 8), ys: Float32Array.of(0, 9, 1, 2, 3, 0, 1, 2), shape: [6, 6, 1] });',
        training: { loss_function: 'sparse_categorical_crossentropy' },
      },
    ],
    [
      'a batch that a layer with a state does not take',
      /takes batches of exactly 16 examples \(layer "pixels_input"\); training\.batch_size is 8\./,
      { code: trainIt(dense.replace('inputShape: [', 'batchInputShape: [16, ')) },
    ],
    [
      'an end to such batches that is too short',
      /takes batches of exactly 7 examples \(layer "pixels_input"\); there are 96 to train with\./,
      { code: trainIt(dense.replace('inputShape: [', 'batchInputShape: [7, ')), training: { batch_size: 7 } },
    ],
    [
      'an unknown optimizer',
      /no optimizer "adm"\. Did you mean adam/,
      { code: trainIt(dense), training: { optimizer: 'adm' } },
    ],
    ['an end of the process', /process\.exit was called/, { code: trainIt(dense, 'process.exit();') }],
    [
      'an end of the process by a signal',
      /^worker died \(SIGKILL\)$/,
      { code: trainIt(dense, "process.kill(process.pid, 'SIGKILL');") },
    ],
    ['a missing file', /is missing|Cannot find module/, { code: "import './nowhere.ts';\n" }],
  ])('%s', async (_, reason, { code, loader = dataloader, training = {} }) => {
    await writeProject(
      ground.current,
      'mlp',
      { backend: 'cpu', num_epochs: 2, ...training },
      { loader, ...(code === undefined ? {} : { code }) },
    );
    await check((await trainHere(ground.current)).document, reason);
  });

  test('a loss that is no number: with its batch, and the last good checkpoint stays', async () => {
    const code = trainIt(dense).replace(
      'await fit(model);',
      `await fit(model);
  model.layers[1].setWeights([tf.fill([36, 4], NaN), tf.zeros([4])]);
  await fit(model);`,
    );
    await writeProject(ground.current, 'mlp', { backend: 'cpu', loss_function: 'mse' }, { code });
    const { document } = await trainHere(ground.current);
    await check(document, /^loss is NaN at epoch 9, batch 1 of 12; .*; the checkpoints before it are kept$/);
    const kept = await readdir(path.join(document.artifacts!, 'checkpoints'));
    expect(kept.sort()).toEqual(['best', 'epoch-0008', 'epoch-0008-end']);
  });

  test.skipIf(process.platform === 'win32')('all memory of JavaScript used up', async () => {
    await writeProject(
      ground.current,
      'mlp',
      { backend: 'cpu' },
      { code: trainIt(dense, 'const all = []; for (;;) all.push({ at: all.length });') },
    );
    // A heap that is full soon.
    const node = path.join(ground.current.root, 'node.sh');
    await ground.current.write(
      'node.sh',
      `#!/bin/sh\nshift\nexec "${process.execPath}" --max-old-space-size=64 "$@"\n`,
    );
    await chmod(node, 0o755);
    const failures: string[] = [];
    const nothing = (): void => undefined;
    const document = await train(
      ground.current,
      { ...toRequest(ground.current), installation: { ...ground.current.installation, node } },
      { note: nothing, warning: nothing, failure: (text) => failures.push(text), started: nothing, epoch: nothing },
      new AbortController().signal,
    );
    await check(document, /^worker died \(SIGABRT\)$/);
    expect(failures.join()).toMatch(/^worker died \(SIGABRT\): JavaScript ends in this way when its memory is used up/);
  });
});

test('a loop without an end is told, and can be stopped', async () => {
  await writeProject(ground.current, 'mlp', { backend: 'cpu' }, { code: trainIt(dense, 'for (;;);') });
  const warnings: string[] = [];
  const abort = new AbortController();
  const nothing = (): void => undefined;
  const document = await train(
    ground.current,
    { ...toRequest(ground.current), silenceMs: 1000 },
    {
      ...{ note: nothing, failure: nothing, started: nothing, epoch: nothing },
      warning: (text) => {
        warnings.push(text);
        abort.abort('SIGINT');
      },
    },
    abort.signal,
  );
  expect(warnings).toEqual([
    expect.stringContaining('The training has said nothing for 1 s: something in the project'),
  ]);
  expect(document).toMatchObject({ outcome: 'stopped', status: 'KILLED' });
});
