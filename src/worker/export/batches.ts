import type { DataType, NumberArray } from '../../core/graphdef/graphdef.ts';
import { cannotConvert, type Operand, type RecordedStep, type Recording } from './recording.ts';

// Two recordings of one model for different numbers of examples tell which sizes in it are the examples' own: those that
// differ, in proportion. What differs otherwise depends on chance or on the numbers, and is refused.

/** A size in a graph that is used for any number of examples. */
export type Size = number | PerExample;

/** So many for each example. */
export interface PerExample {
  readonly perExample: number;
}

export type GeneralOperand =
  | Exclude<Operand, { kind: 'constant' }>
  | {
      readonly kind: 'constant';
      readonly shape: readonly Size[];
      readonly dtype: DataType;
      /** Of a shape with the examples' axis there is one value, which is everywhere. */
      readonly values: NumberArray;
    };

/** A step for any number of examples; sizes among the attributes may be {@link PerExample}. */
export interface GeneralStep {
  readonly kernel: string;
  readonly layer: string;
  readonly operands: Readonly<Record<string, GeneralOperand>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly outputs: readonly { readonly shape: readonly Size[]; readonly dtype: DataType }[];
}

export interface GeneralRecording {
  readonly steps: readonly GeneralStep[];
  readonly outputs: readonly GeneralOperand[];
}

export function isPerExample(value: unknown): value is PerExample {
  return typeof value === 'object' && value !== null && 'perExample' in value;
}

/** `counts`: examples in the first and in the second recording; the same for a model that takes only so many. */
export function generalize(first: Recording, second: Recording, counts: readonly [number, number]): GeneralRecording {
  if (first.steps.length !== second.steps.length)
    throw cannotConvert(
      '',
      `it takes ${first.steps.length} steps or ${second.steps.length}, depending on its examples.`,
    );
  return {
    steps: first.steps.map((step, index) => new Pair(step.layer, counts).step(step, second.steps[index])),
    outputs: first.outputs.map((output, index) => new Pair('', counts).operand(output, second.outputs[index])),
  };
}

/** Things of one layer in the two recordings. */
class Pair {
  readonly #layer: string;
  readonly #counts: readonly [number, number];

  constructor(layer: string, counts: readonly [number, number]) {
    this.#layer = layer;
    this.#counts = counts;
  }

  step(one: RecordedStep, other: RecordedStep | undefined): GeneralStep {
    if (one.kernel !== other?.kernel) throw this.#differ();
    const { kernel, layer } = one;
    return {
      ...{ kernel, layer },
      operands: Object.fromEntries(
        Object.entries(one.operands).map(([name, operand]) => [name, this.operand(operand, other.operands[name])]),
      ),
      attributes: this.value(one.attributes, other.attributes) as Record<string, unknown>,
      outputs: this.value(one.outputs, other.outputs) as GeneralStep['outputs'],
    };
  }

  operand(one: Operand, other: Operand | undefined): GeneralOperand {
    if (one.kind !== 'constant') return this.value(one, other) as typeof one;
    if (other?.kind !== 'constant') throw this.#differ();
    const shape = this.value(one.shape, other.shape) as readonly Size[];
    const { kind, dtype } = one;
    if (shape.some(isPerExample)) return { kind, dtype, shape, values: this.#uniform(one.values, other.values) };
    if (!isEqual(one.values, other.values)) throw this.#differ();
    return { kind, dtype, shape, values: one.values };
  }

  /** Equal values stay, numbers in the proportion of the examples become sizes, deeply. */
  value(one: unknown, other: unknown): unknown {
    if (Object.is(one, other)) return one;
    if (typeof one === 'number' && typeof other === 'number') return this.#size(one, other);
    if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) throw this.#differ();
    const keys = Object.keys(one);
    if (keys.length !== Object.keys(other).length) throw this.#differ();
    const entries = keys.map((key) => [key, this.value(Reflect.get(one, key), Reflect.get(other, key))] as const);
    return Array.isArray(one) || ArrayBuffer.isView(one)
      ? entries.map(([, value]) => value)
      : Object.fromEntries(entries);
  }

  #size(one: number, other: number): PerExample {
    const [first, second] = this.#counts;
    if (!Number.isInteger(one / first) || one * second !== other * first) throw this.#differ();
    return { perExample: one / first };
  }

  #uniform(one: NumberArray, other: NumberArray): NumberArray {
    const [value] = one;
    if (value === undefined || ![one, other].every((values) => values.every((each) => Object.is(each, value))))
      throw cannotConvert(this.#layer, 'it has numbers of its own for each example of a batch.');
    return one.slice(0, 1);
  }

  #differ(): Error {
    return cannotConvert(this.#layer, 'it computes something else from one prediction to the next.');
  }
}

function isEqual(one: NumberArray, other: NumberArray): boolean {
  return one.length === other.length && one.every((value, index) => Object.is(value, other[index]));
}
