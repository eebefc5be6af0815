import { bytesOf, sizeOf, type Kind, type Operation, type Value } from './graph.ts';
import { outSizes } from './layers.ts';
import type { Window } from './operations.ts';

// What an operation is done with: calls of kernels, whose arguments are told once the memory is laid out.

/** Names of numbers that change from step to step; the executor writes them before a step. */
export const controls = {
  /** 1 ÷ examples of the batch. */
  share: 0,
  examples: 4,
  /** Two keys of the random numbers. */
  keys: 8,
  /** Of the optimizer: up to eight numbers. */
  optimizer: 16,
} as const;

export type Argument =
  | number
  /** Where a value begins; `bytes` further on, and from the first element of a thread's share on, that are `each` bytes. */
  | { readonly at: Value; readonly bytes?: number; readonly share?: Share; readonly each?: number }
  /** From one thread's part to the next one's. */
  | { readonly pitchOf: Value }
  /** The first thread's part. */
  | { readonly firstOf: Value }
  | { readonly threads: true }
  /** So many for each example that the call is for. */
  | { readonly perExample: number }
  /** The number of the first example, times this. */
  | { readonly first: number }
  | { readonly share: Share; readonly end: 'from' | 'to' | 'count' }
  | { readonly control: keyof typeof controls }
  | { readonly table: Table };

/** A thread's share of `total` things, cut at multiples of `unit`. */
interface Share {
  readonly total: number;
  readonly unit: number;
}

/** Where rows begin: every so many bytes; or, of the windows of a picture, line by line. */
export type Table =
  | { readonly every: number; readonly count: number }
  | { readonly lines: number; readonly columns: number; readonly lineBytes: number; readonly columnBytes: number };

export interface Call {
  readonly kernel: string;
  readonly arguments: readonly Argument[];
}

type Lower<K extends Kind> = (operation: Operation<K>, capacity: number) => readonly Call[];

const call = (kernel: string, ...values: readonly Argument[]): Call => ({ kernel, arguments: values });
const at = (value: Value, bytes = 0): Argument => ({ at: value, bytes });
const per = (count: number): Argument => ({ perExample: count });
const atOrNone = (value: Value | undefined): Argument => (value === undefined ? 0 : at(value));
const bit = (isSet: boolean): number => Number(isSet);

/** Bits of a product's mode, as the kernels have them. */
const BIAS = 1;
const RELU = 4;

