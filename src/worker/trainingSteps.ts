import { targetShapeFor } from './fitting.ts';
import { toTensors, type BatchRoom, type Examples } from './data.ts';
import { createEagerStep, evaluateBatch, type Batch, type StepOptions, type StepResult } from './step.ts';
import type { LayersModel, Tensor, TensorFlow } from './tensorflow.ts';

/** Some examples, as arrays. */
export interface StepBatch {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  readonly count: number;
  /** Of the examples, where classes have weights. */
  readonly weights?: Float32Array | undefined;
  /** Batches trained in the run before this one: what is drawn at random depends on it. */
  readonly number: number;
}

/** How a model is trained and tested, batch by batch. `dispose` it. */
export interface TrainingSteps {
  readonly isCompiled: boolean;
  /** Of its own; undefined: those of the backend. */
  readonly threads: number | undefined;
  /** For the record of the run. */
  readonly way: string;
  /** What a step does, line by line, or why it is not compiled. */
  explain(): string;
  /** Where a batch is best put before it is trained or tested, if there is such a place. */
  readonly room?: BatchRoom;
  train(batch: StepBatch): Promise<StepResult>;
  /** Without changing the model; penalties of regularizers do not count. */
  evaluate(batch: StepBatch): Promise<StepResult>;
  /** The model and its optimizer get the numbers that the steps have. */
  settle(): void;
  dispose(): Promise<void>;
}

/** With the packages' operations, one after the other. `why`: they are used where others could be. */
export function createEagerSteps(
  tf: TensorFlow,
  model: LayersModel,
  { examples, why, ...options }: StepOptions & { readonly examples: Examples; readonly why: string | undefined },
): TrainingSteps {
  const step = createEagerStep(tf, model, options);
  const withTensors = toTensorsOf(tf, model, examples);
  const way = why === undefined ? 'operation by operation' : `operation by operation: ${why}`;
  return {
    isCompiled: false,
    way,
    explain: () => way,
    threads: undefined,
    train: (batch) => withTensors(batch, step),
    ...createEagerEvaluation(tf, model, examples, options),
    settle: () => undefined,
    dispose: () => Promise.resolve(),
  };
}

/** The part that only looks. */
export function createEagerEvaluation(
  tf: TensorFlow,
  model: LayersModel,
  examples: Examples,
  options: Pick<StepOptions, 'metrics' | 'keepsOutputs'>,
): Pick<TrainingSteps, 'evaluate'> {
  const withTensors = toTensorsOf(tf, model, examples);
  return { evaluate: (batch) => withTensors(batch, (tensors) => evaluateBatch(tf, model, tensors, options)) };
}

/** Gives a batch as tensors, which are disposed afterwards. */
function toTensorsOf(
  tf: TensorFlow,
  model: LayersModel,
  examples: Examples,
): (batch: StepBatch, action: (tensors: Batch) => Promise<StepResult>) => Promise<StepResult> {
  const targetShape = targetShapeFor(model, examples);
  return async (batch, action) => {
    const { x, y } = toTensors(tf, batch, examples.shape, targetShape);
    const weights = batch.weights === undefined ? {} : { weights: tf.tensor1d(batch.weights) as Tensor };
    const result = await action({ x, y, ...weights });
    tf.dispose([x, y, ...Object.values(weights)]);
    return result;
  };
}
