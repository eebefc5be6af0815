import { giveBias, slope, type Rules } from './backward.ts';

// Gradients of what changes, chooses or moves numbers.

export const elementRules: Rules = {
  pad: ({ inputs: { x }, attributes }, dy, b) => {
    const dx = b.builder.value(`d ${x.name}`, 'examples', x.shape);
    b.builder.add('crop', { x: dy }, { y: dx }, attributes);
    b.give(x, dx);
  },
  maxPool: ({ inputs: { x }, outputs: { chosen }, attributes }, dy, b) => {
    const dx = b.builder.value(`d ${x.name}`, 'examples', x.shape);
    b.builder.add('maxPoolGradient', { dy, chosen }, { dx }, attributes);
    b.give(x, dx);
  },
  averagePool: ({ inputs: { x }, attributes }, dy, b) => {
    const dx = b.builder.value(`d ${x.name}`, 'examples', x.shape);
    b.builder.add('averagePoolGradient', { dy }, { dx }, attributes);
    b.give(x, dx);
  },
  reshape: ({ inputs: { x } }, dy, b) => {
    const dx = b.builder.view(dy, x.shape);
    b.builder.add('reshape', { x: dy }, { y: dx }, {});
    b.give(x, dx);
  },
  activation: ({ inputs: { x }, outputs: { y }, attributes }, dy, b) => b.give(x, slope(b.builder, dy, y, attributes)),
  softmax: ({ inputs: { x }, outputs: { y }, attributes }, dy, b) => {
    const dx = b.builder.value(`d ${x.name}`, 'examples', x.shape);
    b.builder.add('softmaxGradient', { dy, y }, { dx }, attributes);
    b.give(x, dx);
  },
  dropout: ({ inputs: { x }, attributes }, dy, b) => {
    const dx = b.builder.value(`d ${x.name}`, 'examples', x.shape);
    b.builder.add('dropout', { x: dy }, { y: dx }, attributes);
    b.give(x, dx);
  },
  add: ({ inputs }, dy, b) => {
    for (const input of [inputs.a, inputs.b]) if (b.needs(input)) b.give(input, dy);
  },
  multiply: ({ inputs }, dy, b) => {
    for (const [input, other] of [[inputs.a, inputs.b] as const, [inputs.b, inputs.a] as const]) {
      if (!b.needs(input)) continue;
      const dx = b.builder.value(`d ${input.name}`, 'examples', input.shape);
      b.builder.add('multiply', { a: dy, b: other }, { y: dx }, {});
      b.give(input, dx);
    }
  },
  join: ({ inputs }, dy, b) => {
    let from = 0;
    for (const input of [inputs.a, inputs.b]) {
      const dx = b.builder.value(`d ${input.name}`, 'examples', input.shape);
      b.builder.add('part', { x: dy }, { y: dx }, { from });
      if (b.needs(input)) b.give(input, dx);
      from += input.shape.at(-1) ?? 1;
    }
  },
  normalize: ({ inputs: { x, mean, inverse, gamma, beta }, attributes }, dy, b) => {
    const { builder } = b;
    const { n } = attributes;
    const part = builder.value(`d ${x.name}/sums`, 'parts', [2, n], 'f64');
    builder.add('channelGradients', { dy, x, mean, inverse }, { part }, attributes);
    const dgamma = builder.value(`d ${gamma?.name ?? 'gamma'}`, 'whole', [n]);
    const dbeta = builder.value(`d ${beta?.name ?? 'beta'}`, 'whole', [n]);
    const means = builder.value(`d ${x.name}/means`, 'whole', [2, n]);
    builder.add('channelGradientSums', { part }, { dgamma, dbeta, means }, attributes);
    if (b.needs(gamma)) b.give(gamma, dgamma);
    if (b.needs(beta)) b.give(beta, dbeta);
    if (!b.needs(x)) return;
    const dx = builder.value(`d ${x.name}`, 'examples', x.shape);
    const scaled = gamma === undefined ? {} : { gamma };
    builder.add('normalizeInput', { dy, x, mean, inverse, means, ...scaled }, { dx }, attributes);
    b.give(x, dx);
  },
  crop: ({ inputs: { x }, attributes }, dy, b) => {
    const dx = b.builder.value(`d ${x.name}`, 'examples', x.shape);
    b.builder.add('pad', { x: dy }, { y: dx }, attributes);
    b.give(x, dx);
  },
  spread: ({ inputs: { x }, attributes }, dy, b) => {
    const dx = b.builder.value(`d ${x.name}`, 'examples', x.shape);
    b.builder.add('spreadGradient', { dy }, { dx }, attributes);
    b.give(x, dx);
  },
  curve: ({ inputs: { x }, attributes }, dy, b) => {
    const dx = b.builder.value(`d ${x.name}`, 'examples', x.shape);
    b.builder.add('curveGradient', { dy, x }, { dx }, attributes);
    b.give(x, dx);
  },
  prelu: ({ inputs: { x, alpha }, attributes }, dy, b) => {
    const { builder } = b;
    if (b.needs(alpha)) {
      const part = builder.value(`d ${alpha.name}`, 'parts', alpha.shape);
      builder.add('preluWeights', { dy, x }, { part }, attributes);
      b.giveParts(alpha, part);
    }
    if (!b.needs(x)) return;
    const dx = builder.value(`d ${x.name}`, 'examples', x.shape);
    builder.add('preluInput', { dy, x, alpha }, { dx }, attributes);
    b.give(x, dx);
  },
  noise: ({ inputs: { x }, attributes }, dy, b) => {
    if (!attributes.isFactor) {
      b.give(x, dy);
      return;
    }
    const dx = b.builder.value(`d ${x.name}`, 'examples', x.shape);
    b.builder.add('noise', { x: dy }, { y: dx }, attributes);
    b.give(x, dx);
  },
  scale: ({ inputs: { x }, attributes }, dy, b) => {
    const dx = b.builder.value(`d ${x.name}`, 'examples', x.shape);
    b.builder.add('scale', { x: dy }, { y: dx }, attributes);
    b.give(x, dx);
  },
  most: ({ inputs: { x }, outputs: { y }, attributes }, dy, b) => {
    const dx = b.builder.value(`d ${x.name}`, 'examples', x.shape);
    b.builder.add('mostGradient', { dy, x, y }, { dx }, attributes);
    b.give(x, dx);
  },
  choose: ({ inputs, attributes: { isMost } }, dy, b) => {
    for (const isFirst of [true, false]) {
      const input = isFirst ? inputs.a : inputs.b;
      if (!b.needs(input)) continue;
      const d = b.builder.value(`d ${input.name}`, 'examples', input.shape);
      b.builder.add('chooseGradient', { dy, ...inputs }, { d }, { isMost, isFirst });
      b.give(input, d);
    }
  },
  normalizeRows: ({ inputs: { x, gamma, beta }, outputs: { moments }, attributes: { rows, n } }, dy, b) => {
    const { builder } = b;
    if (b.needs(beta)) giveBias(b, beta, dy);
    if (b.needs(gamma)) {
      const part = builder.value(`d ${gamma.name}`, 'parts', gamma.shape);
      builder.add('normalizeRowsWeights', { dy, x, moments }, { part }, { rows, n });
      b.giveParts(gamma, part);
    }
    if (!b.needs(x)) return;
    const dx = builder.value(`d ${x.name}`, 'examples', x.shape);
    const scaled = gamma === undefined ? {} : { gamma };
    builder.add('normalizeRowsInput', { dy, x, moments, ...scaled }, { dx }, { rows, n });
    b.give(x, dx);
  },
};