const lowerings: { readonly [K in Kind]: Lower<K> } = {
  packWeights: ({ inputs: { w }, outputs: { packed }, attributes: { k, n } }) => {
    const panels = share(Math.ceil(n / 8), 1);
    return [call('pack', at(w), k, n, at(packed), k * 32, ...ends(panels))];
  },
  packTransposed: ({ inputs: { w }, outputs: { packed }, attributes: { k, n, blocks } }) => {
    // Blocks whose rows fill their panels lie as one matrix does.
    if (k % 8 === 0)
      return [call('packTransposed', at(w), k * blocks, n, at(packed), ...ends(share((k * blocks) / 8, 1)))];
    const panels = Math.ceil(k / 8);
    return Array.from({ length: blocks }, (_, block) =>
      call(
        'packTransposed',
        at(w, block * k * n * 4),
        k,
        n,
        at(packed, block * panels * n * 32),
        ...ends(share(panels, 1)),
      ),
    );
  },
  dense: ({ inputs: { x, packed, bias }, outputs: { y }, attributes: { k, n, rows, relu } }, capacity) => [
    product(x, packed, y, {
      k,
      n,
      rows: rows * capacity,
      perExample: rows,
      mode: (bias ? BIAS : 0) | (relu ? RELU : 0),
      bias,
    }),
  ],
  denseInput: ({ inputs: { dy, packed }, outputs: { dx }, attributes: { k, n, rows } }, capacity) => [
    product(dy, packed, dx, { k: n, n: k, rows: rows * capacity, perExample: rows, mode: 0, bias: undefined }),
  ],
  packRows: ({ inputs: { x }, outputs: { panels }, attributes: { rows, n } }, capacity) => [
    // Rows of an example begin where those before it end, in each panel.
    call('packFrom', at(x), per(rows), n, at(panels), { first: rows * 32 }, rows * capacity * 32, Math.ceil(n / 8)),
  ],
  denseWeights: ({ inputs: { x, panels }, outputs: { dw }, attributes: { k, n, rows } }, capacity) => [
    call(
      ...(['outerOfBatch', at(x), k * 4, at(panels), rows * capacity * 32, { control: 'examples' }, rows] as const),
      ...[at(dw), n, ...ends(share(k, 6))],
    ),
  ],
  convolution: ({ inputs: { x, packed, bias }, outputs: { y }, attributes: { window, relu } }) => {
    const { channels, line, filters, lines, columns } = facts(x, y, window);
    const mode = (bias ? BIAS : 0) | (relu ? RELU : 0);
    const windows: Table = starts(x, window, lines, columns);
    return [
      call(
        ...([
          'rows',
          at(x),
          { table: windows },
          lines * columns,
          window.width * channels,
          window.height,
          line,
        ] as const),
        ...[
          at(packed),
          filters,
          at(y),
          { table: { every: filters * 4, count: lines * columns } },
          mode,
          atOrNone(bias),
          0,
        ],
      ),
    ];
  },
  convolutionInput: ({ inputs: { dy, packed }, outputs: { dx }, attributes: { window } }) => {
    const { channels, filters, lines, columns, height, width } = facts(dx, dy, window);
    return [
      call(
        ...(['convolutionInput', at(dy), { table: { every: filters * 4, count: lines * columns } }] as const),
        ...[{ table: starts(dx, window, lines, columns) }, lines * columns, filters, at(packed)],
        ...[Math.ceil(channels / 8) * filters * 32, at(dx), height, width, channels, window.height, window.width],
      ),
    ];
  },
  convolutionWeights: ({ inputs: { x, dy }, outputs: { part, panels }, attributes: { window } }) => {
    const { channels, filters, lines, columns, width } = facts(x, dy, window);
    return [
      call(
        ...([
          'convolutionWeights',
          at(x),
          at(dy),
          at(panels),
          at(part),
          width,
          channels,
          lines,
          columns,
          filters,
        ] as const),
        ...[window.height, window.width, window.strideY, window.strideX],
      ),
    ];
  },
  depthwise: ({ inputs: { x, w, bias }, outputs: { y }, attributes: { window, multiplier } }) => {
    const { channels, lines, columns, width } = facts(x, y, window);
    const sizes = [width, channels, multiplier, lines, columns, window.height, window.width];
    return [call('depthwise', at(x), at(w), atOrNone(bias), at(y), ...sizes, window.strideY, window.strideX)];
  },
  depthwiseInput: ({ inputs: { dy, w }, outputs: { dx }, attributes: { window, multiplier } }) => {
    const { channels, lines, columns, height, width } = facts(dx, dy, window);
    const sizes = [height, width, channels, multiplier, lines, columns, window.height, window.width];
    return [call('depthwiseInput', at(dy), at(w), at(dx), ...sizes, window.strideY, window.strideX)];
  },
  depthwiseWeights: ({ inputs: { x, dy }, outputs: { part }, attributes: { window, multiplier } }) => {
    const { channels, lines, columns, width } = facts(x, dy, window);
    const sizes = [width, channels, multiplier, lines, columns, window.height, window.width];
    return [call('depthwiseWeights', at(x), at(dy), at(part), ...sizes, window.strideY, window.strideX)];
  },
  biasPart: ({ inputs: { dy }, outputs: { part }, attributes: { rows, n } }) => [
    call('addColumns', at(dy), per(rows), n, at(part)),
  ],
  sumParts: ({ inputs: { part }, outputs: { sum } }) => {
    const elements = share(sizeOf(part.shape), 4);
    const from: Argument = { firstOf: part };
    return [call('sumPartsFrom', from, { pitchOf: part }, { threads: true }, at(sum), ...ends(elements))];
  },
  pad: ({ inputs: { x }, outputs: { y }, attributes: { top, left } }) => {
    const [height = 1, width = 1, channels = 1] = x.shape;
    const [outHeight = 1, outWidth = 1] = y.shape;
    return [call('pad', at(x), height, width, channels, at(y), top, left, outHeight, outWidth)];
  },
  crop: ({ inputs: { x }, outputs: { y }, attributes: { top, left } }) => {
    const [height = 1, width = 1, channels = 1] = y.shape;
    return [call('crop', at(x), height, width, channels, at(y), top, left, x.shape[1] ?? 1)];
  },
  maxPool: ({ inputs: { x }, outputs: { y, chosen }, attributes: { window } }) => [
    call('maxPool', at(x), ...poolSizes(x, y, window), at(y), at(chosen)),
  ],
  maxPoolGradient: ({ inputs: { dy, chosen }, outputs: { dx }, attributes: { window } }) => [
    call('maxPoolGradient', at(dy), at(chosen), ...poolSizes(dx, dy, window), at(dx)),
  ],
  averagePool: ({ inputs: { x }, outputs: { y }, attributes: { window } }) => [
    call('averagePool', at(x), ...poolSizes(x, y, window), at(y)),
  ],
  averagePoolGradient: ({ inputs: { dy }, outputs: { dx }, attributes: { window } }) => [
    call('averagePoolGradient', at(dy), ...poolSizes(dx, dy, window), at(dx)),
  ],
  reshape: () => [],
  activation: ({ inputs: { x }, outputs: { y }, attributes: { activation, alpha } }) => [
    call('activate', activation, alpha, at(x), at(y), per(sizeOf(x.shape))),
  ],
  activationGradient: ({ inputs: { dy, y }, outputs: { dx }, attributes: { activation, alpha } }) => [
    call('activationGradient', activation, alpha, at(dy), at(y), at(dx), per(sizeOf(y.shape))),
  ],
  softmax: ({ inputs: { x }, outputs: { y }, attributes: { rows, n } }) => [
    call('softmax', at(x), at(y), per(rows), n),
  ],
  softmaxGradient: ({ inputs: { dy, y }, outputs: { dx }, attributes: { rows, n } }) => [
    call('softmaxGradient', at(dy), at(y), at(dx), per(rows), n),
  ],
  dropout: ({ inputs: { x }, outputs: { y }, attributes: { rate, layer } }) => {
    const size = sizeOf(x.shape);
    const threshold = Math.round(rate * 2 ** 24);
    const keys: Argument = { control: 'keys' };
    return [call('dropout', at(x), at(y), per(size), { first: size }, keys, layer + 1, threshold, 1 / (1 - rate))];
  },
  add: ({ inputs: { a, b }, outputs: { y } }) => [call('add', at(a), at(b), at(y), per(sizeOf(y.shape)))],
  multiply: ({ inputs: { a, b }, outputs: { y } }) => [call('multiply', at(a), at(b), at(y), per(sizeOf(y.shape)))],
  join: ({ inputs: { a, b }, outputs: { y } }) => {
    const [first, second] = [lastOf(a) * 4, lastOf(b) * 4];
    const rows = per(sizeOf(a.shape) / lastOf(a));
    return [
      call('copyRuns', at(a), first, at(y), first + second, first, rows),
      call('copyRuns', at(b), second, at(y, first), first + second, second, rows),
    ];
  },
  part: ({ inputs: { x }, outputs: { y }, attributes: { from } }) => {
    const bytes = lastOf(y) * 4;
    return [call('copyRuns', at(x, from * 4), lastOf(x) * 4, at(y), bytes, bytes, per(sizeOf(y.shape) / lastOf(y)))];
  },
  channelSums: ({ inputs: { x }, outputs: { part }, attributes: { rows, n } }) => [
    call('channelSums', at(x), per(rows), n, at(part)),
  ],
  channelMoments: ({ inputs, outputs: { mean, inverse }, attributes: { rows, n, epsilon, momentum } }) => [
    call(
      ...(['channelMoments', ...partsOf(inputs.part), n, rows, { control: 'examples' }, epsilon, momentum] as const),
      ...[at(mean), at(inverse), at(inputs.movingMean), at(inputs.movingVariance), ...ends(share(n, 1))],
    ),
  ],
  inverseDeviation: ({ inputs: { variance }, outputs: { inverse }, attributes: { epsilon } }) => {
    const elements = share(sizeOf(variance.shape), 1);
    return [call('inverseDeviation', from(variance, elements), epsilon, from(inverse, elements), countOf(elements))];
  },
  normalize: ({ inputs: { x, mean, inverse, gamma, beta }, outputs: { y }, attributes: { rows, n } }) => [
    call('normalize', at(x), per(rows), n, at(mean), at(inverse), atOrNone(gamma), atOrNone(beta), at(y)),
  ],
  channelGradients: ({ inputs: { dy, x, mean, inverse }, outputs: { part }, attributes: { rows, n } }) => [
    call('channelGradients', at(dy), at(x), per(rows), n, at(mean), at(inverse), at(part)),
  ],
  channelGradientSums: ({ inputs: { part }, outputs: { dgamma, dbeta, means }, attributes: { rows, n } }) => [
    call(
      ...(['channelGradientSums', ...partsOf(part), n, rows, { control: 'examples' }, at(dgamma), at(dbeta)] as const),
      ...[at(means), ...ends(share(n, 1))],
    ),
  ],
  normalizeInput: ({ inputs: { dy, x, mean, inverse, means, gamma }, outputs: { dx }, attributes: { rows, n } }) => [
    call('normalizeInput', at(dy), at(x), per(rows), n, at(mean), at(inverse), atOrNone(gamma), at(means), at(dx)),
  ],
  crossEntropy: ({ inputs, outputs: { sum, d }, attributes: { rows, n, isSparse, throughSoftmax } }) => [
    call(
      'crossEntropy',
      ...judged(inputs, rows, n),
      bit(isSparse),
      bit(throughSoftmax),
      { control: 'share' },
      at(d),
      at(sum),
    ),
  ],
  binaryCrossEntropy: (operation) => lowerLoss('binaryCrossEntropy', operation),
  squaredError: (operation) => lowerLoss('squaredError', operation),
  absoluteError: (operation) => lowerLoss('absoluteError', operation),
  measureCrossEntropy: ({ inputs, outputs: { sum }, attributes: { rows, n, isSparse } }) => [
    call('crossEntropy', ...judged(inputs, rows, n, true), bit(isSparse), 0, { control: 'share' }, 0, at(sum)),
  ],
  measureBinaryCrossEntropy: (operation) => lowerMeasure('binaryCrossEntropy', operation),
  measureSquaredError: (operation) => lowerMeasure('squaredError', operation),
  measureAbsoluteError: (operation) => lowerMeasure('absoluteError', operation),
  countHits: ({ inputs: { p, t }, outputs: { sum }, attributes: { rows, n, isSparse } }) => [
    call('countHits', at(p), at(t), per(rows), n, bit(isSparse), at(sum)),
  ],
  countSides: ({ inputs: { p, t }, outputs: { sum }, attributes: { rows, n } }) => [
    call('countSides', at(p), at(t), per(rows), n, at(sum)),
  ],
  penalize: ({ inputs: { w }, outputs: { sum }, attributes: { l1, l2 } }) => {
    const elements = share(sizeOf(w.shape), 4);
    return [call('penalize', from(w, elements), 0, countOf(elements), l1, l2, at(sum))];
  },
  penalizeGradient: ({ inputs: { w, g }, outputs: { sum }, attributes: { l1, l2 } }) => {
    const elements = share(sizeOf(w.shape), 4);
    return [call('penalize', from(w, elements), from(g, elements), countOf(elements), l1, l2, at(sum))];
  },
  clipValues: ({ inputs: { g }, attributes: { limit } }) => {
    const elements = share(sizeOf(g.shape), 4);
    return [call('clipValues', from(g, elements), countOf(elements), limit)];
  },
  addSquares: ({ inputs: { g }, outputs: { sum } }) => {
    const elements = share(sizeOf(g.shape), 4);
    return [call('addSquares', from(g, elements), countOf(elements), at(sum))];
  },
  clipLength: ({ inputs: { g, squares }, attributes: { limit } }) => {
    const elements = share(sizeOf(g.shape), 4);
    return [call('clipLength', from(g, elements), countOf(elements), ...partsOf(squares), limit)];
  },
  sgd: ({ inputs: { w, g } }) => lowerUpdate('sgd', w, [g]),
  momentum: ({ inputs: { w, g, velocity } }) => lowerUpdate('momentum', w, [g, velocity]),
  adam: ({ inputs: { w, g, mean, square } }) => lowerUpdate('adam', w, [g, mean, square]),
  rmsprop: ({ inputs: { w, g, square, velocity, mean } }) => lowerUpdate('rmsprop', w, [g, square, velocity, mean]),
  adagrad: ({ inputs: { w, g, square } }) => lowerUpdate('adagrad', w, [g, square]),
};

