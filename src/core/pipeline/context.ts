import { InterpolationError, type Context } from './interpolation.ts';
import { emptyMap, getKey, isList, isPyMap, keyText, toPyMap, type PyMap, type PyValue } from './values.ts';

/** The names that `${…}` may use, and which files brought them in: DVC forbids to load a file twice in parts that overlap. */
export interface Scope {
  readonly context: Context;
  /** Loaded files by path relative to the root: their keys, or undefined for the whole file. */
  readonly loaded: ReadonlyMap<string, readonly string[] | undefined>;
  /** `item` and `key` while a group is expanded: vars may not define them. */
  readonly reserved: readonly string[];
}

export const emptyScope: Scope = { context: emptyMap, loaded: new Map(), reserved: [] };

/** An entry `file` or `file:key,key` of vars. */
export interface VarFile {
  /** As written. */
  readonly name: string;
  /** Top-level keys to take; undefined: all. */
  readonly keys: readonly string[] | undefined;
}

export function parseVarFile(entry: string): VarFile {
  const colon = entry.indexOf(':');
  const keys =
    colon === -1
      ? []
      : entry
          .slice(colon + 1)
          .split(',')
          .filter(Boolean);
  return { name: colon === -1 ? entry : entry.slice(0, colon), keys: keys.length === 0 ? undefined : keys };
}

/** True when loading the file again would change nothing: DVC passes over it. Throws {@link InterpolationError} where it refuses. */
export function isLoaded({ loaded }: Scope, file: string, { name, keys }: VarFile): boolean {
  if (!loaded.has(file)) return false;
  const earlier = loaded.get(file);
  if (earlier === undefined && keys === undefined) return true;
  if (earlier === undefined || keys === undefined || keys.some((key) => earlier.includes(key)))
    throw new InterpolationError(`${name} is loaded already, whole or in part.`);
  return false;
}

/** The scope with a file's values merged in. Throws {@link InterpolationError}. */
export function mergeFile(scope: Scope, file: string, { name, keys }: VarFile, content: PyMap): Scope {
  const merged = mergeValues(scope, keys === undefined ? content : pickKeys(content, keys, name));
  const known = scope.loaded.get(file);
  const loaded = new Map(scope.loaded).set(file, known === undefined ? keys : [...known, ...(keys ?? [])]);
  return { ...merged, loaded };
}

function pickKeys(content: PyMap, keys: readonly string[], name: string): PyMap {
  return toPyMap(
    keys.map((key) => {
      const value = getKey(content, key);
      if (value === undefined) throw new InterpolationError(`There is no "${key}" in ${name}.`);
      return [key, value] as const;
    }),
  );
}

/** The scope with a mapping of vars merged in. Throws {@link InterpolationError}. */
export function mergeValues(scope: Scope, update: PyMap): Scope {
  const reserved = scope.reserved.find((name) => getKey(update, name) !== undefined);
  if (reserved !== undefined)
    throw new InterpolationError(`"${reserved}" is the group's own name; vars can not define it.`);
  return { ...scope, context: mergeInto(scope.context, toContextValue(update, '') as PyMap, '') };
}

/** The scope with names of a group put in the place of any others, and kept from being defined again. */
export function overrideNames(scope: Scope, names: readonly (readonly [string, PyValue])[]): Scope {
  const taken = new Set<PyValue>(names.map(([name]) => name));
  const own = names.map(([name, value]) => [name, toContextValue(value, name)] as const);
  return {
    ...scope,
    context: { kind: 'map', entries: [...scope.context.entries.filter(([key]) => !taken.has(key)), ...own] },
    reserved: names.map(([name]) => name),
  };
}

function mergeInto(into: PyMap, update: PyMap, path: string): PyMap {
  const merged = new Map(into.entries);
  for (const [key, value] of update.entries) {
    const existing = merged.get(key);
    const name = path + keyText(key);
    if (existing === undefined) merged.set(key, value);
    else if (isPyMap(existing) && isPyMap(value)) merged.set(key, mergeInto(existing, value, `${name}.`));
    else throw new InterpolationError(`"${name}" is defined already; DVC allows no redefinition.`);
  }
  return { kind: 'map', entries: [...merged] };
}

/** The value without keys that are no text, which no `${…}` could name. DVC takes no other kinds than these. */
function toContextValue(value: PyValue, path: string): PyValue {
  if (isList(value)) return value.map((item, index) => toContextValue(item, `${path}.${index}`));
  if (typeof value !== 'object' || value === null) return value;
  switch (value.kind) {
    case 'map':
      return toPyMap(
        value.entries.flatMap(([key, item]) =>
          typeof key === 'string' ? [[key, toContextValue(item, path === '' ? key : `${path}.${key}`)] as const] : [],
        ),
      );
    case 'date':
    case 'other':
      throw new InterpolationError(
        `"${path}" is ${value.kind === 'date' ? 'a date' : value.what}, which DVC refuses in files of \${…}; write it as text.`,
      );
    case 'int':
    case 'float':
      return value;
  }
}
