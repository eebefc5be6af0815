import type { Backward, Rule, Rules } from './backward.ts';
import { elementRules } from './elementRules.ts';
import { filterRules } from './filterRules.ts';
import { type GraphBuilder, valuesOf, type AnyOperation, type Kind, type Value } from './graph.ts';

// The backward pass: each operation, the last first, hands the gradient of its answer on to its inputs.

const rules: Rules = { ...filterRules, ...elementRules };

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
      if (producer?.kind !== 'packWeights' && producer?.kind !== 'packTransposed')
        throw new Error('Only weights are packed.');
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