export function lower<K extends Kind>(operation: Operation<K>, capacity: number): readonly Call[] {
  const found: Lower<K> = lowerings[operation.kind];
  return found(operation, capacity);
}

interface Product {
  readonly k: number;
  readonly n: number;
  /** Of a whole batch, and of an example. */
  readonly rows: number;
  readonly perExample: number;
  readonly mode: number;
  readonly bias: Value | undefined;
}

/** Rows × a matrix in panels. */
function product(x: Value, packed: Value, y: Value, { k, n, rows, perExample, mode, bias }: Product): Call {
  const [every, outEvery] = [k, n].map((numbers) => ({ every: numbers * 4, count: rows }));
  if (every === undefined || outEvery === undefined) throw new Error('There are two tables.');
  const matrix = [at(x), { table: every }, per(perExample), k, 1, 0];
  return call('rows', ...matrix, at(packed), n, at(y), { table: outEvery }, mode, atOrNone(bias), 1);
}

function lowerLoss(
  kernel: string,
  { inputs, outputs: { sum, d }, attributes: { rows, n } }: Omit<Operation<'squaredError'>, 'kind'>,
): readonly Call[] {
  return [call(kernel, ...judged(inputs, rows, n), { control: 'share' }, at(d), at(sum))];
}

function lowerMeasure(
  kernel: string,
  { inputs, outputs: { sum }, attributes: { rows, n } }: Omit<Operation<'measureSquaredError'>, 'kind'>,
): readonly Call[] {
  return [call(kernel, ...judged(inputs, rows, n, true), { control: 'share' }, 0, at(sum))];
}

