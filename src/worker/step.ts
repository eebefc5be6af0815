import type { TrainingSection } from '../core/config/config.ts';
import { innerOf, type Compiled, type TensorMetric } from './models.ts';
import { disposePastStates, statesOf } from './states.ts';
import type { LayersModel, Optimizer, Tensor, TensorFlow, Variable } from './tensorflow.ts';

/** One batch: inputs, targets, and a weight for each example where classes have weights. */
export interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly weights?: Tensor;
}

export interface StepResult {
  /** The loss, then the metrics in the order in which they were asked for. */
  readonly values: readonly number[];
  /** The model's answers to the batch, one after the other, when they were asked for. */
  readonly outputs: Float32Array | undefined;
}

/**
 * One training step: forward, backward, update. What executes it may be swapped, as long as it gives the same numbers. The
 * caller disposes the batch.
 */
export type Step = (batch: Batch) => Promise<StepResult>;

export interface StepOptions {
  readonly training: TrainingSection;
  readonly metrics: readonly TensorMetric[];
  readonly keepsOutputs: boolean;
  /** The model was compiled with `adamw`: weights decay beside what Adam does to them. */
  readonly weightDecay: number | null;
}

/** What a step gives, not yet read; whoever asked for it disposes the tensors. */
export interface StepTensors {
  /** The loss, then the metrics: a number each. */
  readonly scalars: readonly Tensor[];
  readonly outputs: Tensor | undefined;
}

/**
 * The step that the packages' own `trainOnBatch` takes, operation by operation, so that both give the same numbers; what that
 * one can't do (clipping, weights of examples, answers) happens between its halves.
 */
export function createEagerStep(tf: TensorFlow, model: LayersModel, options: StepOptions): Step {
  const take = createTensorStep(tf, model, options);
  return (batch) => readStep(tf, take(batch));
}

/** The same without reading what comes of it. */
export function createTensorStep(
  tf: TensorFlow,
  model: LayersModel,
  options: StepOptions,
): (batch: Batch) => StepTensors {
  const { metrics, keepsOutputs, weightDecay } = options;
  const inner = innerOf(model);
  const { optimizer, lossFunctions, collectedTrainableWeights } = inner;
  const variables = collectedTrainableWeights.map((weight) => weight.read());
  const clip = createClipping(tf, options.training.gradient_clipping);
  const isStateful = statesOf(model).length > 0;
  let isChecked = false;
  return ({ x, y, weights }) => {
    // The packages' sentences about shapes that a loss does not take.
    if (!isChecked) tf.dispose(inner.standardizeUserDataXY(x, y).flat().filter(isOther(x, y)));
    isChecked = true;
    const kept: Tensor[] = [];
    const computeLoss: Parameters<Optimizer['computeGradients']>[0] = () => {
      const output = answersOf(inner, x, true);
      const losses = lossFunctions.map((loss) => weigh(tf, loss(y, output), weights));
      for (const metric of metrics) kept.push(tf.keep(tf.mean(metric(y, output))));
      if (keepsOutputs) kept.push(tf.keep(output.clone()));
      const [loss] = losses;
      if (loss === undefined) throw new Error('A compiled model has a loss.');
      return inner.calculateLosses().reduce((sum, penalty) => tf.add(sum, penalty), tf.mean(loss));
    };
    const { value, grads } = disposingOnError(tf, kept, () => optimizer.computeGradients(computeLoss, variables));
    update(tf, optimizer, { variables, grads, clip, weightDecay });
    tf.dispose(grads);
    if (isStateful) disposePastStates(tf, model);
    const outputs = keepsOutputs ? kept.pop() : undefined;
    return { scalars: [value, ...kept], outputs };
  };
}

/** What is kept is the caller's when there is one: not after an error. */
function disposingOnError<T>(tf: TensorFlow, kept: readonly Tensor[], action: () => T): T {
  try {
    return action();
  } catch (error) {
    tf.dispose([...kept]);
    throw error;
  }
}

/** Loss and metrics of one batch, without changing the model. Penalties of regularizers do not count, as in the packages' own. */
export async function evaluateBatch(
  tf: TensorFlow,
  model: LayersModel,
  batch: Batch,
  options: Pick<StepOptions, 'metrics' | 'keepsOutputs'>,
): Promise<StepResult> {
  return readStep(tf, evaluateTensors(tf, model, batch, options));
}

