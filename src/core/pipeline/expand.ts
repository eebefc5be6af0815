import { overrideNames, type Scope } from './context.ts';
import { InterpolationError, interpolate } from './interpolation.ts';
import type { YamlPath } from './schema.ts';
import { getKey, isList, isPyMap, keyText, toInterpolatedText, toPyMap, type PyMap, type PyValue } from './values.ts';

/** A stage whose `${…}` still stand, with what may be filled in. */
export interface RawStage {
  /** Name within its file: `train`, or `train@cnnbased` out of a group. */
  readonly key: string;
  readonly definition: PyMap;
  readonly scope: Scope;
  /** The stage (or its group) in the file, and the mapping that defines it. */
  readonly base: YamlPath;
  readonly body: YamlPath;
}

/** A plain stage as it is; a foreach or matrix stage once per item, named as DVC names them. Throws {@link InterpolationError}. */
export function expandGroup(name: string, definition: PyMap, base: YamlPath, scope: Scope): readonly RawStage[] {
  const foreach = getKey(definition, 'foreach');
  const template = getKey(definition, 'do');
  if (foreach !== undefined && isPyMap(template)) {
    return expandForeach(interpolate(foreach, scope.context, 'anything'), foreach).map(([key, names]) => ({
      key: `${name}@${key}`,
      definition: template,
      scope: overrideNames(scope, names),
      base,
      body: [...base, 'do'],
    }));
  }
  const matrix = getKey(definition, 'matrix');
  if (!isPyMap(matrix)) return [{ key: name, definition, scope, base, body: base }];
  const rest: PyMap = { kind: 'map', entries: definition.entries.filter(([key]) => key !== 'matrix') };
  return expandMatrix(matrix, scope).map(([key, item]) => ({
    key: `${name}@${key}`,
    definition: rest,
    scope: overrideNames(scope, [
      ['key', key],
      ['item', item],
    ]),
    base,
    body: base,
  }));
}

type Names = readonly (readonly [string, PyValue])[];

function expandForeach(items: PyValue, source: PyValue): (readonly [string, Names])[] {
  if (isPyMap(items)) {
    return unique(
      items.entries.map(([key, item]) => {
        const text = nameOf(key, key);
        return [text, [['item', item] as const, ['key', text] as const]] as const;
      }),
    );
  }
  if (!isList(items)) throw new InterpolationError('foreach takes a list or a mapping.');
  const composite = items.some((item) => isList(item) || isPyMap(item));
  return unique(
    items.map((item, index) => {
      const key = composite ? String(index) : nameOf(item, sourceOf(source, index));
      return [key, [['item', item] as const]] as const;
    }),
  );
}

/** As a Python dict built from pairs: a name that comes twice keeps its first position and its last value. */
function unique<T>(pairs: readonly (readonly [string, T])[]): (readonly [string, T])[] {
  return [...new Map(pairs)];
}

/** What stands in dvc.yaml for the item: the list's own `${…}`, or the item as written. */
function sourceOf(source: PyValue, index: number): PyValue {
  return isList(source) ? (source[index] ?? null) : source;
}

/** A name made of a value that came in by `${…}` is Python's `str` of it: True, not true. */
function nameOf(value: PyValue, source: PyValue): string {
  if (isList(value) || isPyMap(value)) throw new InterpolationError('A name must be a single value.');
  if (typeof source === 'string' && typeof value === 'boolean') return value ? 'True' : 'False';
  return toInterpolatedText(value);
}

function expandMatrix(matrix: PyMap, { context }: Scope): (readonly [string, PyMap])[] {
  let combinations: { fragments: readonly string[]; values: Names }[] = [{ fragments: [], values: [] }];
  for (const [name, source] of matrix.entries) {
    const items = toItems(interpolate(source, context, 'anything'));
    if (items === undefined) throw new InterpolationError(`matrix.${keyText(name)} must be a list.`);
    combinations = combinations.flatMap(({ fragments, values }) =>
      items.map((item, index) => {
        const isComposite = isList(item) || isPyMap(item);
        const fragment = isComposite ? `${keyText(name)}${index}` : nameOf(item, sourceOf(source, index));
        return { fragments: [...fragments, fragment], values: [...values, [keyText(name), item] as const] };
      }),
    );
  }
  return unique(combinations.map(({ fragments, values }) => [fragments.join('-'), toPyMap(values)] as const));
}

/** Of a mapping that comes in by `${…}` DVC takes the keys. */
function toItems(value: PyValue): readonly PyValue[] | undefined {
  return isPyMap(value) ? value.entries.map(([key]) => key) : isList(value) ? value : undefined;
}
