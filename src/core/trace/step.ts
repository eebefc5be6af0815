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

/**
 * Three variables that Adam moves in one operation: the weight, the mean of its gradients and that of their squares. `size`: of the step, both
 * corrections of the means in it.
 */
export interface AdamUpdate {
  readonly weight: string;
  readonly mean: string;
  readonly square: string;
  readonly gradient: Operand;
  readonly size: Operand;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface Step {
  /** Each behind those that it needs. */
  readonly operations: readonly Operation[];
  /** Loss, metrics, answers. */
  readonly results: readonly Operand[];
  readonly changes: readonly StateChange[];
}

/** A step some of whose changes are not told as operations. */
export interface FusedStep extends Step {
  readonly adams: readonly AdamUpdate[];
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

/** Whether both are the same result of the same operation. */
export function isSame(one: Operand | undefined, other: Operand | undefined): boolean {
  if (one?.kind !== 'result' || other?.kind !== 'result') return false;
  return one.operation === other.operation && one.output === other.output;
}

/** What has to be given to the step: inputs, then state, then moments, each once. */
export function feedsOf(step: Step | FusedStep): readonly Feed[] {
  const found = new Map<string, Feed>();
  for (const operand of operandsOf(step))
    if (operand.kind === 'feed') found.set(`${operand.feed.source} ${operand.feed.name}`, operand.feed);
  const order = ['input', 'state', 'moment'];
  return [...found.values()].sort((a, b) => order.indexOf(a.source) - order.indexOf(b.source));
}

/** Only what the results and the new state need, directly or not. */
export function withoutDeadCode<S extends Step | FusedStep>(step: S): S {
  const needed = new Set<number>();
  const need = (operand: Operand): void => {
    if (operand.kind === 'result') needed.add(operand.operation);
  };
  outcomesOf(step).forEach(need);
  // Backwards: an operation stands behind those that it needs.
  for (let index = step.operations.length - 1; index >= 0; index--)
    if (needed.has(index)) step.operations[index]?.operands.forEach(need);
  const places = new Map([...needed].sort((a, b) => a - b).map((before, after) => [before, after]));
  const move = (operand: Operand): Operand =>
    operand.kind === 'result' ? { ...operand, operation: places.get(operand.operation) ?? NaN } : operand;
  const adams = adamsOf(step).map((adam) => ({ ...adam, gradient: move(adam.gradient), size: move(adam.size) }));
  return {
    ...step,
    operations: step.operations
      .filter((_, index) => places.has(index))
      .map((operation) => ({ ...operation, operands: operation.operands.map(move) })),
    results: step.results.map(move),
    changes: step.changes.map((change) => ({ ...change, next: move(change.next) })),
    ...('adams' in step ? { adams } : {}),
  };
}

/** Of all that a step is for. */
function outcomesOf(step: Step | FusedStep): readonly Operand[] {
  const fused = adamsOf(step).flatMap(({ gradient, size }) => [gradient, size]);
  return [...step.results, ...step.changes.map(({ next }) => next), ...fused];
}

function operandsOf(step: Step | FusedStep): readonly Operand[] {
  return [...step.operations.flatMap(({ operands }) => operands), ...outcomesOf(step)];
}

export function adamsOf(step: Step | FusedStep): readonly AdamUpdate[] {
  return 'adams' in step ? step.adams : [];
}
