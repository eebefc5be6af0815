// Prints the milliseconds of a training batch in the engine's loop and in one that is nothing but the backend's work, turn about in one
// process: loop.ts NET BACKEND NATIVE, the last a folder with native TensorFlow.
import type { ModelConfig } from '../../src/core/config/config.ts';
import type { BackendName } from '../../src/protocol/training.ts';
import { fitModel } from '../../src/worker/fit.ts';
import { createRecord } from '../../src/worker/trainingRecord.ts';
import { startNative } from '../../src/worker/native.ts';
import { createAdam } from '../../src/worker/optimizers.ts';
import { prepareHere } from '../../src/worker/preparing.ts';
import { createRandom, seedMathRandom } from '../../src/worker/seeds.ts';
import { Steering, Wishes } from '../../src/worker/steering.ts';
import type { LayersModel, Tensor, TensorFlow } from '../../src/worker/tensorflow.ts';
import { cnn, createModel, mlp, readDigits, type Net } from '../interop/nets.ts';

const BATCH = 128;
const ROUNDS = 6;

export interface LoopTimes {
  readonly ours: LoopTime;
  readonly bare: LoopTime;
}

interface LoopTime {
  /** Milliseconds a batch, of the quickest turn. */
  readonly wall: number;
  /** Milliseconds of processors' time a batch, over all turns: what else the machine does hardly matters to it. */
  readonly processor: number;
}

const [, , name, backend, native] = process.argv as [string, string, 'mlp' | 'cnn', BackendName, string?];
const batches = { mlp: 60, cnn: 15 }[name];
const net = { mlp, cnn }[name];
const tf = await startBackend();
const times = await measure(tf, net);
console.log(JSON.stringify(times));

async function startBackend(): Promise<TensorFlow> {
  if (backend === 'tfjs-node')
    return (await startNative('cpu', { projectRoot: import.meta.dirname, installed: native })).tf;
  const { prepareBackends } = await import('../unit/worker/kernels/backends.ts');
  const [core, layers] = await Promise.all([import('@tensorflow/tfjs-core'), import('@tensorflow/tfjs-layers')]);
  return prepareBackends().on('wasm', () => ({ ...core, ...layers }));
}

async function measure(tf: TensorFlow, net: Net): Promise<LoopTimes> {
  const loops = { bare: await prepareBare(tf, net), ours: await prepareOurs(tf, net) };
  const turns: Record<keyof LoopTimes, LoopTime[]> = { bare: [], ours: [] };
  for (let round = -1; round < ROUNDS; round++)
    for (const name of ['bare', 'ours'] as const) {
      const turn = await timed(loops[name]);
      // The first turn warms up.
      if (round >= 0) turns[name].push(turn);
    }
  return { bare: summarize(turns.bare), ours: summarize(turns.ours) };
}

function summarize(turns: readonly LoopTime[]): LoopTime {
  const sum = turns.reduce((total, { processor }) => total + processor, 0);
  return { wall: Math.min(...turns.map(({ wall }) => wall)), processor: sum / turns.length };
}

async function timed(loop: () => Promise<void>): Promise<LoopTime> {
  const before = process.cpuUsage();
  const start = performance.now();
  await loop();
  const wall = (performance.now() - start) / batches;
  const { user, system } = process.cpuUsage(before);
  return { wall, processor: (user + system) / 1000 / batches };
}

/** An epoch of the engine's loop, with its steering, metric, order and samples. */
async function prepareOurs(tf: TensorFlow, net: Net): Promise<() => Promise<void>> {
  const { xs, ys, count } = await readDigits('train', batches * BATCH);
  const train = { xs, ys, shape: net.input, count, size: 784, width: 10, scale: 1 };
  const training = {
    ...{
      batch_size: BATCH,
      num_epochs: 1,
      loss_function: 'categorical_crossentropy',
      metric: 'accuracy',
      metrics: null,
    },
    ...{ optimizer: 'adam', learning_rate: 0.001, learning_rate_schedule: null, weight_decay: null },
    ...{
      gradient_clipping: null,
      ema: null,
      class_weights: null,
      augmentation: null,
      early_stopping: null,
      checkpoint: null,
    },
  };
  const config = { training } as unknown as ModelConfig;
  const model = createModel(tf, net);
  const random = { order: createRandom(1), math: seedMathRandom(1) };
  const { signal } = new AbortController();
  const nothing = (): void => undefined;
  return async () => {
    const record = createRecord();
    const wishes = new Wishes(signal);
    const steering = new Steering({
      tf,
      config,
      record,
      wishes,
      signal,
      stop: nothing,
      send: nothing,
      checkpoints: '',
    });
    await fitModel(model, {
      ...{ tf, training: config.training, train, validation: undefined, seed: 1, random, record, steering, signal },
      prepare: prepareHere,
      events: { plan: nothing, batch: nothing, epoch: () => Promise.resolve(), checkpoint: nothing, resumed: nothing },
      checkpoints: {
        find: () => Promise.resolve(undefined),
        write: () => Promise.resolve(''),
        writeBest: () => Promise.resolve(),
      },
    });
  };
}

/** `minimize` over batches that are cut already, with the loss read as it goes. */
async function prepareBare(tf: TensorFlow, net: Net): Promise<() => Promise<void>> {
  const model: LayersModel = createModel(tf, net);
  const { xs, ys } = await readDigits('train', batches * BATCH);
  const cut = Array.from({ length: batches }, (_, index) => ({
    x: tf.tensor(xs.subarray(index * BATCH * 784, (index + 1) * BATCH * 784), [BATCH, ...net.input]),
    y: tf.tensor(ys.subarray(index * BATCH * 10, (index + 1) * BATCH * 10), [BATCH, 10]),
  }));
  const optimizer = createAdam(tf, 0.001);
  const lossOf = (x: Tensor, y: Tensor): Tensor =>
    tf.mean(tf.metrics.categoricalCrossentropy(y, model.apply(x, { training: true }) as Tensor));
  return async () => {
    for (const { x, y } of cut) {
      const loss = optimizer.minimize(() => lossOf(x, y) as never, true);
      await loss?.data();
      loss?.dispose();
    }
  };
}
