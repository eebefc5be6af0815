import { FormatFailure } from './bytes.ts';

/** A value of a pickle as far as it matters here. */
export type Value =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'import'; readonly name: string }
  | { readonly kind: 'tuple'; readonly items: readonly Value[] }
  | { readonly kind: 'call'; readonly of: Value; readonly args: readonly Value[]; itemSize?: number }
  | { readonly kind: 'map'; readonly entries: Map<string, Value> }
  | { readonly kind: 'mark' }
  | { readonly kind: 'none' }
  | { readonly kind: 'true' }
  | { readonly kind: 'other' };

export const other: Value = { kind: 'other' };

/** Bytes of an array that joblib has put behind its description. */
export type PendingArray =
  { readonly isPickled: true } | { readonly isPickled: false; readonly bytes: number; readonly isAligned: boolean };

/** A pickle of more is no model; each value is small. */
const MAX_VALUES = 5_000_000;
/** Of tuples and mappings, as many are described; arguments and states of arrays have fewer. */
const KEPT = 32;
const ARRAY_WRAPPER = 'joblib.numpy_pickle.NumpyArrayWrapper';

/** The pickle machine's stack and memo, with described values. Throws FormatFailure where the real one would fail. */
export class Machine {
  readonly #imports: Set<string>;
  #stack: Value[] = [];
  readonly #memo = new Map<number, Value>();
  #pending: PendingArray | undefined;
  /** Of the opcode in hand. */
  place = 0;
  calls = 0;
  protocol = 0;

  constructor(imports: Set<string>) {
    this.#imports = imports;
  }

  push(value: Value): void {
    if (this.#stack.length >= MAX_VALUES) this.fail(`More than ${MAX_VALUES} values: nothing more is read`);
    this.#stack.push(value);
  }

  pop(): Value {
    const value = this.#stack.pop();
    if (value === undefined) return this.fail('An opcode takes a value that is not there');
    return value;
  }

  top(): Value {
    const value = this.#stack.at(-1);
    if (value === undefined) return this.fail('An opcode looks at a value that is not there');
    return value;
  }

  /** Everything above the last mark; the mark goes as well. The first values are given, all are counted off. */
  popToMark(): readonly Value[] {
    const at = this.#stack.findLastIndex(({ kind }) => kind === 'mark');
    if (at === -1) return this.fail('An opcode goes back to a mark that is not there');
    const items = this.#stack.slice(at + 1, at + 1 + KEPT);
    this.#stack.length = at;
    return items;
  }

  put(index: number): void {
    if (this.#memo.size >= MAX_VALUES) this.fail(`More than ${MAX_VALUES} values: nothing more is read`);
    this.#memo.set(index, this.top());
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) this.fail(`Nothing was kept under the number ${index}`);
    else this.push(value);
  }

  /** A name that is imported; a part that is computed can't be told. */
  import(module: Value, name: Value): void {
    const textOf = (value: Value): string => (value.kind === 'text' ? value.text : '?');
    const full = `${textOf(module)}.${textOf(name)}`;
    if (this.#imports.size < 10_000) this.#imports.add(full);
    this.push({ kind: 'import', name: full });
  }

  call(of: Value, args: Value): void {
    this.calls += 1;
    this.push({ kind: 'call', of, args: args.kind === 'tuple' ? args.items : [] });
  }

  /** What an object is filled with. Of numpy's types it says their size, of joblib's arrays what follows. */
  build(state: Value): void {
    this.calls += 1;
    const built = this.top();
    if (built.kind !== 'call' || built.of.kind !== 'import') return;
    if (built.of.name === 'numpy.dtype' && state.kind === 'tuple') {
      const size = state.items[5];
      if (size?.kind === 'number' && size.value > 0) built.itemSize = size.value;
    }
    if (built.of.name === ARRAY_WRAPPER && state.kind === 'map') this.#pending = this.#toArray(state.entries);
  }

  setItems(target: Value, items: readonly Value[]): void {
    if (target.kind !== 'map') return;
    for (let at = 0; at + 1 < items.length; at += 2) {
      const [key, value] = [items[at], items[at + 1]];
      if (key?.kind === 'text' && value !== undefined && target.entries.size < KEPT)
        target.entries.set(key.text, value);
    }
  }

  takePendingArray(): PendingArray | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  fail(message: string): never {
    throw new FormatFailure(message, this.place);
  }

  #toArray(state: ReadonlyMap<string, Value>): PendingArray {
    const [shape, dtype] = [state.get('shape'), state.get('dtype')];
    const size = dtype === undefined ? undefined : sizeOf(dtype);
    if (size === 'pickled') return { isPickled: true };
    if (shape?.kind !== 'tuple' || size === undefined) return this.fail('An array does not say its size');
    const sizes = shape.items.map((one) => (one.kind === 'number' ? one.value : NaN));
    const bytes = sizes.reduce((product, one) => product * one, size);
    if (!Number.isSafeInteger(bytes) || bytes < 0) return this.fail('An array has no possible size');
    return { isPickled: false, bytes, isAligned: state.get('numpy_array_alignment_bytes')?.kind === 'number' };
  }
}

/** Bytes of one element of a numpy type, as it is pickled: `dtype('f8', …)`. Objects are pickled instead. */
function sizeOf(dtype: Value): number | 'pickled' | undefined {
  if (dtype.kind !== 'call') return undefined;
  const [name] = dtype.args;
  const [, kind = '', digits = ''] = name?.kind === 'text' ? (/^[<>|=]?([a-zA-Z])(\d*)$/.exec(name.text) ?? []) : [];
  if (kind === 'O') return 'pickled';
  if (dtype.itemSize !== undefined) return dtype.itemSize;
  return digits === '' ? undefined : Number(digits) * (kind === 'U' ? 4 : 1);
}
