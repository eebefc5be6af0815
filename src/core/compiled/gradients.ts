import { activationKinds, rowsOf } from './activations.ts';
import {
  type GraphBuilder,
  sizeOf,
  valuesOf,
  type AnyOperation,
  type Kind,
  type Operation,
  type Value,
} from './graph.ts';
import { outSizes, toPanels } from './layers.ts';
import type { Slope } from './operations.ts';

// The backward pass: each operation, the last first, hands the gradient of its answer on to its inputs.

/** What a rule hands on. */
interface Backward {
  readonly builder: GraphBuilder;
  /** Whether anything that is trained lies before the value. */
  needs(value: Value | undefined): value is Value;
  give(value: Value, gradient: Value): void;
  /** A weight, and the sum of its gradient over the threads. */
  giveParts(weight: Value, part: Value): void;
  /** The matrix that was packed. */
  unpacked(packed: Value): Value;
  /** Room for more examples than one goes to values of the whole batch. */
  readonly capacity: number;
}

type Rule<K extends Kind> = (operation: Operation<K>, dy: Value, backward: Backward) => void;

const rules: { readonly [K in Kind]?: Rule<K> } = {
  dense: ({ inputs: { x, packed, bias }, outputs: { y }, attributes: { k, n, rows, relu } }, dy, b) => {
    const { builder, capacity } = b;
    const dz = relu ? slope(builder, dy, y, reluSlope) : dy;
    const w = b.unpacked(packed);
    if (b.needs(bias)) giveBias(b, bias, dz);
    if (b.needs(w)) {
      const panels = builder.value(`${y.name}/d in panels`, 'whole', [capacity * rows, toPanels(n)]);
      builder.add('packRows', { x: dz }, { panels }, { rows, n });
      const dw = builder.value(`d ${w.name}`, 'whole', w.shape);
      builder.add('denseWeights', { x, panels }, { dw }, { k, n, rows });
      b.give(w, dw);
    }
    if (!b.needs(x)) return;
    const transposed = transpose(builder, w, { k, n, blocks: 1 });
    const dx = builder.value(`d ${x.name}`, 'examples', x.shape);
    builder.add('denseInput', { dy: dz, packed: transposed }, { dx }, { k, n, rows });
    b.give(x, dx);
  },
  convolution: ({ inputs: { x, packed, bias }, outputs: { y }, attributes: { window, relu } }, dy, b) => {
    const { builder } = b;
    const dz = relu ? slope(builder, dy, y, reluSlope) : dy;
    const w = b.unpacked(packed);
    const [, , channels = 1] = x.shape;
    const filters = y.shape[2] ?? 1;
    if (b.needs(bias)) giveBias(b, bias, dz);
    if (b.needs(w)) {
      const part = builder.value(`d ${w.name}`, 'parts', w.shape);
      const places = sizeOf(outSizes(x, window));
      const panels = builder.value(`${y.name}/d in panels`, 'examples', [places, toPanels(filters)]);
      builder.add('convolutionWeights', { x, dy: dz }, { part, panels }, { window });
      b.giveParts(w, part);
    }
    if (!b.needs(x)) return;
    const transposed = transpose(builder, w, { k: channels, n: filters, blocks: window.height * window.width });
    const dx = builder.value(`d ${x.name}`, 'examples', x.shape);
    builder.add('convolutionInput', { dy: dz, packed: transposed }, { dx }, { window });
    b.give(x, dx);
  },
  depthwise: ({ inputs: { x, w, bias }, attributes }, dy, b) => {
    const { builder } = b;
    if (b.needs(bias)) giveBias(b, bias, dy);
    if (b.needs(w)) {
      const part = builder.value(`d ${w.name}`, 'parts', w.shape);
      builder.add('depthwiseWeights', { x, dy }, { part }, attributes);
      b.giveParts(w, part);
    }
    if (!b.needs(x)) return;
    const dx = builder.value(`d ${x.name}`, 'examples', x.shape);
    builder.add('depthwiseInput', { dy, w }, { dx }, attributes);
    b.give(x, dx);
  },
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
};

const reluSlope: Slope = { activation: activationKinds.relu, alpha: 0 };

/**
 * dy × the slope of an activation at its answer y. Where dy comes from the greatest of windows of y, the slope is taken at what was chosen
 * instead, which is the same and a fraction of the numbers; y itself is then needed no more.
 */
