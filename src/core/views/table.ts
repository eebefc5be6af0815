import { emptyTableView, widthLimits, type TableView, type ViewColumn } from '../../protocol/runtable.ts';
import { isMapping } from '../yaml/yaml.ts';
import { fieldsOf, listOf, readColumnId, readFlag, readText, type Reader } from './reading.ts';
import type { Section } from './section.ts';

/** `table` as a person writes it. */
interface TableFile {
  readonly columns: readonly ViewColumn[];
  readonly sort: TableView['sort'];
  readonly filter: string;
  readonly group: string;
  readonly hidden: true;
}

const readWidth: Reader<number> = (value, place) => {
  const { least, most } = widthLimits;
  return typeof value === 'number' && value >= least && value <= most
    ? value
    : place.fail(`width must be a number from ${least} to ${most}.`);
};

const readColumnFields = fieldsOf<{ id: string; width: number; pinned: boolean }>(
  { id: readColumnId, width: readWidth, pinned: readFlag },
  'a column',
);

const readColumn: Reader<ViewColumn> = (value, place) => {
  if (!isMapping(value)) {
    const id = readColumnId(value, place);
    return id === null ? null : { id, width: null, isPinned: false };
  }
  const fields = readColumnFields(value, place);
  if (fields === null) return null;
  const { id, width = null, pinned: isPinned = false } = fields;
  return id === undefined ? place.fail('A column needs an id.') : { id, width, isPinned };
};

const readSortKey: Reader<TableView['sort'][number]> = (value, place) => {
  const descending = typeof value === 'string' && value.startsWith('-');
  const column = readColumnId(descending ? value.slice(1) : value, place);
  return column === null ? null : { column, descending };
};

const readers = {
  columns: listOf(readColumn),
  sort: ((value, place) => {
    if (Array.isArray(value)) return listOf(readSortKey)(value, place);
    const key = readSortKey(value, place);
    return key === null ? null : [key];
  }) satisfies Reader<TableView['sort']>,
  filter: readText,
  group: readColumnId,
  hidden: ((value, place) =>
    value === 'shown'
      ? true
      : place.fail('hidden can only be "shown"; leave it out otherwise.')) satisfies Reader<true>,
};
const readFields = fieldsOf<TableFile>(readers, "a table's view");

export const tableSection: Section<TableView> = {
  readers,
  read(value, place) {
    const fields = readFields(value, place);
    if (fields === null) return null;
    const { hidden: showsHidden = false, ...rest } = fields;
    return { ...emptyTableView, ...rest, showsHidden };
  },
  toPlain: ({ columns, sort, filter, group, showsHidden }) => ({
    columns: columns?.map(({ id, width, isPinned }) =>
      width === null && !isPinned
        ? id
        : { id, ...(width === null ? {} : { width }), ...(isPinned ? { pinned: true } : {}) },
    ),
    sort: sort.length === 0 ? undefined : sort.map(({ column, descending }) => (descending ? `-${column}` : column)),
    filter: filter.trim() === '' ? undefined : filter,
    group: group ?? undefined,
    hidden: showsHidden ? 'shown' : undefined,
  }),
};