/** Metrics are means over the examples, whatever these weigh (0: every weight is one). */
function judged(
  { p, t, weights }: { readonly p: Value; readonly t: Value; readonly weights: Value },
  rows: number,
  n: number,
  isUnweighted = false,
): readonly Argument[] {
  return [at(p), at(t), isUnweighted ? 0 : at(weights), per(rows), n, rows];
}

function lowerUpdate(kernel: string, w: Value, others: readonly (Value | undefined)[]): readonly Call[] {
  const elements = share(sizeOf(w.shape), 4);
  const addresses = others.map((value) => (value === undefined ? 0 : from(value, elements)));
  return [call(kernel, from(w, elements), ...addresses, countOf(elements), { control: 'optimizer' })];
}

function share(total: number, unit: number): Share {
  return { total, unit };
}

function ends(given: Share): readonly [Argument, Argument] {
  return [
    { share: given, end: 'from' },
    { share: given, end: 'to' },
  ];
}

function countOf(given: Share): Argument {
  return { share: given, end: 'count' };
}

function from(value: Value, given: Share): Argument {
  return { at: value, share: given, each: bytesOf(value) / sizeOf(value.shape) };
}

/** The parts of all threads: where the first lies, how far apart they are, how many there are. */
function partsOf(part: Value): readonly [Argument, Argument, Argument] {
  return [{ firstOf: part }, { pitchOf: part }, { threads: true }];
}

function lastOf({ shape }: Value): number {
  return shape.at(-1) ?? 1;
}

function facts(
  x: Value,
  y: Value,
  window: Window,
): Readonly<Record<'height' | 'width' | 'channels' | 'line' | 'filters' | 'lines' | 'columns', number>> {
  const [height = 1, width = 1, channels = 1] = x.shape;
  const [lines, columns] = outSizes(x, window);
  return { height, width, channels, line: width * channels * 4, filters: lastOf(y), lines, columns };
}

/** Where the windows of a picture begin. */
function starts(x: Value, { strideY, strideX }: Window, lines: number, columns: number): Table {
  const [, width = 1, channels = 1] = x.shape;
  return { lines, columns, lineBytes: strideY * width * channels * 4, columnBytes: strideX * channels * 4 };
}

function poolSizes(x: Value, y: Value, window: Window): readonly number[] {
  const [height = 1, width = 1, channels = 1] = x.shape;
  const [lines = 1, columns = 1] = y.shape;
  const { strideY, strideX, top, left } = window;
  return [height, width, channels, window.height, window.width, strideY, strideX, top, left, lines, columns];
}