/** The same without reading what comes of it. */
export function evaluateTensors(
  tf: TensorFlow,
  model: LayersModel,
  { x, y }: Batch,
  { metrics, keepsOutputs }: Pick<StepOptions, 'metrics' | 'keepsOutputs'>,
): StepTensors {
  const inner = innerOf(model);
  const output = answersOf(inner, x, false);
  const scalars = tf.tidy(() =>
    [...inner.lossFunctions.slice(0, 1), ...metrics].map((measure) => tf.mean(measure(y, output))),
  );
  if (keepsOutputs) return { scalars, outputs: output };
  output.dispose();
  return { scalars, outputs: undefined };
}

async function readStep(tf: TensorFlow, { scalars, outputs }: StepTensors): Promise<StepResult> {
  const values: number[] = [];
  for (const scalar of scalars) values.push((await scalar.data())[0] ?? NaN);
  const answers = outputs === undefined ? undefined : ((await outputs.data()) as Float32Array);
  tf.dispose([...scalars, ...(outputs === undefined ? [] : [outputs])]);
  return { values, outputs: answers };
}

function answersOf(model: Compiled, x: Tensor, training: boolean): Tensor {
  const [output] = [model.call(x, { training })].flat();
  if (output === undefined) throw new Error('A model gives an output.');
  return output;
}

function isOther(...known: readonly Tensor[]): (tensor: Tensor) => boolean {
  return (tensor) => !known.some(({ id }) => id === tensor.id);
}

/** As Keras does: each example's loss times its weight, then the mean over the examples. */
function weigh(tf: TensorFlow, loss: Tensor, weights: Tensor | undefined): Tensor {
  if (weights === undefined) return loss;
  return tf.mul(loss, tf.reshape(weights, [weights.size, ...loss.shape.slice(1).map(() => 1)]));
}

interface Update {
  readonly variables: readonly Variable[];
  readonly grads: Readonly<Record<string, Tensor>>;
  readonly clip: Clip;
  readonly weightDecay: number | null;
}

function update(tf: TensorFlow, optimizer: Optimizer, { variables, grads, clip, weightDecay }: Update): void {
  tf.tidy(() => {
    // That of a layer that was frozen after the model was compiled is null.
    const given = variables.filter(({ name }) => (grads[name] ?? null) !== null);
    const clipped = clip(given.flatMap(({ name }) => grads[name] ?? []));
    const byName = new Map(given.map(({ name }, index) => [name, clipped[index]]));
    // A weight that the loss does not depend on has no gradient, and keeps its place in the optimizer's lists.
    const named = variables.map(({ name }) => ({ name, tensor: byName.get(name) }));
    const moved = variables.filter(({ trainable }) => trainable);
    if (weightDecay !== null) decay(tf, moved, shareKept(weightDecay, rateOf(optimizer)));
    optimizer.applyGradients(named as Parameters<Optimizer['applyGradients']>[0]);
  });
}

/** Decoupled from the gradients, as AdamW has it: before the update, times the learning rate. */
function decay(tf: TensorFlow, variables: readonly Variable[], kept: number): void {
  for (const variable of variables) variable.assign(tf.mul(variable, kept));
}

/** What decay leaves of a weight in one step. */
export function shareKept(weightDecay: number, rate: number): number {
  return 1 - weightDecay * rate;
}

function rateOf(optimizer: Optimizer): number {
  return (optimizer as unknown as { readonly learningRate: number }).learningRate;
}

type Clip = (gradients: readonly Tensor[]) => readonly Tensor[];

/** `value` bounds every number of a gradient, then `norm` the length of all gradients together: their direction stays. */
function createClipping(tf: TensorFlow, settings: TrainingSection['gradient_clipping']): Clip {
  const { norm = null, value = null } = settings ?? {};
  return (gradients) => {
    const bounded =
      value === null ? gradients : gradients.map((gradient) => tf.clipByValue<Tensor>(gradient, -value, value));
    if (norm === null || bounded.length === 0) return bounded;
    const squares = bounded.map((gradient) => tf.sum<Tensor>(tf.square(gradient)));
    const length = tf.sqrt(tf.addN(squares));
    const scale = tf.div(norm, tf.maximum(length, norm));
    return bounded.map((gradient) => tf.mul<Tensor>(gradient, scale));
  };
}
