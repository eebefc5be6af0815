import { FormatFailure, type ByteSource } from './bytes.ts';

/** Weights lie elsewhere; a description of more is none. */
const MAX_JSON_BYTES = 64 << 20;

/** The value of a JSON text. Throws FormatFailure with the place. */
export function readJson(source: ByteSource): unknown {
  if (source.length > MAX_JSON_BYTES)
    throw new FormatFailure(`The description has ${source.length} bytes; at most ${MAX_JSON_BYTES} are read`, 0);
  const text = new TextDecoder().decode(source.read(0, source.length));
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const characters = Number(/position (\d+)/.exec(reason)?.[1] ?? text.length);
    const offset = new TextEncoder().encode(text.slice(0, characters)).length;
    throw new FormatFailure(`This is no JSON, or it is cut`, Math.min(offset, source.length));
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A shape as Keras and TensorFlow.js write it: null is any size. Undefined for what is none. */
export function shapeOf(value: unknown): readonly number[] | undefined {
  const isShape = (sizes: unknown): sizes is (number | null)[] =>
    Array.isArray(sizes) && sizes.length <= 64 && sizes.every((size) => size === null || typeof size === 'number');
  return isShape(value) ? value.map((size) => size ?? -1) : undefined;
}
