import {
  at,
  atOrNone,
  bit,
  call,
  countOf,
  ends,
  from,
  partsOf,
  per,
  share,
  type Argument,
  type Lowerings,
} from './calls.ts';
import { sizeOf } from './graph.ts';

// Numbers one by one, and rows of them.

export const elements = {
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
  curve: ({ inputs: { x }, outputs: { y }, attributes: { activation } }) => [
    call('curve', activation, at(x), at(y), per(sizeOf(x.shape))),
  ],
  curveGradient: ({ inputs: { dy, x }, outputs: { dx }, attributes: { activation } }) => [
    call('curveGradient', activation, at(dy), at(x), at(dx), per(sizeOf(x.shape))),
  ],
  prelu: ({ inputs: { x, alpha }, outputs: { y }, attributes: { rows, n } }) => [
    call('prelu', at(x), at(alpha), at(y), per(rows), n),
  ],
  preluInput: ({ inputs: { dy, x, alpha }, outputs: { dx }, attributes: { rows, n } }) => [
    call('preluInput', at(dy), at(x), at(alpha), at(dx), per(rows), n),
  ],
  preluWeights: ({ inputs: { dy, x }, outputs: { part }, attributes: { rows, n } }) => [
    call('preluWeights', at(dy), at(x), at(part), per(rows), n),
  ],
  addBias: ({ inputs: { x, bias }, outputs: { y }, attributes: { rows, n } }) => [
    call('addBias', at(x), at(bias), at(y), per(rows), n),
  ],
  embed: ({ inputs: { x, w }, outputs: { y }, attributes: { k, n } }) => [
    call('embed', at(x), per(sizeOf(x.shape)), at(w), k, n, at(y)),
  ],
  embedWeights: ({ inputs: { x, dy }, outputs: { part }, attributes: { k, n } }) => [
    call('embedWeights', at(x), per(sizeOf(x.shape)), at(dy), k, n, at(part)),
  ],
  noise: ({ inputs: { x }, outputs: { y }, attributes: { deviation, isFactor, layer } }) => {
    const size = sizeOf(x.shape);
    const keys: Argument = { control: 'keys' };
    return [call('noise', at(x), at(y), per(size), { first: size }, keys, layer + 1, deviation, bit(isFactor))];
  },
  scale: ({ inputs: { x }, outputs: { y }, attributes: { factor } }) => [
    call('scale', at(x), at(y), per(sizeOf(x.shape)), factor),
  ],
  most: ({ inputs: { x }, outputs: { y }, attributes: { rows, n } }) => [call('most', at(x), rows, n, at(y))],
  mostGradient: ({ inputs: { dy, x, y }, outputs: { dx }, attributes: { rows, n } }) => [
    call('mostGradient', at(dy), at(x), at(y), rows, n, at(dx)),
  ],
  choose: ({ inputs: { a, b }, outputs: { y }, attributes: { isMost } }) => [
    call('choose', at(a), at(b), at(y), per(sizeOf(y.shape)), bit(isMost)),
  ],
  chooseGradient: ({ inputs: { dy, a, b }, outputs: { d }, attributes: { isMost, isFirst } }) => [
    call('chooseGradient', at(dy), at(a), at(b), at(d), per(sizeOf(d.shape)), bit(isMost), bit(isFirst)),
  ],
  normalizeRows: ({ inputs: { x, gamma, beta }, outputs: { y, moments }, attributes: { rows, n, epsilon } }) => [
    call('normalizeRows', at(x), per(rows), n, epsilon, atOrNone(gamma), atOrNone(beta), at(moments), at(y)),
  ],
  normalizeRowsInput: ({ inputs: { dy, x, moments, gamma }, outputs: { dx }, attributes: { rows, n } }) => [
    call('normalizeRowsInput', at(dy), at(x), per(rows), n, at(moments), atOrNone(gamma), at(dx)),
  ],
  normalizeRowsWeights: ({ inputs: { dy, x, moments }, outputs: { part }, attributes: { rows, n } }) => [
    call('normalizeRowsWeights', at(dy), at(x), per(rows), n, at(moments), at(part)),
  ],
} satisfies Lowerings;
