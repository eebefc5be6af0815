import type { LayerDescription } from './description.ts';
import { sizeOf, type GraphBuilder, type Value } from './graph.ts';
import { refuse } from './refusal.ts';

// What layers are built with, and their options: one that is not known is refused.

/** What is common to all layers of a model. */
export interface LayerContext {
  readonly builder: GraphBuilder;
  readonly isTraining: boolean;
  /** A weight of the layer, which keeps its numbers from step to step. */
  readonly weight: (layer: string, name: string, shape: readonly number[]) => Value;
  /** The shape that it has; a configuration does not always tell. */
  readonly shapeOf: (layer: string, name: string) => readonly number[] | undefined;
  /** Counts layers that draw at random. */
  readonly nextRandom: () => number;
  /** Adds l1 and l2 of a weight to the loss. */
  readonly penalize: (weight: Value, penalty: { readonly l1: number; readonly l2: number }) => void;
}

export function reshape(builder: GraphBuilder, layer: LayerDescription, x: Value, shape: readonly number[]): Value {
  if (sizeOf(shape) !== sizeOf(x.shape)) throw refuse(layer.name, 'its target_shape does not fit');
  const y = builder.view(x, shape);
  builder.add('reshape', { x }, { y }, {});
  return y;
}

export function checkFormat({ name, config }: LayerDescription): void {
  const format = config['data_format'];
  if (format !== undefined && format !== null && format !== 'channels_last' && format !== 'channelsLast')
    throw refuse(name, `its data_format is ${JSON.stringify(format)}`);
}

export function weighted(
  layer: LayerDescription,
  { weight, penalize }: LayerContext,
  name: string,
  shape: readonly number[],
  stem = name,
): Value {
  const value = weight(layer.name, name, shape);
  const regularizer = layer.config[`${stem}_regularizer`];
  if (regularizer === null || regularizer === undefined) return value;
  const { class_name: className, config } = regularizer as { readonly class_name?: unknown; readonly config?: unknown };
  const { l1 = 0, l2 = 0 } = (config ?? {}) as { readonly l1?: unknown; readonly l2?: unknown };
  if (className !== 'L1L2' || typeof l1 !== 'number' || typeof l2 !== 'number')
    throw refuse(layer.name, `its ${stem}_regularizer is not known`);
  penalize(value, { l1, l2 });
  return value;
}

export function biasOf(layer: LayerDescription, context: LayerContext, size: number): { readonly bias?: Value } {
  return layer.config['use_bias'] === false ? {} : { bias: weighted(layer, context, 'bias', [size]) };
}

export function one({ name }: LayerDescription, value: Value | undefined): Value {
  if (value === undefined) throw refuse(name, 'it has no input');
  return value;
}

export function numberOf({ name, config }: LayerDescription, key: string, otherwise?: number): number {
  const value = config[key] ?? otherwise;
  if (typeof value !== 'number') throw refuse(name, `its ${key} is ${JSON.stringify(value)}`);
  return value;
}

/** A number, or one for each axis. */
export function sizes(layer: LayerDescription, key: string, axes = 2, otherwise?: number): readonly [number, number] {
  const value = layer.config[key] ?? otherwise;
  const given = (Array.isArray(value) ? value : Array.from({ length: axes }, () => value)) as readonly unknown[];
  const [first, second = first] = given;
  if (given.length !== axes || typeof first !== 'number' || typeof second !== 'number')
    throw refuse(layer.name, `its ${key} is ${JSON.stringify(value)}`);
  return [first, second];
}

export function pairs(layer: LayerDescription, value: unknown): readonly [[number, number], [number, number]] {
  const [rows, columns] = (Array.isArray(value) ? value : [value, value]) as readonly unknown[];
  const toPair = (given: unknown): [number, number] => {
    const [first, second] = (Array.isArray(given) ? given : [given, given]) as readonly unknown[];
    if (typeof first !== 'number' || typeof second !== 'number') throw refuse(layer.name, 'its padding is not known');
    return [first, second];
  };
  return [toPair(rows), toPair(columns)];
}
