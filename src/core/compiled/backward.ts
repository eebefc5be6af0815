import { activationKinds, rowsOf } from './activations.ts';
import type { GraphBuilder, Kind, Operation, Value } from './graph.ts';
import type { Slope } from './operations.ts';

// What the rules of the backward pass are made with.

/** What a rule hands on. */
export interface Backward {
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

export type Rule<K extends Kind> = (operation: Operation<K>, dy: Value, backward: Backward) => void;

export type Rules = { readonly [K in Kind]?: Rule<K> };

export const reluSlope: Slope = { activation: activationKinds.relu, alpha: 0 };

/**
 * dy × the slope of an activation at its answer y. Where dy comes from the greatest of windows of y, the slope is taken at what was chosen
 * instead, which is the same and a fraction of the numbers; y itself is then needed no more.
 */
export function slope(builder: GraphBuilder, dy: Value, y: Value, attributes: Slope): Value {
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

export function giveBias(b: Backward, bias: Value, dz: Value): void {
  const part = b.builder.value(`d ${bias.name}`, 'parts', bias.shape);
  b.builder.add('biasPart', { dy: dz }, { part }, rowsOf(dz));
  b.giveParts(bias, part);
}
