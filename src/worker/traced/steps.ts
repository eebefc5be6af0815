import { formatStep } from '../../core/trace/trace.ts';
import { mixSeed } from '../../core/random/random.ts';
import type { BatchRoom } from '../data.ts';
import type { SeededRandom } from '../seeds.ts';
import { statesOf } from '../states.ts';
import type { LayersModel, TensorFlow } from '../tensorflow.ts';
import { createEagerSteps, type TrainingSteps } from '../trainingSteps.ts';
import { drawNatively } from './draws.ts';
import { Graphs, type GraphOptions } from './graphs.ts';
import { nativeBackendOf } from './native.ts';
import type { TracedModel } from './tracing.ts';

export interface NativeOptions extends GraphOptions {
  /** Most examples of a batch. */
  readonly capacity: number;
  /** False: operation by operation. */
  readonly isTraced: boolean;
  /** Of the run, and which of its calls of fit this is: what is drawn at random depends on them. */
  readonly seed: number;
  readonly fit: number;
  /** In the place of Math.random: what a step draws while it is recorded, a training must not miss. */
  readonly random: SeededRandom;
}

/**
 * Steps on native TensorFlow: recorded, and run as one graph each; operation by operation where that can't be, with the reason. Random numbers
 * of layers are the same either way.
 */
export function createNativeSteps(tf: TensorFlow, model: LayersModel, options: NativeOptions): TrainingSteps {
  const backend = nativeBackendOf(tf);
  const eagerly = (why?: string): TrainingSteps => createEagerSteps(tf, model, { ...options, why });
  if (backend === undefined) return eagerly();
  const draws = drawNatively(tf, model, mixSeed(options.seed, options.fit));
  const { weightDecay, random } = options;
  const traced = { tf, backend, model, draws, random, weightDecay };
  const steps = options.isTraced ? traceOr(eagerly, traced, options) : eagerly();
  return {
    ...steps,
    train: (batch) => {
      draws.begin(batch.number);
      return steps.train(batch);
    },
    async dispose() {
      draws.dispose();
      await steps.dispose();
    },
  };
}

function traceOr(eagerly: (why?: string) => TrainingSteps, traced: TracedModel, options: NativeOptions): TrainingSteps {
  if (traced.backend.isUsingGpuDevice) return eagerly('on a GPU steps are not compiled yet');
  if (statesOf(traced.model).length > 0) return eagerly('a layer keeps what one batch leaves for the next');
  const graphs = new Graphs(traced, options);
  try {
    const step = graphs.prepare();
    const eager = eagerly();
    const way = `compiled, one graph of ${step.operations.length} operations`;
    return {
      isCompiled: true,
      threads: undefined,
      room: createRoom(options),
      way,
      explain: () => [way, '', ...formatStep(step)].join('\n'),
      train: (batch) => whenThere(graphs.train(batch)) ?? eager.train(batch),
      evaluate: (batch) => whenThere(graphs.evaluate(batch)) ?? eager.evaluate(batch),
      settle: () => graphs.settle(),
      dispose: () => {
        graphs.dispose();
        return eager.dispose();
      },
    };
  } catch (error) {
    graphs.dispose();
    // Whatever it is: where it is a mistake of the model's, its steps will say so in the packages' words.
    return eagerly(error instanceof Error ? error.message : String(error));
  }
}

/** Made once: arrays for each batch would cost a small net's training a tenth of its time. */
function createRoom({ capacity, examples: { size, width } }: NativeOptions): BatchRoom {
  const xs = new Float32Array(capacity * size);
  const bytes = new Uint8Array(capacity * size);
  return {
    xs,
    ys: new Float32Array(capacity * width),
    bytes: (length) => bytes.subarray(0, length),
    scaleBytes: (length, scale) => {
      for (let index = 0; index < length; index++) xs[index] = (bytes[index] ?? 0) * scale;
    },
  };
}

function whenThere<T>(value: T | undefined): Promise<T> | undefined {
  return value === undefined ? undefined : Promise.resolve(value);
}
