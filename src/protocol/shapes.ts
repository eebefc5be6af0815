// Checks of what comes over a border as unknown data. Each kind of message is a row of a table, from its name to the checks of its fields; the
// mapped types make a missing or extra row, or field, an error of the compiler.

export type Check = (value: unknown) => boolean;
type Shape<T> = { readonly [K in keyof Required<T>]: Check };
export type Shapes<M extends { readonly type: string }> = {
  readonly [T in M['type']]: Omit<Shape<Extract<M, { readonly type: T }>>, 'type'>;
};

export const text: Check = (value) => typeof value === 'string';
export const finite: Check = (value) => Number.isFinite(value);
export const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const flag: Check = (value) => typeof value === 'boolean';
export const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string);
export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
export const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
export const pairOf =
  (first: Check, second: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length === 2 && first(value[0]) && second(value[1]);
/** As many items as checks, each by its own. */
export const tupleOf =
  (...checks: readonly Check[]): Check =>
  (value) =>
    Array.isArray(value) && value.length === checks.length && checks.every((check, i) => check(value[i]));

/** Steps as whatever draws them relies on: finite, and they never descend. */
export const ascendingSteps: Check = (value) =>
  value instanceof Float64Array &&
  value.every((step, i) => Number.isFinite(step) && (i === 0 || step >= (value[i - 1] ?? NaN)));

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

export const shaped =
  (shape: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(shape).every(([key, check]) => check(value[key]));

/** A parser of messages: `undefined` means "none of these". */
export function parserOf<M extends { readonly type: string }>(shapes: Shapes<M>): (value: unknown) => M | undefined {
  const checks = new Map(
    Object.entries(shapes as Record<string, Readonly<Record<string, Check>>>).map(([type, shape]) => [
      type,
      shaped(shape),
    ]),
  );
  return (value) => {
    if (!isRecord(value) || typeof value['type'] !== 'string') return undefined;
    return checks.get(value['type'])?.(value) === true ? (value as unknown as M) : undefined;
  };
}
