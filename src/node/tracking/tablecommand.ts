import { findNearest } from '../../core/names/names.ts';
import {
  applyFilter,
  arrange,
  chooseColumnIds,
  copyFormats,
  copyGroups,
  copyRuns,
  defaultSort,
  listColumnIds,
  toColumn,
  type Column,
  type CopyFormat,
  type GroupLine,
} from '../../core/runtable/runtable.ts';
import { badInput, exitCodes, unknownName, type ExpectedError } from '../../protocol/errors.ts';
import { emptyTableView, hiddenTag, type TableView } from '../../protocol/runtable.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { badArguments, takePositionals, type Command, type Invocation } from '../commandline/commandline.ts';
import { findView, placeFilterMistakes } from '../views/views.ts';
import { openStoreOf, storeOption } from './chosenstore.ts';

export const tableCommand: Command = {
  words: ['runs', 'table'],
  summary: 'the runs as the table in VS Code has them, for a spreadsheet or a report; groups with mean and deviation',
  positionals: '',
  example: 'mlops runs table --group params.training.learning_rate --format markdown',
  options: {
    store: storeOption,
    view: {
      type: 'string',
      value: 'NAME',
      summary: 'as .mlops/views/NAME.yaml has it; the other options go before it',
    },
    columns: { type: 'string', value: 'IDS', summary: 'as name,metrics.val_loss,params.training.learning_rate' },
    sort: {
      type: 'string',
      value: 'IDS',
      summary: 'columns to sort by, the first one first; desc behind one for descending',
    },
    where: { type: 'string', value: 'EXPR', summary: 'only runs that fit, as in runs list' },
    group: { type: 'string', value: 'ID', summary: 'a line for each value of a column' },
    format: { type: 'string', value: 'FORMAT', summary: `${copyFormats.join(', ')} (default: csv)` },
  },
  run: async (invocation) => {
    takePositionals(invocation, tableCommand);
    const { output } = invocation;
    const format = readFormat(invocation);
    const view = await readView(invocation);
    const { runs, unreadable, warnings = [] } = await (await openStoreOf(invocation)).listRuns();
    for (const { file, message } of [...unreadable, ...warnings]) output.note(`warning: ${file}: ${message}`);
    const write = planTable(runs, view, await readPlacer(invocation));
    output.result({ view, rows: JSON.parse(write('json')) as unknown }, () =>
      // A pipe's lines end as those of every other command.
      write(format).replaceAll('\r\n', '\n').trimEnd(),
    );
    return exitCodes.done;
  },
};

function readFormat({ options }: Invocation): CopyFormat {
  const text = options.text('format') ?? 'csv';
  const format = copyFormats.find((one) => one === text);
  if (format === undefined) throw badArguments(`--format is one of ${copyFormats.join(', ')}, not "${text}".`);
  return format;
}

async function readView(invocation: Invocation): Promise<TableView> {
  const { options } = invocation;
  const [columns, sort] = [options.text('columns'), options.text('sort')];
  const [filter, group] = [options.text('where'), options.text('group')];
  return {
    ...(await readSavedView(invocation)),
    ...(columns === undefined
      ? {}
      : { columns: splitList(columns).map((id) => ({ id, width: null, isPinned: false })) }),
    ...(sort === undefined ? {} : { sort: splitList(sort).map(toSortKey) }),
    ...(filter === undefined ? {} : { filter }),
    ...(group === undefined ? {} : { group }),
  };
}

async function readSavedView(invocation: Invocation): Promise<TableView> {
  const name = invocation.options.text('view');
  if (name === undefined) return emptyTableView;
  return (await findView(await invocation.findProject(), name)).table;
}

/** What is wrong with a filter is told with its place in the view's file, if it is from there. */
async function readPlacer(invocation: Invocation): Promise<(message: string) => ExpectedError> {
  const { options } = invocation;
  const name = options.text('view');
  if (name === undefined || options.text('where') !== undefined) return (message) => badInput(message);
  return placeFilterMistakes(await invocation.project(), name);
}

/** `-ID` as view files have it, or `ID desc`. */
function toSortKey(text: string): TableView['sort'][number] {
  const [, minus = '', column = '', word = ''] = /^(-?)(.*?)(?:\s+(asc|desc))?$/i.exec(text) ?? [];
  return { column, descending: minus === '-' || word.toLowerCase() === 'desc' };
}

function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** What is written of the runs, in each format. Throws `unknown-name` for a column that is none, `bad-input` for a wrong filter. */
function planTable(
  runs: readonly RunSummary[],
  view: TableView,
  toFilterError: (message: string) => ExpectedError,
): (format: CopyFormat) => string {
  const find = (id: string): Column => {
    const column = toColumn(id);
    if (column === undefined) throw unknownName('column', id, findNearest(id, listColumnIds(runs)));
    return column;
  };
  const columns = (view.columns?.map(({ id }) => id) ?? chooseColumnIds(runs)).map(find);
  for (const { column } of view.sort) find(column);
  const visible = view.showsHidden ? runs : runs.filter(({ tags }) => !Object.hasOwn(tags, hiddenTag));
  const filtered = applyFilter(visible, view.filter);
  if ('mistake' in filtered) throw toFilterError(filtered.mistake.message);
  const group = view.group === null ? null : find(view.group).id;
  const sort = view.sort.length === 0 ? defaultSort : view.sort;
  const open = new Set(filtered.runs.map(({ runId }) => runId));
  const lines = arrange(filtered.runs, { sort, group, open });
  if (group !== null) {
    const groups = lines.filter((line): line is GroupLine => line.kind === 'group');
    return (format) => copyGroups(groups, { group, columns, format });
  }
  const shown = lines.flatMap((line) => (line.kind === 'run' ? [line.run] : []));
  return (format) => copyRuns(shown, columns, format);
}
