import { isMap, isScalar, isSeq, type Document, type Node, type YAMLMap, type YAMLSeq } from 'yaml';

/** What a section of a file shall say, key by key; undefined: nothing. */
export type Plain = Readonly<Record<string, unknown>>;

/** Writes what differs into a section. `isSame` tells of two values of a key whether they say the same, however they are written. */
export function writeSection(
  document: Document,
  section: YAMLMap,
  plain: Plain,
  isSame: (key: string, before: unknown, after: unknown) => boolean,
): void {
  for (const [key, value] of Object.entries(plain)) {
    const old = section.get(key, true);
    if (value === undefined) section.delete(key);
    else if (old === undefined || !isSame(key, toValue(old), value)) setPart(document, section, key, value);
  }
}

function setPart(document: Document, section: YAMLMap, key: string, value: unknown): void {
  const old: unknown = section.get(key, true);
  if (Array.isArray(value)) {
    const list = isSeq(old) ? old : document.createNode([]);
    replaceItems(document, list, value);
    if (list !== old) section.set(key, list);
  } else if (isScalar(old) && (typeof value !== 'object' || value === null)) old.value = value;
  else if (isMap(old) && isPlain(value)) changeMap(document, old, value);
  else section.set(key, withComments(toItem(document, value), old));
}

/** Items that were there keep their comments, wherever they stand now, and what they are known by when more of them has changed. */
function replaceItems(document: Document, list: YAMLSeq, values: readonly unknown[]): void {
  const same = new Map(list.items.map((item) => [JSON.stringify(item), item]));
  const texts = new Set(values.map((value) => JSON.stringify(value)));
  const changed = new Map(
    list.items.filter((item) => !texts.has(JSON.stringify(item))).map((item) => [nameOf(toValue(item)), item]),
  );
  list.items = values.map((value) => {
    const known = same.get(JSON.stringify(value));
    if (known !== undefined) return known;
    const name = nameOf(value);
    const old = changed.get(name);
    changed.delete(name);
    if (isMap(old) && isPlain(value)) {
      changeMap(document, old, value);
      return old;
    }
    return withComments(toItem(document, value), old);
  });
}

/** What an item of a list is known by: the column or the metrics that it is about. */
function nameOf(value: unknown): string {
  return JSON.stringify(isPlain(value) ? (value['id'] ?? value['y']) : value);
}

function changeMap(document: Document, map: YAMLMap, value: Plain): void {
  for (const { key } of [...map.items]) if (isScalar(key) && !Object.hasOwn(value, String(key.value))) map.delete(key);
  for (const [key, item] of Object.entries(value))
    if (JSON.stringify(toValue(map.get(key, true))) !== JSON.stringify(item)) map.set(key, toItem(document, item));
}

function toItem(document: Document, value: unknown): Node {
  const node = document.createNode(value) as Node;
  if (isMap(node) || isSeq(node)) node.flow = true;
  return node;
}

function withComments(node: Node, old: unknown): Node {
  if (!isMap(old) && !isSeq(old) && !isScalar(old)) return node;
  node.comment = old.comment ?? null;
  node.commentBefore = old.commentBefore ?? null;
  return node;
}

function toValue(node: unknown): unknown {
  return isMap(node) || isSeq(node) || isScalar(node) ? (node.toJSON() as unknown) : node;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
