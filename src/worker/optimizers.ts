import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Optimizer, Tensor, TensorFlow, Variable } from './tensorflow.ts';

// Optimizers of the packages whose formula is not Keras', with Keras' formula. Their slots are the packages' own, as checkpoints know them.

interface Slot {
  readonly originalName: string;
  readonly variable: Variable;
}

/** What is used here of the packages' optimizers beyond their public types. */
interface Internals {
  readonly learningRate: number;
  readonly epsilon: number;
  applyGradients: Optimizer['applyGradients'];
  incrementIterations(): void;
}

interface Adadelta extends Internals {
  readonly rho: number;
  readonly accumulatedGrads: Slot[];
  readonly accumulatedUpdates: Slot[];
}

interface Adam extends Internals {
  readonly beta1: number;
  readonly beta2: number;
  /** Powers of the two. */
  readonly accBeta1: Variable;
  readonly accBeta2: Variable;
  readonly accumulatedFirstMoment: Slot[];
  readonly accumulatedSecondMoment: Slot[];
}

const papersAdadeltas = new WeakSet<Optimizer>();

/** Whether it is one of {@link createAdadelta}'s. */
export function isPapersAdadelta(optimizer: Optimizer): boolean {
  return papersAdadeltas.has(optimizer);
}

/**
 * Adadelta as Zeiler's paper (arXiv:1212.5701, algorithm 1) has it: a gradient is divided by the root of the mean square that holds this
 * gradient already. The package divides by the mean square of those before, which is nothing in the first step: there it takes the whole
 * gradient, thousands of times the step of the paper.
 */
export function createAdadelta(tf: TensorFlow, learningRate: number): Optimizer {
  const optimizer = tf.train.adadelta(learningRate);
  papersAdadeltas.add(optimizer);
  const inner = optimizer as unknown as Adadelta;
  inner.applyGradients = (given) => {
    const { rho, epsilon } = inner;
    const root = (square: Tensor): Tensor => tf.sqrt(tf.add(square, epsilon));
    forEachWeight(tf, given, ({ variable, gradient, index }) => {
      const gradients = slotOf(tf, inner.accumulatedGrads, index, variable, 'accum_grad');
      const updates = slotOf(tf, inner.accumulatedUpdates, index, variable, 'accum_var');
      if (gradient === undefined) return;
      const squares = meanOf(tf, gradients, tf.square(gradient), rho);
      const change = tf.mul<Tensor>(tf.div(root(updates), root(squares)), gradient);
      gradients.assign(squares);
      updates.assign(meanOf(tf, updates, tf.square(change), rho));
      variable.assign(tf.sub(variable, tf.mul(change, inner.learningRate)));
    });
    inner.incrementIterations();
  };
  return optimizer;
}

const kerasAdams = new WeakSet<Optimizer>();

/** Whether it is one of {@link createAdam}'s. */
export function isKerasAdam(optimizer: Optimizer): boolean {
  return kerasAdams.has(optimizer);
}

/**
 * Adam as at the end of section 2 of its paper (arXiv:1412.6980): both means are corrected in the step's size, and epsilon is added to the
 * root of the mean as it is. The package corrects the mean first (algorithm 1), which makes epsilon a thirtieth as large in the first step:
 * weights with tiny gradients then move otherwise than in Keras, and a training goes its own way.
 */
export function createAdam(tf: TensorFlow, learningRate: number): Optimizer {
  const optimizer = tf.train.adam(learningRate);
  kerasAdams.add(optimizer);
  const inner = optimizer as unknown as Adam;
  inner.applyGradients = (given) => {
    const { beta1, beta2, accBeta1, accBeta2, epsilon } = inner;
    const step = adamStepOf(tf);
    tf.tidy(() => {
      const corrected = tf.div<Tensor>(tf.sqrt(tf.sub(1, accBeta2)), tf.sub(1, accBeta1));
      const size = tf.mul<Tensor>(corrected, inner.learningRate);
      forEachWeight(tf, given, ({ variable, gradient, index }) => {
        const first = slotOf(tf, inner.accumulatedFirstMoment, index, variable, 'm');
        const second = slotOf(tf, inner.accumulatedSecondMoment, index, variable, 'v');
        if (gradient === undefined) return;
        const inputs = { weight: variable, gradient, mean: first, square: second, size };
        const [mean, square, weight] = step(inputs, { beta1, beta2, epsilon });
        first.assign(mean);
        second.assign(square);
        variable.assign(weight);
      });
      accBeta1.assign(tf.mul(accBeta1, beta1));
      accBeta2.assign(tf.mul(accBeta2, beta2));
    });
    inner.incrementIterations();
  };
  return optimizer;
}

/** Name of a kernel of our own: no package has it. */
export const ADAM_STEP = 'AdamStep';

export interface AdamAttributes {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** New mean, square and weight. */
type AdamStep = (
  inputs: Readonly<Record<'weight' | 'gradient' | 'mean' | 'square' | 'size', Tensor>>,
  attributes: AdamAttributes,
) => readonly [mean: Tensor, square: Tensor, weight: Tensor];

/** As one kernel where the backend has it. */
function adamStepOf(tf: TensorFlow): AdamStep {
  const kernel = tf.getKernel(ADAM_STEP, tf.getBackend()) as KernelConfig | undefined;
  if (kernel !== undefined)
    return (inputs, attributes) =>
      tf.engine().runKernel<Tensor[]>(ADAM_STEP, inputs, { ...attributes }) as [Tensor, Tensor, Tensor];
  return ({ weight, gradient, mean, square, size }, { beta1, beta2, epsilon }) => {
    const newMean = meanOf(tf, mean, gradient, beta1);
    const newSquare = meanOf(tf, square, tf.square(gradient), beta2);
    const change = tf.div(tf.mul(newMean, size), tf.add(tf.sqrt(newSquare), epsilon));
    return [newMean, newSquare, tf.sub(weight, change)];
  };
}

interface Weight {
  readonly variable: Variable;
  readonly gradient: Tensor | undefined;
  readonly index: number;
}

/** Gradients come as a list, in which a weight without one keeps its place, or by the names of the weights. */
function forEachWeight(
  tf: TensorFlow,
  given: Parameters<Optimizer['applyGradients']>[0],
  move: (weight: Weight) => void,
): void {
  const named: readonly { readonly name: string; readonly tensor: Tensor | undefined }[] = Array.isArray(given)
    ? given
    : Object.entries(given).map(([name, tensor]) => ({ name, tensor }));
  named.forEach(({ name, tensor }, index) => {
    const variable = tf.engine().registeredVariables[name];
    if (variable === undefined) throw new Error(`There is no weight ${name}.`);
    tf.tidy(() => move({ variable, gradient: tensor, index }));
  });
}

/** Made of zeros when the weight is first seen. */
function slotOf(tf: TensorFlow, slots: Slot[], index: number, weight: Variable, name: string): Variable {
  const made = (slots[index] ??= {
    originalName: `${weight.name}/${name}`,
    variable: tf.variable(tf.zerosLike<Tensor>(weight), false),
  });
  return made.variable;
}

/** The moving mean, with a value more. */
function meanOf(tf: TensorFlow, mean: Tensor, value: Tensor, decay: number): Tensor {
  return tf.add(tf.mul(mean, decay), tf.mul(value, 1 - decay));
}
