import { isPyMap, keyText, type PyMap, type PyValue } from '../pipeline/pipeline.ts';

const MOST_KEYS = 2000;

/** Every dotted name of a params file, mappings before what they hold. */
export function listParams(params: PyMap): readonly (readonly [string, PyValue])[] {
  const found: (readonly [string, PyValue])[] = [];
  const visit = (map: PyMap, prefix: string): void => {
    for (const [key, value] of map.entries) {
      if (found.length >= MOST_KEYS) return;
      const name = `${prefix}${keyText(key)}`;
      found.push([name, value]);
      if (isPyMap(value)) visit(value, `${name}.`);
    }
  };
  visit(params, '');
  return found;
}

export function listParamKeys(params: PyMap): readonly string[] {
  return listParams(params).map(([name]) => name);
}
