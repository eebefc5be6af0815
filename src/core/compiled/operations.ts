import type { Value } from './graph.ts';

// The kinds of operations of a step, and what the plan has to know of each.

interface Shape<In extends string, Out extends string, Attributes = object, Maybe extends string = never> {
  readonly inputs: Readonly<Record<In, Value> & Partial<Record<Maybe, Value>>>;
  readonly outputs: Readonly<Record<Out, Value>>;
  readonly attributes: Readonly<Attributes>;
}

/** Of a window that slides over a picture; sizes of the picture are those of the values. */
export interface Window {
  readonly height: number;
  readonly width: number;
  readonly strideY: number;
  readonly strideX: number;
  /** How far the first window reaches over the edge. */
  readonly top: number;
  readonly left: number;
}

export interface Slope {
  readonly activation: number;
  readonly alpha: number;
}

/** Each run of numbers of the answer is one of the input: number `from` + Σ place × stride over the axes. */
export interface Spread {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly from: number;
  readonly run: number;
}

interface Matrix {
  readonly k: number;
  readonly n: number;
}

interface Rows {
  /** Rows of numbers in an example. */
  readonly rows: number;
  readonly n: number;
}

interface Score extends Rows {
  readonly isSparse: boolean;
}

type Loss<Attributes = Rows> = Shape<'p' | 't' | 'weights', 'sum' | 'd', Attributes>;
type Measure<Attributes = Rows> = Shape<'p' | 't' | 'weights', 'sum', Attributes>;

export interface Kinds {
  // Matrices of weights, packed for the products.
  packWeights: Shape<'w', 'packed', Matrix>;
  /** `blocks` matrices, one after the other, each transposed. */
  packTransposed: Shape<'w', 'packed', Matrix & { readonly blocks: number }>;

  /** Rows of w, chosen by numbers. */
  embed: Shape<'x' | 'w', 'y', Matrix>;
  embedWeights: Shape<'x' | 'dy', 'part', Matrix>;

  dense: Shape<'x' | 'packed', 'y', Matrix & { readonly rows: number; readonly relu: boolean }, 'bias'>;
  denseInput: Shape<'dy' | 'packed', 'dx', Matrix & { readonly rows: number }>;
  /** Rows of all examples in panels of eight columns. */
  packRows: Shape<'x', 'panels', Rows>;
  denseWeights: Shape<'x' | 'panels', 'dw', Matrix & { readonly rows: number }>;

  convolution: Shape<'x' | 'packed', 'y', { readonly window: Window; readonly relu: boolean }, 'bias'>;
  /** Of each 2 × 2 places of a convolution's answer the greatest. */
  pooledConvolution: Shape<'x' | 'packed', 'y', { readonly window: Window; readonly relu: boolean }, 'bias'>;
  /** Weights of 3 × 3 places for `winograd`; k channels, n filters. */
  packWinograd: Shape<'w', 'tiles', Matrix>;
  /** A convolution, pooled or not, with fewer multiplications; `packed`: for numbers that are none or without end. */
  winograd: Shape<
    'x' | 'packed' | 'tiles',
    'y' | 'room',
    { readonly window: Window; readonly relu: boolean; readonly isPooled: boolean },
    'bias'
  >;
  convolutionInput: Shape<'dy' | 'packed', 'dx', { readonly window: Window }>;
  convolutionWeights: Shape<'x' | 'dy', 'part' | 'panels', { readonly window: Window }>;
  depthwise: Shape<'x' | 'w', 'y', { readonly window: Window; readonly multiplier: number }, 'bias'>;
  depthwiseInput: Shape<'dy' | 'w', 'dx', { readonly window: Window; readonly multiplier: number }>;
  depthwiseWeights: Shape<'x' | 'dy', 'part', { readonly window: Window; readonly multiplier: number }>;
  addBias: Shape<'x' | 'bias', 'y', Rows>;
  /** Sums of columns. */
  biasPart: Shape<'dy', 'part', Rows>;
  sumParts: Shape<'part', 'sum'>;

  pad: Shape<'x', 'y', { readonly top: number; readonly left: number }>;
  crop: Shape<'x', 'y', { readonly top: number; readonly left: number }>;
  maxPool: Shape<'x', 'y' | 'chosen', { readonly window: Window }>;
  /** `maxPool` without telling what was chosen. */
  greatest: Shape<'x', 'y', { readonly window: Window }>;
  maxPoolGradient: Shape<'dy' | 'chosen', 'dx', { readonly window: Window }>;
  averagePool: Shape<'x', 'y', { readonly window: Window }>;
  averagePoolGradient: Shape<'dy', 'dx', { readonly window: Window }>;

