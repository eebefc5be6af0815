import { Document, isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Parsed, Problem } from '../../protocol/problem.ts';
import { emptyTableView, widthLimits, type TableView, type ViewColumn } from '../../protocol/runtable.ts';
import { toColumn } from '../runtable/runtable.ts';
import { isMapping, parseYaml, type YamlFile } from '../yaml/yaml.ts';

// View files: `.mlops/views/<name>.yaml`. The table's part stands under `table`; what stands beside it belongs to others.
//   table:
//     columns: [name, { id: metrics.val_loss, width: 120, pinned: true }]
//     sort: [metrics.val_loss, -start]
//     filter: val_loss < 0.3
//     group: params.lr
//     hidden: shown

/** What is wrong with a name for a view; undefined for a good one. The name is its file's, on every system. */
export function findViewNameMistake(name: string): string | undefined {
  if (name.trim() === '') return 'A view needs a name.';
  if (name.length > 60) return `The name has ${name.length} characters; at most 60 are allowed.`;
  if (!/^[\p{L}\p{N}_][\p{L}\p{N} _.-]*$/u.test(name) || /[. ]$/.test(name))
    return 'A name of a view is made of letters, digits, spaces, dots, dashes and underscores, begins with a letter or digit, and ends with no dot or space.';
  if (/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name)) return `Windows can't have a file named ${name}.`;
  return undefined;
}

/** An unknown key is a warning; a wrong value an error, and there is no view. An empty file is a view that chooses nothing. */
export function parseView(text: string, file: string): Parsed<TableView> {
  const { value: yaml, problems } = parseYaml(text, file);
  if (yaml === undefined) return { value: undefined, problems };
  if (yaml.value === null) return { value: emptyTableView, problems };
  if (!isMapping(yaml.value)) return wrong(yaml, problems, [], 'A view is a mapping with the key table.');
  const { table = null } = yaml.value;
  if (table === null) return { value: emptyTableView, problems };
  if (!isMapping(table)) return wrong(yaml, problems, ['table'], 'table must be a mapping.');
  const found = [...problems];
  const view = { ...emptyTableView };
  for (const [key, value] of Object.entries(table)) {
    const read = Object.hasOwn(readers, key) ? readers[key] : undefined;
    if (read === undefined) {
      const known = Object.keys(readers).join(', ');
      const message = `"${key}" is no key of a table's view; there are ${known}.`;
      found.push(yaml.problemAt(['table', key], message, { severity: 'warning', at: 'key' }));
    } else if (value !== null) {
      const part = read(value);
      if (Array.isArray(part)) found.push(yaml.problemAt(['table', key, ...part[0]], part[1]));
      else Object.assign(view, part);
    }
  }
  return { value: found.some(({ severity }) => severity === 'error') ? undefined : view, problems: found };
}

function wrong(
  yaml: YamlFile,
  problems: readonly Problem[],
  path: readonly string[],
  message: string,
): Parsed<TableView> {
  return { value: undefined, problems: [...problems, yaml.problemAt(path, message)] };
}

/** Where below the key, and what is wrong. */
type Mistake = [path: readonly (string | number)[], message: string];

const readers: Readonly<Record<string, (value: unknown) => Partial<TableView> | Mistake>> = {
  columns(value) {
    if (!Array.isArray(value)) return [[], 'columns must be a list.'];
    const columns = value.map(readColumn);
    const index = columns.findIndex((column) => typeof column === 'string');
    return index === -1 ? { columns: columns as ViewColumn[] } : [[index], columns[index] as string];
  },
  sort(value) {
    const keys: unknown[] = Array.isArray(value) ? value : [value];
    const index = keys.findIndex((key) => typeof key !== 'string' || toColumn(key.replace(/^-/, '')) === undefined);
    if (index !== -1) return [Array.isArray(value) ? [index] : [], `${describe(keys[index])} ${noColumn}`];
    const sort = (keys as string[]).map((key) => ({ column: key.replace(/^-/, ''), descending: key.startsWith('-') }));
    return { sort };
  },
  filter: (value) => (typeof value === 'string' ? { filter: value } : [[], 'filter must be a text.']),
  group: (value) =>
    typeof value === 'string' && toColumn(value) !== undefined
      ? { group: value }
      : [[], `${describe(value)} ${noColumn}`],
  hidden: (value) =>
    value === 'shown' ? { showsHidden: true } : [[], 'hidden can only be "shown"; leave it out otherwise.'],
};

