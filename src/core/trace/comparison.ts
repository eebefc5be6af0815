import type { NumberArray } from '../graphdef/graphdef.ts';
import type { Constant, Operand, Operation, Step, StepOrReason } from './step.ts';

/** Numbers of a step's time by their names, as they were while it was recorded. */
type Moments = Readonly<Record<string, number>>;

/** A step that was recorded, and the moments of then, which are constants in it. */
export interface Recording extends Step {
  readonly moments: Moments;
}

/**
 * Two recordings of the same step at different moments, made one: a constant that differs and is one of the moments in both becomes that
 * moment; anything else that differs is decided in JavaScript anew each time, and no program can know it.
 */
export function confirmStep(first: Recording, second: Recording): StepOrReason {
  const counts = [first.operations.length, second.operations.length] as const;
  if (counts[0] !== counts[1]) return { reason: `it takes ${counts[0]} operations one time and ${counts[1]} another` };
  const comparison = new Comparison(first.moments, second.moments);
  const operations: Operation[] = [];
  for (const [index, operation] of first.operations.entries()) {
    const other = second.operations[index] ?? operation;
    const merged = comparison.mergeOperation(operation, other);
    if ('reason' in merged) return merged;
    operations.push(merged.value);
  }
  const results = comparison.mergeOperands(first.results, second.results, 'its results');
  if ('reason' in results) return results;
  const names = [first, second].map(({ changes }) => changes.map(({ name }) => name).join());
  if (names[0] !== names[1]) return { reason: 'it sets other variables from one time to the next' };
  const nexts = [first, second].map(({ changes }) => changes.map(({ next }) => next)) as [Operand[], Operand[]];
  const merged = comparison.mergeOperands(...nexts, 'its variables');
  if ('reason' in merged) return merged;
  const changes = first.changes.map((change, index) => ({ ...change, next: merged.value[index] ?? change.next }));
  return { step: { operations, results: results.value, changes } };
}

type Merged<T> = { readonly value: T } | { readonly reason: string };

class Comparison {
  readonly #first: Moments;
  readonly #second: Moments;

  constructor(first: Moments, second: Moments) {
    this.#first = first;
    this.#second = second;
  }

  mergeOperation(one: Operation, other: Operation): Merged<Operation> {
    if (one.name !== other.name) return { reason: `it is ${one.name} one time and ${other.name} another` };
    if (JSON.stringify(one.attributes) !== JSON.stringify(other.attributes))
      return { reason: `an attribute of ${one.name} changes from one time to the next` };
    const shapesOf = ({ outputs }: Operation): string => outputs.map(({ shape }) => shape.join('×')).join();
    if (shapesOf(one) !== shapesOf(other))
      return { reason: `the shape of what ${one.name} gives changes from one time to the next` };
    const where = one.layer === '' ? one.name : `${one.name} of layer "${one.layer}"`;
    const operands = this.mergeOperands(one.operands, other.operands, where);
    return 'reason' in operands ? operands : { value: { ...one, operands: operands.value } };
  }

  mergeOperands(ones: readonly Operand[], others: readonly Operand[], where: string): Merged<readonly Operand[]> {
    const merged: Operand[] = [];
    for (const [index, one] of ones.entries()) {
      const operand = this.#mergeOperand(one, others[index]);
      if (operand === undefined)
        return { reason: `numbers that go into ${where} come from JavaScript, other ones each time` };
      merged.push(operand);
    }
    return ones.length === others.length
      ? { value: merged }
      : { reason: `the operands of ${where} are not always as many` };
  }

  #mergeOperand(one: Operand, other: Operand | undefined): Operand | undefined {
    if (one.kind === 'constant')
      return other?.kind === 'constant' ? this.#mergeConstants(one.constant, other.constant) : undefined;
    if (one.kind === 'result') {
      const isSame = other?.kind === 'result' && other.operation === one.operation && other.output === one.output;
      return isSame ? one : undefined;
    }
    const isSame = other?.kind === 'feed' && other.feed.name === one.feed.name && other.feed.source === one.feed.source;
    return isSame ? one : undefined;
  }

  #mergeConstants(one: Constant, other: Constant): Operand | undefined {
    if (one.dtype !== other.dtype || one.shape.join() !== other.shape.join()) return undefined;
    if (hasSameValues(one.values, other.values)) return { kind: 'constant', constant: one };
    if (one.values.length !== 1) return undefined;
    const isMoment = (name: string): boolean => isValue(one, this.#first[name]) && isValue(other, this.#second[name]);
    const name = Object.keys(this.#first).find(isMoment);
    const { dtype, shape } = one;
    return name === undefined ? undefined : { kind: 'feed', feed: { source: 'moment', name, dtype, shape } };
  }
}

/** By their bits: two NaN are the same. */
function hasSameValues(one: NumberArray, other: NumberArray): boolean {
  return one.length === other.length && one.every((value, index) => Object.is(value, other[index]));
}

function isValue({ dtype, values: [found] }: Constant, value: number | undefined): boolean {
  return value !== undefined && found === (dtype === 'float32' ? Math.fround(value) : value);
}