  reshape: Shape<'x', 'y'>;
  spread: Shape<'x', 'y', Spread>;
  spreadGradient: Shape<'dy', 'dx', Spread>;
  activation: Shape<'x', 'y', Slope>;
  activationGradient: Shape<'dy' | 'y', 'dx', Slope>;
  curve: Shape<'x', 'y', { readonly activation: number }>;
  curveGradient: Shape<'dy' | 'x', 'dx', { readonly activation: number }>;
  prelu: Shape<'x' | 'alpha', 'y', Rows>;
  preluInput: Shape<'dy' | 'x' | 'alpha', 'dx', Rows>;
  preluWeights: Shape<'dy' | 'x', 'part', Rows>;
  softmax: Shape<'x', 'y', Rows>;
  softmaxGradient: Shape<'dy' | 'y', 'dx', Rows>;
  /** On the gradient it is its own gradient. */
  dropout: Shape<'x', 'y', { readonly rate: number; readonly layer: number }>;
  /** Normal numbers are added, or are factors with a mean of one; on the gradient these are their own gradient. */
  noise: Shape<'x', 'y', { readonly deviation: number; readonly isFactor: boolean; readonly layer: number }>;
  scale: Shape<'x', 'y', { readonly factor: number }>;
  /** Of each column the greatest number; all that are as great share its gradient. */
  most: Shape<'x', 'y', Rows>;
  mostGradient: Shape<'dy' | 'x' | 'y', 'dx', Rows>;
  /** The greater of two, or the lesser. */
  choose: Shape<'a' | 'b', 'y', { readonly isMost: boolean }>;
  chooseGradient: Shape<'dy' | 'a' | 'b', 'd', { readonly isMost: boolean; readonly isFirst: boolean }>;
  add: Shape<'a' | 'b', 'y'>;
  multiply: Shape<'a' | 'b', 'y'>;
  /** Columns of rows from `from` on. `place`: part of a row of the larger one. */
  join: Shape<'a' | 'b', 'y'>;
  part: Shape<'x', 'y', { readonly from: number }>;

  // Batch normalization.
  channelSums: Shape<'x', 'part', Rows>;
  channelMoments: Shape<
    'part' | 'movingMean' | 'movingVariance',
    'mean' | 'inverse' | 'newMean' | 'newVariance',
    Rows & { readonly epsilon: number; readonly momentum: number }
  >;
  inverseDeviation: Shape<'variance', 'inverse', { readonly epsilon: number }>;
  normalize: Shape<'x' | 'mean' | 'inverse', 'y', Rows, 'gamma' | 'beta'>;
  channelGradients: Shape<'dy' | 'x' | 'mean' | 'inverse', 'part', Rows>;
  channelGradientSums: Shape<'part', 'dgamma' | 'dbeta' | 'means', Rows>;
  normalizeInput: Shape<'dy' | 'x' | 'mean' | 'inverse' | 'means', 'dx', Rows, 'gamma'>;

  // Layer normalization. Moments: of each row its mean and 1 ÷ its deviation.
  normalizeRows: Shape<'x', 'y' | 'moments', Rows & { readonly epsilon: number }, 'gamma' | 'beta'>;
  normalizeRowsInput: Shape<'dy' | 'x' | 'moments', 'dx', Rows, 'gamma'>;
  normalizeRowsWeights: Shape<'dy' | 'x' | 'moments', 'part', Rows>;

  // Losses with the gradient of their mean, and what is only measured.
  crossEntropy: Loss<Score & { readonly throughSoftmax: boolean }>;
  binaryCrossEntropy: Loss;
  squaredError: Loss;
  absoluteError: Loss;
  otherLoss: Loss<Rows & { readonly loss: number }>;
  measureCrossEntropy: Measure<Score>;
  measureBinaryCrossEntropy: Measure;
  measureSquaredError: Measure;
  measureAbsoluteError: Measure;
  countHits: Measure<Score>;
  countSides: Measure;

  // What happens to gradients before the weights move; they are changed in their place.
  penalize: Shape<'w', 'sum', { readonly l1: number; readonly l2: number }>;
  penalizeGradient: Shape<'w' | 'g', 'sum' | 'changed', { readonly l1: number; readonly l2: number }>;
  clipValues: Shape<'g', 'changed', { readonly limit: number }>;
  /** `squares`: the sum so far. */
  addSquares: Shape<'g' | 'squares', 'sum'>;
  clipLength: Shape<'g' | 'squares', 'changed', { readonly limit: number }>;

