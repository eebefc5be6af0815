// Trains on one backend in a process of its own, for copies of TensorFlow.js share one engine through globalThis: answers each message.
import type { OptimizerName } from '../../src/core/config/config.ts';
import { ensureCompiled } from '../../src/worker/compilation.ts';
import { startNative } from '../../src/worker/native.ts';
import { seedMathRandom } from '../../src/worker/seeds.ts';
import { createEagerStep } from '../../src/worker/step.ts';
import type { LayersModel, TensorFlow } from '../../src/worker/tensorflow.ts';
import { train, type Training } from '../unit/worker/trainings.ts';
import type { KerasData } from './keras-driver.ts';
import {
  endGraph,
  graphPlan,
  soakGraph,
  trainGraph,
  trainShared,
  type endedCases,
  type GraphTraining,
} from './graphtrainings.ts';
import { createModel, type Net } from './nets.ts';

/** As Keras is asked. */
export interface NetTraining {
  readonly net: Net;
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  readonly loss: string;
  readonly batch: number;
  /** A whole number of batches. */
  readonly data: KerasData;
}

export type TrainerRequest =
  | { readonly kind: 'training'; readonly training: Training; readonly steps?: 'graphs' | 'operations' }
  | { readonly kind: 'net'; readonly training: NetTraining }
  | { readonly kind: 'graph'; readonly training: GraphTraining }
  | { readonly kind: 'shared'; readonly isTraced: boolean }
  | { readonly kind: 'ended'; readonly name: keyof typeof endedCases }
  | { readonly kind: 'soak'; readonly steps: number };

export interface TrainedNet {
  /** The weights before the first step, the same for each backend. */
  readonly start: Float32Array;
  readonly losses: readonly number[];
  /** Layer by layer, as Keras has them. */
  readonly weights: Float32Array;
}

const tf = await startBackend();
process.on('message', (request: TrainerRequest) => {
  void answer(request).then((found) => process.send?.(found));
});

function answer(request: TrainerRequest): Promise<unknown> {
  switch (request.kind) {
    case 'training': {
      const { training, steps } = request;
      return steps === undefined ? train(tf, training) : train(tf, training, graphPlan(tf, steps === 'graphs'));
    }
    case 'net':
      return trainNet(request.training);
    case 'graph':
      return trainGraph(tf, request.training);
    case 'shared':
      return trainShared(tf, request.isTraced);
    case 'ended':
      return endGraph(tf, request.name);
    case 'soak':
      return soakGraph(tf, request.steps);
  }
}

/** The argument is a folder with native TensorFlow; without one it is wasm. */
async function startBackend(): Promise<TensorFlow> {
  const [, , installed] = process.argv;
  if (installed !== undefined) return (await startNative('cpu', { projectRoot: installed, installed })).tf;
  const { prepareBackends } = await import('../unit/worker/kernels/backends.ts');
  const [core, layers] = await Promise.all([import('@tensorflow/tfjs-core'), import('@tensorflow/tfjs-layers')]);
  return prepareBackends().on('wasm', () => ({ ...core, ...layers }));
}

async function trainNet({ net, optimizer, learningRate, loss, batch, data }: NetTraining): Promise<TrainedNet> {
  seedMathRandom(7);
  const model = createModel(tf, net);
  const training = {
    ...{ batch_size: batch, loss_function: loss, metric: 'accuracy', metrics: null, optimizer },
    ...{ learning_rate: learningRate, weight_decay: null, gradient_clipping: null },
  } as never;
  const { weightDecay } = ensureCompiled(tf, model, training, { targetWidth: data.width });
  const step = createEagerStep(tf, model, { training, metrics: [], keepsOutputs: false, weightDecay });
  const start = readWeights(model);
  const losses: number[] = [];
  const size = net.input.reduce((product, axis) => product * axis, 1);
  for (let first = 0; first * size < data.xs.length; first += batch) {
    const x = tf.tensor(data.xs.subarray(first * size, (first + batch) * size), [batch, ...net.input]);
    const y = tf.tensor(data.ys.subarray(first * data.width, (first + batch) * data.width), [batch, data.width]);
    losses.push(...(await step({ x, y })).values);
    tf.dispose([x, y]);
  }
  const weights = readWeights(model);
  model.dispose();
  return { start, losses, weights };
}

function readWeights({ layers }: LayersModel): Float32Array {
  return Float32Array.from(layers.flatMap((layer) => layer.getWeights().flatMap((weight) => [...weight.dataSync()])));
}
