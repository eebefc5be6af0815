import { InterpolationError, interpolate, overrideContext, type Context } from './interpolation.ts';
import type { YamlPath } from './schema.ts';
import { getKey, isList, isPyMap, keyText, toInterpolatedText, toPyMap, type PyMap, type PyValue } from './values.ts';

/** A stage whose `${…}` still stand, with what may be filled in. */
export interface RawStage {
  /** Name within its file: `train`, or `train@cnnbased` out of a group. */
  readonly key: string;
  readonly definition: PyMap;
  readonly context: Context;
  /** The stage (or its group) in the file, and the mapping that defines it. */
  readonly base: YamlPath;
  readonly body: YamlPath;
}

interface Reporter {
  readonly report: (path: YamlPath, message: string) => void;
}

/** A plain stage as it is; a foreach or matrix stage once per item, named as DVC names them. Throws {@link InterpolationError}. */
export function expandGroup(
  name: string,
  definition: PyMap,
  base: YamlPath,
  context: Context,
  reporter: Reporter,
): readonly RawStage[] {
  const foreach = getKey(definition, 'foreach');
  const template = getKey(definition, 'do');
  if (foreach !== undefined && isPyMap(template)) {
    const body = [...base, 'do'];
    if (getKey(template, 'matrix') !== undefined)
      reporter.report([...body, 'matrix'], 'matrix can not stand inside foreach.');
    return expandForeach(interpolate(foreach, context, { collections: true }), foreach).map(([key, names]) => ({
      key: `${name}@${key}`,
      definition: template,
      context: overrideContext(context, names),
      base,
      body,
    }));
  }
  const matrix = getKey(definition, 'matrix');
  if (!isPyMap(matrix)) return [{ key: name, definition, context, base, body: base }];
  const rest: PyMap = { kind: 'map', entries: definition.entries.filter(([key]) => key !== 'matrix') };
  return expandMatrix(matrix, context).map(([key, item]) => ({
    key: `${name}@${key}`,
    definition: rest,
    context: overrideContext(context, [
      ['key', key],
      ['item', item],
    ]),
    base,
    body: base,
  }));
}

type Names = readonly (readonly [string, PyValue])[];

function expandForeach(items: PyValue, source: PyValue): (readonly [string, Names])[] {
  // A name made from a value that came out of a file is Python's str() of it: True, not true.
  const fromContext = typeof source === 'string';
  if (isPyMap(items)) {
    return unique(
      items.entries.map(([key, item]) => {
        const text = nameOf(key, { fromContext: false });
        return [text, [['item', item] as const, ['key', text] as const]] as const;
      }),
    );
  }
  if (!isList(items)) throw new InterpolationError('foreach takes a list or a mapping.');
  const composite = items.some((item) => isList(item) || isPyMap(item));
  return unique(
    items.map((item, index) => {
      const key = composite ? String(index) : nameOf(item, { fromContext });
      return [key, [['item', item] as const]] as const;
    }),
  );
}

/** As a Python dict built from pairs: a name that comes twice keeps its first position and its last value. */
function unique<T>(pairs: readonly (readonly [string, T])[]): (readonly [string, T])[] {
  return [...new Map(pairs)];
}

function nameOf(value: PyValue, { fromContext }: { fromContext: boolean }): string {
  if (isList(value) || isPyMap(value)) throw new InterpolationError('A name must be a single value.');
  if (fromContext && typeof value === 'boolean') return value ? 'True' : 'False';
  return toInterpolatedText(value);
}

function expandMatrix(matrix: PyMap, context: Context): (readonly [string, PyMap])[] {
  let combinations: { fragments: readonly string[]; values: Names }[] = [{ fragments: [], values: [] }];
  for (const [name, source] of matrix.entries) {
    const items = interpolate(source, context, { collections: true });
    if (!isList(items)) throw new InterpolationError(`matrix.${keyText(name)} must be a list.`);
    const fromContext = typeof source === 'string';
    combinations = combinations.flatMap(({ fragments, values }) =>
      items.map((item, index) => {
        const fragment = isList(item) || isPyMap(item) ? `${keyText(name)}${index}` : nameOf(item, { fromContext });
        return { fragments: [...fragments, fragment], values: [...values, [keyText(name), item] as const] };
      }),
    );
  }
  return unique(combinations.map(({ fragments, values }) => [fragments.join('-'), toPyMap(values)] as const));
}