function slope(builder: GraphBuilder, dy: Value, y: Value, attributes: Slope): Value {
  const producer = builder.producerOf(dy);
  if (producer?.kind === 'maxPoolGradient') {
    const pooled = poolOf(builder, producer.inputs.chosen);
    if (pooled?.inputs.x.id === y.id) {
      const given = producer.inputs.dy;
      const smaller = builder.value(`${given.name} at slope`, 'examples', given.shape);
      builder.add('activationGradient', { dy: given, y: pooled.outputs.y }, { dx: smaller }, attributes);
      const dx = builder.value(`${dy.name} at slope`, 'examples', dy.shape);
      const inputs = { dy: smaller, chosen: producer.inputs.chosen };
      builder.add('maxPoolGradient', inputs, { dx }, producer.attributes);
      return dx;
    }
  }
  const dx = builder.value(`${dy.name} at slope`, 'examples', dy.shape);
  builder.add('activationGradient', { dy, y }, { dx }, attributes);
  return dx;
}

function poolOf(builder: GraphBuilder, chosen: Value): Operation<'maxPool'> | undefined {
  const producer = builder.producerOf(chosen);
  return producer?.kind === 'maxPool' ? producer : undefined;
}

function giveBias(b: Backward, bias: Value, dz: Value): void {
  const part = b.builder.value(`d ${bias.name}`, 'parts', bias.shape);
  b.builder.add('biasPart', { dy: dz }, { part }, rowsOf(dz));
  b.giveParts(bias, part);
}

function transpose(
  builder: GraphBuilder,
  w: Value,
  attributes: { readonly k: number; readonly n: number; readonly blocks: number },
): Value {
  const { k, n, blocks } = attributes;
  const packed = builder.value(`${w.name} transposed`, 'whole', [blocks, toPanels(k), n]);
  builder.add('packTransposed', { w }, { packed }, attributes);
  return packed;
}

export interface BackwardOptions {
  /** Weights that are trained, by the id of their value. */
  readonly trained: ReadonlySet<number>;
  readonly capacity: number;
}

/**
 * Adds the backward pass of everything before `output`, whose gradient is given; gives the gradient of each trained weight that the loss
 * depends on, by the weight's id.
 */
export function addBackward(
  builder: GraphBuilder,
  { output, gradient }: { readonly output: Value; readonly gradient: Value },
  { trained, capacity }: BackwardOptions,
): ReadonlyMap<number, Value> {
  const forward = [...builder.operations];
  const needed = findNeeded(forward, trained);
  const gradients = new Map<number, Value>([[output.id, gradient]]);
  const needs = (value: Value | undefined): value is Value => value !== undefined && needed.has(value.id);
  const backward: Backward = {
    builder,
    capacity,
    needs,
    give(value, given) {
      if (!needs(value)) return;
      gradients.set(value.id, sumWith(builder, gradients.get(value.id), given));
    },
    giveParts(weight, part) {
      const sum = builder.value(`d ${weight.name}`, 'whole', weight.shape);
      builder.add('sumParts', { part }, { sum }, {});
      gradients.set(weight.id, sum);
    },
    unpacked(packed) {
      const producer = builder.producerOf(packed);
      if (producer?.kind !== 'packWeights') throw new Error('Only weights are packed.');
      return producer.inputs.w;
    },
  };
  for (const operation of forward.reverse()) {
    const [answer] = valuesOf(operation.outputs);
    const dy = answer === undefined ? undefined : gradients.get(answer.id);
    if (dy === undefined || !needs(answer)) continue;
    const rule = rules[operation.kind] as Rule<Kind> | undefined;
    rule?.(operation, dy, backward);
  }
  return gradients;
}

function sumWith(builder: GraphBuilder, before: Value | undefined, given: Value): Value {
  if (before === undefined) return given;
  const y = builder.value(`${given.name} summed`, 'examples', given.shape);
  builder.add('add', { a: before, b: given }, { y }, {});
  return y;
}

/** What depends on a trained weight, and those weights. */
function findNeeded(operations: readonly AnyOperation[], trained: ReadonlySet<number>): ReadonlySet<number> {
  const needed = new Set(trained);
  for (const { inputs, outputs } of operations)
    if (valuesOf(inputs).some(({ id }) => needed.has(id))) for (const { id } of valuesOf(outputs)) needed.add(id);
  return needed;
}
