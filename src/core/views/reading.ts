import type { Problem } from '../../protocol/problem.ts';
import { toColumn } from '../runtable/runtable.ts';
import { isMapping, type YamlFile } from '../yaml/yaml.ts';

/** Where in the file a value stands; what is wrong with it is told to its place. */
export class Place {
  readonly #yaml: YamlFile;
  readonly #path: readonly (string | number)[];
  readonly #problems: Problem[];

  constructor(yaml: YamlFile, problems: Problem[], path: readonly (string | number)[] = []) {
    [this.#yaml, this.#problems, this.#path] = [yaml, problems, path];
  }

  /** The nearest key above it. */
  get name(): string {
    return this.#path.findLast((part): part is string => typeof part === 'string') ?? 'A view';
  }

  at(part: string | number): Place {
    return new Place(this.#yaml, this.#problems, [...this.#path, part]);
  }

  /** The value can't be read. */
  fail(message: string): null {
    this.#problems.push(this.#yaml.problemAt(this.#path, message));
    return null;
  }

  /** Nobody knows the key; the rest is read all the same. */
  warn(message: string): void {
    this.#problems.push(this.#yaml.problemAt(this.#path, message, { severity: 'warning', at: 'key' }));
  }
}

/** Null for a value that is wrong: what is wrong has been told to its place. */
export type Reader<T> = (value: unknown, place: Place) => T | null;
export type Readers<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

export const readText: Reader<string> = (value, place) =>
  typeof value === 'string' ? value : place.fail(`${place.name} must be a text.`);

export const readFlag: Reader<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : place.fail(`${place.name} must be true or false.`);

export const readFinite: Reader<number> = (value, place) =>
  typeof value === 'number' && Number.isFinite(value) ? value : place.fail(`${place.name} must be a number.`);

export const wordOf =
  <T extends string>(...words: readonly T[]): Reader<T> =>
  (value, place) =>
    words.find((word) => word === value) ?? place.fail(`${place.name} is one of ${words.join(', ')}.`);

/** The id of a column of the table of runs. */
export const readColumnId: Reader<string> = (value, place) => {
  if (typeof value === 'string' && toColumn(value) !== undefined) return value;
  const told = typeof value === 'string' ? `"${value}"` : 'This';
  return place.fail(
    `${told} is no column; there are name, status, params.<name>, metrics.<name>, tags.<name> and others.`,
  );
};

export const listOf =
  <T>(read: Reader<T>): Reader<readonly T[]> =>
  (value, place) => {
    if (!Array.isArray(value)) return place.fail(`${place.name} must be a list.`);
    const items = value.map((item: unknown, index) => read(item, place.at(index)));
    return items.every((item) => item !== null) ? items : null;
  };

/**
 * The keys of a mapping, those that stand there. One that nobody knows is a warning; one without a value chooses nothing. `what` ends the
 * sentence "… is no key of".
 */
export const fieldsOf =
  <T extends object>(readers: Readers<T>, what: string): Reader<Partial<T>> =>
  (value, place) => {
    if (!isMapping(value)) return place.fail(`${place.name} must be a mapping.`);
    const fields: Record<string, unknown> = {};
    let isGood = true;
    for (const [key, item] of Object.entries(value)) {
      const own = place.at(key);
      if (!Object.hasOwn(readers, key)) {
        own.warn(`"${key}" is no key of ${what}; there are ${Object.keys(readers).join(', ')}.`);
        continue;
      }
      if (item === null) continue;
      const field = readers[key as keyof T](item, own);
      if (field === null) isGood = false;
      else fields[key] = field;
    }
    return isGood ? (fields as Partial<T>) : null;
  };
