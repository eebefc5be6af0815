import {
  at,
  bit,
  call,
  countOf,
  from,
  partsOf,
  per,
  shareOf,
  type Argument,
  type Call,
  type Lowerings,
} from './calls.ts';
import type { Operation, Value } from './graph.ts';

// Losses, metrics, penalties and updates.

export const trainings = {
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
    const elements = shareOf(w);
    return [call('penalize', from(w, elements), 0, countOf(elements), l1, l2, at(sum))];
  },
  penalizeGradient: ({ inputs: { w, g }, outputs: { sum }, attributes: { l1, l2 } }) => {
    const elements = shareOf(w);
    return [call('penalize', from(w, elements), from(g, elements), countOf(elements), l1, l2, at(sum))];
  },
  clipValues: ({ inputs: { g }, attributes: { limit } }) => {
    const elements = shareOf(g);
    return [call('clipValues', from(g, elements), countOf(elements), limit)];
  },
  addSquares: ({ inputs: { g }, outputs: { sum } }) => {
    const elements = shareOf(g);
    return [call('addSquares', from(g, elements), countOf(elements), at(sum))];
  },
  clipLength: ({ inputs: { g, squares }, attributes: { limit } }) => {
    const elements = shareOf(g);
    return [call('clipLength', from(g, elements), countOf(elements), ...partsOf(squares), limit)];
  },
  sgd: ({ inputs: { w, g } }) => lowerUpdate('sgd', w, [g]),
  momentum: ({ inputs: { w, g, velocity } }) => lowerUpdate('momentum', w, [g, velocity]),
  adam: ({ inputs: { w, g, mean, square } }) => lowerUpdate('adam', w, [g, mean, square]),
  rmsprop: ({ inputs: { w, g, square, velocity, mean } }) => lowerUpdate('rmsprop', w, [g, square, velocity, mean]),
  adagrad: ({ inputs: { w, g, square } }) => lowerUpdate('adagrad', w, [g, square]),
  otherLoss: ({ inputs, outputs: { sum, d }, attributes: { rows, n, loss } }) => [
    call('otherLoss', loss, ...judged(inputs, rows, n), { control: 'share' }, at(d), at(sum)),
  ],
  adamax: ({ inputs: { w, g, mean, most } }) => lowerUpdate('adamax', w, [g, mean, most]),
  adadelta: ({ inputs: { w, g, square, moved } }) => lowerUpdate('adadelta', w, [g, square, moved]),
} satisfies Lowerings;

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
  const elements = shareOf(w);
  const addresses = others.map((value) => (value === undefined ? 0 : from(value, elements)));
  return [call(kernel, from(w, elements), ...addresses, countOf(elements), { control: 'optimizer' })];
}
