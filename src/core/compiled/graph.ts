import type { Kinds } from './operations.ts';

// A training step as data: operations on values, in an order in which each comes after what it needs.

/**
 * Where a value lives. `examples`: once for each example of the batch; `whole`: once; `parts`: once for each thread, which adds to its own;
 * `state`: once, and it stays from step to step.
 */
export type Place = 'examples' | 'whole' | 'parts' | 'state';

export interface Value {
  readonly id: number;
  /** For readers. */
  readonly name: string;
  readonly place: Place;
  readonly type: 'f32' | 'f64' | 'u8';
  /** Of one example, or of all of it. */
  readonly shape: readonly number[];
  /** Values of the same storage are the same numbers, seen in another shape or at another time. */
  readonly storage: number;
}

export type Kind = keyof Kinds;

export interface Operation<K extends Kind = Kind> {
  readonly kind: K;
  readonly inputs: Kinds[K]['inputs'];
  readonly outputs: Kinds[K]['outputs'];
  readonly attributes: Kinds[K]['attributes'];
}

/** Any operation; its kind tells which. */
export type AnyOperation = { readonly [K in Kind]: Operation<K> }[Kind];

/** Makes values and operations. */
export class GraphBuilder {
  readonly operations: AnyOperation[] = [];
  readonly #producers = new Map<number, AnyOperation>();
  #next = 0;

  value(name: string, place: Place, shape: readonly number[], type: Value['type'] = 'f32'): Value {
    const id = this.#next++;
    return { id, name, place, type, shape, storage: id };
  }

  /** The same numbers under another shape, or after they have been changed in their place. */
  view(value: Value, shape: readonly number[] = value.shape): Value {
    return { ...value, id: this.#next++, shape };
  }

  add<K extends Kind>(
    kind: K,
    inputs: Kinds[K]['inputs'],
    outputs: Kinds[K]['outputs'],
    attributes: Kinds[K]['attributes'],
  ): Operation<K> {
    const operation: Operation<K> = { kind, inputs, outputs, attributes };
    // TypeScript can't see that an operation of one kind is one of any kind.
    this.operations.push(operation as unknown as AnyOperation);
    for (const output of valuesOf(outputs)) this.#producers.set(output.id, operation as unknown as AnyOperation);
    return operation;
  }

  /** What makes the value; undefined for an input or a state. */
  producerOf(value: Value): AnyOperation | undefined {
    return this.#producers.get(value.id);
  }
}

/** Those that are there. */
export function valuesOf(values: Readonly<Record<string, Value | undefined>>): readonly Value[] {
  return Object.values(values).filter((value) => value !== undefined);
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes of one example, or of all. */
export function bytesOf({ shape, type }: Value): number {
  return sizeOf(shape) * { f32: 4, f64: 8, u8: 1 }[type];
}

/** Without those on which nothing depends that a step leaves behind; `wanted`: values that are read after it. */
export function withoutDead(operations: readonly AnyOperation[], wanted: readonly Value[]): readonly AnyOperation[] {
  const live = new Set(wanted.map(({ id }) => id));
  const kept: AnyOperation[] = [];
  for (const operation of [...operations].reverse()) {
    const outputs = valuesOf(operation.outputs);
    const isLive = outputs.some(({ id, place }) => live.has(id) || place === 'state');
    if (!isLive) continue;
    kept.unshift(operation);
    for (const { id } of valuesOf(operation.inputs)) live.add(id);
  }
  return kept;
}
