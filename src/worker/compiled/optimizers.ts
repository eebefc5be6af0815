import type { StepOptimizer } from '../../core/compiled/compiled.ts';
import { isKerasAdam, isPapersAdadelta } from '../optimizers.ts';
import type { Optimizer, Tensor, TensorFlow, Variable } from '../tensorflow.ts';

// The optimizers of the packages as compiled steps know them: their kind, their slots, and what they need in each step.

export interface Slot {
  readonly originalName: string;
  readonly variable: Variable;
}

/** Own properties of an optimizer, which the packages' types hide. */
type Parts = Record<string, unknown> & {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly decay: number;
  readonly momentum: number;
  /** Minus the learning rate, and the momentum, as SGD and Momentum take them. */
  readonly c: Tensor;
  readonly m: Tensor;
  readonly useNesterov: boolean;
  readonly centered: boolean;
  readonly initialAccumulatorValue: number;
  readonly accBeta1: Variable;
  readonly accBeta2: Variable;
  readonly rho: number;
  readonly iteration: Variable;
};

export interface SlotKind {
  /** As in the graph. */
  readonly name: string;
  /** The list that the optimizer keeps, and how it names an entry. */
  readonly list: string;
  readonly suffix: string;
  readonly start: number;
}

/** Running products of Adam, as 32-bit numbers. */
export interface Powers {
  beta1: number;
  beta2: number;
}

export interface KnownOptimizer {
  readonly kind: StepOptimizer;
  readonly slots: readonly SlotKind[];
  /** Present where the optimizer has them. */
  readonly readPowers: (() => Powers) | undefined;
  readonly writePowers: (powers: Powers) => void;
  /** Tells whether somebody has changed the powers. */
  readonly powerIds: () => readonly unknown[];
  /** The numbers of the step that comes; Adam's powers move. */
  readonly next: (powers: Powers, weightDecay: number | null) => readonly number[];
  readonly countStep: () => void;
}

/** Of steps that only look. */
export const noOptimizer: KnownOptimizer = {
  kind: 'sgd',
  slots: [],
  readPowers: undefined,
  writePowers: () => undefined,
  powerIds: () => [],
  next: () => [],
  countStep: () => undefined,
};

/** What is known of the optimizer; undefined for one that steps are not compiled with. */
export function recognizeOptimizer(tf: TensorFlow, optimizer: Optimizer): KnownOptimizer | undefined {
  const parts = optimizer as unknown as Parts;
  // Somebody has given it another way to move weights.
  const isOurs = isKerasAdam(optimizer) || isPapersAdadelta(optimizer);
  if (
    ['minimize', 'computeGradients', ...(isOurs ? [] : ['applyGradients'])].some((name) => Object.hasOwn(parts, name))
  )
    return undefined;
  const base = {
    readPowers: undefined,
    writePowers: () => undefined,
    powerIds: () => [],
    countStep: () => (optimizer as unknown as { incrementIterations(): void }).incrementIterations(),
  };
  const rate = (): number => -numberIn(parts.c);
  const slot = (name: string, list: string, suffix: string, start = 0): SlotKind => ({ name, list, suffix, start });
  switch (optimizer.constructor) {
    case tf.SGDOptimizer:
      return { ...base, kind: 'sgd', slots: [], next: () => [rate()] };
    case tf.MomentumOptimizer:
      return {
        ...base,
        kind: 'momentum',
        slots: [slot('velocity', 'accumulations', 'momentum')],
        next: () => [rate(), numberIn(parts.m), Number(parts.useNesterov)],
      };
    case tf.AdamOptimizer:
      return {
        ...base,
        ...adam(tf, optimizer, parts),
        slots: [slot('mean', 'accumulatedFirstMoment', 'm'), slot('square', 'accumulatedSecondMoment', 'v')],
      };
    case tf.RMSPropOptimizer:
      return {
        ...base,
        kind: parts.centered ? 'centeredRmsprop' : 'rmsprop',
        slots: [
          slot('square', 'accumulatedMeanSquares', 'rms'),
          slot('velocity', 'accumulatedMoments', 'momentum'),
          ...(parts.centered ? [slot('mean', 'accumulatedMeanGrads', 'mg')] : []),
        ],
        next: () => [parts.learningRate, parts.decay, parts.momentum, parts.epsilon, 1 - parts.decay],
      };
    case tf.AdagradOptimizer:
      return {
        ...base,
        kind: 'adagrad',
        slots: [slot('square', 'accumulatedGrads', 'accumulator', parts.initialAccumulatorValue)],
        next: () => [parts.learningRate, tf.backend().epsilon()],
      };
    case tf.AdamaxOptimizer:
      return {
        ...base,
        ...adamax(tf, parts),
        slots: [slot('mean', 'accumulatedFirstMoment', 'm'), slot('most', 'accumulatedWeightedInfNorm', 'v')],
      };
    case tf.AdadeltaOptimizer:
      // The package's own formula is another one.
      if (!isPapersAdadelta(optimizer)) return undefined;
      return {
        ...base,
        kind: 'adadelta',
        slots: [slot('square', 'accumulatedGrads', 'accum_grad'), slot('moved', 'accumulatedUpdates', 'accum_var')],
        next: () => [parts.learningRate, parts.rho, parts.epsilon, 1 - parts.rho],
      };
    default:
      return undefined;
  }
}

