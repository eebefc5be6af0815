import type { Attribute, DataType, NumberArray } from '../graphdef/graphdef.ts';

// A training step as data: the operations of TensorFlow that it came to, what goes into them from outside, and what comes out.

export interface Facts {
  readonly dtype: DataType;
  readonly shape: readonly number[];
}

/** Numbers that are the same in each step. */
export interface Constant extends Facts {
  readonly values: NumberArray;
}

/**
 * What is given to a step anew each time. `input`: of the batch. `state`: a variable of the model or its optimizer. `moment`: one number that
 * the step's time decides, as the learning rate.
 */
export interface Feed extends Facts {
  readonly source: 'input' | 'state' | 'moment';
  readonly name: string;
}

/** Where the operand of an operation comes from. */
export type Operand =
  | { readonly kind: 'feed'; readonly feed: Feed }
  | { readonly kind: 'constant'; readonly constant: Constant }
  | { readonly kind: 'result'; readonly operation: number; readonly output: number };

export interface Operation {
  /** Its name in TensorFlow. */
  readonly name: string;
  /** The layer that was being computed; '' for none, as on the way back. */
  readonly layer: string;
  readonly operands: readonly Operand[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Facts[];
}

/** A variable that the step sets. */
interface StateChange {
  readonly name: string;
  readonly next: Operand;
}

export interface Step {
  /** Each behind those that it needs. */
  readonly operations: readonly Operation[];
  /** Loss, metrics, answers. */
  readonly results: readonly Operand[];
  readonly changes: readonly StateChange[];
}

/** A step, or the end of a sentence that says why it can't be one program: "… because …". */
export type StepOrReason = { readonly step: Step } | { readonly reason: string };

export function factsOf({ operations }: Pick<Step, 'operations'>, operand: Operand): Facts {
  if (operand.kind === 'feed') return operand.feed;
  if (operand.kind === 'constant') return operand.constant;
  const found = operations[operand.operation]?.outputs[operand.output];
  if (found === undefined) throw new Error('An operand is a result of an operation before it.');
  return found;
}

/** What has to be given to the step: inputs, then state, then moments, each once. */
export function feedsOf(step: Step): readonly Feed[] {
  const found = new Map<string, Feed>();
  for (const operand of operandsOf(step))
    if (operand.kind === 'feed') found.set(`${operand.feed.source} ${operand.feed.name}`, operand.feed);
  const order = ['input', 'state', 'moment'];
  return [...found.values()].sort((a, b) => order.indexOf(a.source) - order.indexOf(b.source));
}

/** Only what the results and the new state need, directly or not. */
export function withoutDeadCode(step: Step): Step {
  const needed = new Set<number>();
  const need = (operand: Operand): void => {
    if (operand.kind === 'result') needed.add(operand.operation);
  };
  [...step.results, ...step.changes.map(({ next }) => next)].forEach(need);
  // Backwards: an operation stands behind those that it needs.
  for (let index = step.operations.length - 1; index >= 0; index--)
    if (needed.has(index)) step.operations[index]?.operands.forEach(need);
  const places = new Map([...needed].sort((a, b) => a - b).map((before, after) => [before, after]));
  const move = (operand: Operand): Operand =>
    operand.kind === 'result' ? { ...operand, operation: places.get(operand.operation) ?? NaN } : operand;
  return {
    operations: step.operations
      .filter((_, index) => places.has(index))
      .map((operation) => ({ ...operation, operands: operation.operands.map(move) })),
    results: step.results.map(move),
    changes: step.changes.map((change) => ({ ...change, next: move(change.next) })),
  };
}

function operandsOf({ operations, results, changes }: Step): readonly Operand[] {
  return [...operations.flatMap(({ operands }) => operands), ...results, ...changes.map(({ next }) => next)];
}