  // Updates.
  sgd: Shape<'w' | 'g', 'changed'>;
  momentum: Shape<'w' | 'g' | 'velocity', 'changed'>;
  adam: Shape<'w' | 'g' | 'mean' | 'square', 'changed'>;
  rmsprop: Shape<'w' | 'g' | 'square' | 'velocity', 'changed', object, 'mean'>;
  adagrad: Shape<'w' | 'g' | 'square', 'changed'>;
  adamax: Shape<'w' | 'g' | 'mean' | 'most', 'changed'>;
  adadelta: Shape<'w' | 'g' | 'square' | 'moved', 'changed'>;
}

/**
 * How the work of a kind is divided among threads. `examples`: each takes some examples; `elements`: each takes some of the numbers, once all
 * examples are done; `update`: the same, when nobody reads the weights any more; `none`: there is no work.
 */
type Division = 'examples' | 'elements' | 'update' | 'none';

/** Whether examples are best taken one by one, all of them through several operations, or all at once. */
type Pace = 'one' | 'all' | 'any';

export const traits: Readonly<Record<keyof Kinds, readonly [Division, Pace]>> = {
  packWeights: ['elements', 'any'],
  packTransposed: ['elements', 'any'],
  embed: ['examples', 'any'],
  embedWeights: ['examples', 'any'],
  dense: ['examples', 'all'],
  denseInput: ['examples', 'all'],
  packRows: ['examples', 'all'],
  denseWeights: ['elements', 'any'],
  convolution: ['examples', 'one'],
  pooledConvolution: ['examples', 'one'],
  packWinograd: ['elements', 'any'],
  winograd: ['examples', 'one'],
  convolutionInput: ['examples', 'one'],
  convolutionWeights: ['examples', 'one'],
  depthwise: ['examples', 'one'],
  depthwiseInput: ['examples', 'one'],
  depthwiseWeights: ['examples', 'one'],
  addBias: ['examples', 'any'],
  biasPart: ['examples', 'any'],
  sumParts: ['elements', 'any'],
  pad: ['examples', 'one'],
  crop: ['examples', 'one'],
  maxPool: ['examples', 'one'],
  greatest: ['examples', 'one'],
  maxPoolGradient: ['examples', 'one'],
  averagePool: ['examples', 'one'],
  averagePoolGradient: ['examples', 'one'],
  reshape: ['none', 'any'],
  spread: ['examples', 'one'],
  spreadGradient: ['examples', 'one'],
  activation: ['examples', 'any'],
  activationGradient: ['examples', 'any'],
  curve: ['examples', 'any'],
  curveGradient: ['examples', 'any'],
  prelu: ['examples', 'any'],
  preluInput: ['examples', 'any'],
  preluWeights: ['examples', 'any'],
  softmax: ['examples', 'any'],
  softmaxGradient: ['examples', 'any'],
  dropout: ['examples', 'any'],
  noise: ['examples', 'any'],
  scale: ['examples', 'any'],
  most: ['examples', 'one'],
  mostGradient: ['examples', 'one'],
  choose: ['examples', 'any'],
  chooseGradient: ['examples', 'any'],
  add: ['examples', 'any'],
  multiply: ['examples', 'any'],
  join: ['examples', 'any'],
  part: ['examples', 'any'],
  channelSums: ['examples', 'any'],
  channelMoments: ['elements', 'any'],
  inverseDeviation: ['elements', 'any'],
  normalize: ['examples', 'any'],
  channelGradients: ['examples', 'any'],
  channelGradientSums: ['elements', 'any'],
  normalizeInput: ['examples', 'any'],
  normalizeRows: ['examples', 'any'],
  normalizeRowsInput: ['examples', 'any'],
  normalizeRowsWeights: ['examples', 'any'],
  crossEntropy: ['examples', 'all'],
  binaryCrossEntropy: ['examples', 'all'],
  squaredError: ['examples', 'all'],
  absoluteError: ['examples', 'all'],
  otherLoss: ['examples', 'all'],
  measureCrossEntropy: ['examples', 'all'],
  measureBinaryCrossEntropy: ['examples', 'all'],
  measureSquaredError: ['examples', 'all'],
  measureAbsoluteError: ['examples', 'all'],
  countHits: ['examples', 'all'],
  countSides: ['examples', 'all'],
  penalize: ['elements', 'any'],
  penalizeGradient: ['elements', 'any'],
  clipValues: ['elements', 'any'],
  addSquares: ['elements', 'any'],
  clipLength: ['elements', 'any'],
  sgd: ['update', 'any'],
  momentum: ['update', 'any'],
  adam: ['update', 'any'],
  rmsprop: ['update', 'any'],
  adagrad: ['update', 'any'],
  adamax: ['update', 'any'],
  adadelta: ['update', 'any'],
};