/** By Keras' formula, or by the packages' own, in which epsilon is added to the corrected root. */
function adam(tf: TensorFlow, optimizer: Optimizer, parts: Parts): Omit<KnownOptimizer, 'slots' | 'countStep'> {
  const isKeras = isKerasAdam(optimizer);
  return {
    kind: 'adam',
    readPowers: () => ({ beta1: numberIn(parts.accBeta1), beta2: numberIn(parts.accBeta2) }),
    writePowers: (powers) => {
      for (const [variable, value] of [
        [parts.accBeta1, powers.beta1] as const,
        [parts.accBeta2, powers.beta2] as const,
      ])
        tf.tidy(() => variable.assign(tf.scalar(value)));
    },
    powerIds: () => [parts.accBeta1.dataId, parts.accBeta2.dataId],
    next: (powers, weightDecay) => {
      const { beta1, beta2, epsilon } = parts;
      const root = Math.sqrt(1 - powers.beta2);
      const size = parts.learningRate / (1 - powers.beta1);
      const left = weightDecay === null ? 1 : 1 - weightDecay * parts.learningRate;
      powers.beta1 = Math.fround(powers.beta1 * Math.fround(beta1));
      powers.beta2 = Math.fround(powers.beta2 * Math.fround(beta2));
      return [...(isKeras ? [size * root, 1] : [size, 1 / root]), beta1, beta2, epsilon, left, 1 - beta1, 1 - beta2];
    },
  };
}

/** The second of its numbers counts steps. */
function adamax(tf: TensorFlow, parts: Parts): Omit<KnownOptimizer, 'slots' | 'countStep'> {
  return {
    kind: 'adamax',
    readPowers: () => ({ beta1: numberIn(parts.accBeta1), beta2: numberIn(parts.iteration) }),
    writePowers: (powers) =>
      tf.tidy(() => {
        parts.accBeta1.assign(tf.scalar(powers.beta1));
        parts.iteration.assign(tf.scalar(powers.beta2));
      }),
    powerIds: () => [parts.accBeta1.dataId, parts.iteration.dataId],
    next: (powers) => {
      const { beta1, beta2, epsilon } = parts;
      const rate = parts.learningRate / (powers.beta2 * parts.decay + 1);
      const size = rate / (1 - powers.beta1);
      powers.beta1 = Math.fround(powers.beta1 * Math.fround(beta1));
      powers.beta2 += 1;
      return [size, beta1, beta2, epsilon, 1 - beta1];
    },
  };
}

function numberIn(tensor: Tensor): number {
  return tensor.dataSync()[0] ?? NaN;
}

/** Of every weight the slot of a kind, made where there is none yet. */
export function slotsOf(
  tf: TensorFlow,
  optimizer: Optimizer,
  kind: SlotKind,
  weights: readonly Variable[],
): readonly Slot[] {
  const parts = optimizer as unknown as Record<string, Slot[]>;
  const list = (parts[kind.list] ??= []);
  return weights.map(
    (weight, index) =>
      (list[index] ??= {
        originalName: `${weight.name}/${kind.suffix}`,
        variable: tf.tidy(() => tf.variable(tf.fill(weight.shape, kind.start), false)),
      }),
  );
}