const noColumn = 'is no column; there are name, status, params.<name>, metrics.<name>, tags.<name> and others.';

function describe(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : 'This';
}

/** A sentence for what is none. */
function readColumn(value: unknown): ViewColumn | string {
  const { id, width = null, pinned = false } = isMapping(value) ? value : { id: value };
  if (typeof id !== 'string' || toColumn(id) === undefined) return `${describe(id)} ${noColumn}`;
  const { least, most } = widthLimits;
  if (width !== null && !(typeof width === 'number' && width >= least && width <= most))
    return `width must be a number from ${least} to ${most}.`;
  if (typeof pinned !== 'boolean') return 'pinned must be true or false.';
  return { id, width, isPinned: pinned };
}

/**
 * The text of the file with this view in it. Comments, order of keys and whatever else stands there stay: only what differs is
 * written. A text that can't be read is an error with its place, not overwritten. Without a text a new file.
 */
export function formatView(text: string | undefined, file: string, view: TableView): Parsed<string> {
  const { value: yaml, problems } = parseYaml(text ?? '', file);
  if (yaml === undefined) return { value: undefined, problems };
  const root = yaml.document.contents;
  if (root !== null && !isMap(root) && !(isScalar(root) && root.value === null))
    return { value: undefined, problems: [yaml.problemAt([], 'A view is a mapping with the key table.')] };
  const document = isMap(root) ? (yaml.document as Document) : new Document({});
  if (!isMap(root)) document.commentBefore = yaml.document.commentBefore ?? yaml.document.comment;
  if (!isMap(document.get('table'))) document.set('table', document.createNode({}));
  const table = document.get('table') as YAMLMap;
  for (const [key, value] of Object.entries(toPlain(view))) setPart(document, table, key, value);
  return { value: document.toString({ lineWidth: 0, flowCollectionPadding: true }), problems: [] };
}

function setPart(document: Document, table: YAMLMap, key: string, value: unknown): void {
  const old = table.get(key, true);
  const before: unknown = old === undefined ? undefined : (old as { toJSON(): unknown }).toJSON();
  if (JSON.stringify(before) === JSON.stringify(value)) return;
  if (value === undefined) table.delete(key);
  else if (Array.isArray(value)) {
    const list = isSeq(old) ? old : document.createNode([]);
    replaceItems(document, list, value);
    if (list !== old) table.set(key, list);
  } else if (isScalar(old)) old.value = value;
  else table.set(key, document.createNode(value));
}

/** Items that were there keep their comments, wherever they stand now. */
function replaceItems(document: Document, list: YAMLSeq, values: readonly unknown[]): void {
  const known = new Map(list.items.map((item) => [JSON.stringify(item), item]));
  list.items = values.map((value) => known.get(JSON.stringify(value)) ?? toItem(document, value));
}

function toItem(document: Document, value: unknown): unknown {
  const node = document.createNode(value);
  if (isMap(node)) node.flow = true;
  return node;
}

function toPlain({ columns, sort, filter, group, showsHidden }: TableView): Readonly<Record<string, unknown>> {
  return {
    columns: columns?.map(({ id, width, isPinned }) =>
      width === null && !isPinned
        ? id
        : { id, ...(width === null ? {} : { width }), ...(isPinned ? { pinned: true } : {}) },
    ),
    sort: sort.length === 0 ? undefined : sort.map(({ column, descending }) => (descending ? `-${column}` : column)),
    filter: filter.trim() === '' ? undefined : filter,
    group: group ?? undefined,
    hidden: showsHidden ? 'shown' : undefined,
  };
}
