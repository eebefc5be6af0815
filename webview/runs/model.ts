import {
  applyFilter,
  arrange,
  copyGroups,
  copyRuns,
  defaultSort,
  findObjective,
  type CopyFormat,
  type FilterMistake,
  type GroupLine,
  type Line,
} from '../../src/core/runtable/runtable.ts';
import { hiddenTag, type TableView, type ViewColumn } from '../../src/protocol/runtable.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { listGroupings } from './groupings.ts';
import { chooseColumns, listColumns, placeColumns, type Layout } from './layout.ts';

/** Everything that follows from runs and view. */
export class TableModel {
  columns: readonly ViewColumn[] = [];
  /** The same object for as long as nothing of it has changed. */
  layout: Layout = placeColumns([], false);
  lines: readonly Line[] = [];
  /** What fits the filter, nested or not. */
  shown: readonly RunSummary[] = [];
  #order:
    { readonly shown: readonly RunSummary[]; readonly key: string; readonly runs: readonly RunSummary[] } | undefined;
  /** How many are left out because they are hidden. */
  hidden = 0;
  mistake: FilterMistake | undefined;
  /** What follows from the runs alone: thousands are looked through for it, and only when they have changed. */
  facts: Facts = { all: [], objective: null, groupings: [], columns: [] };
  #view: TableView | undefined;
  #all: readonly RunSummary[] | undefined;

  compute(all: readonly RunSummary[], view: TableView, open: ReadonlySet<string>): void {
    if (all !== this.facts.all) this.facts = readFacts(all);
    const { filter, showsHidden } = view;
    const isAsBefore = all === this.#all && filter === this.#view?.filter && showsHidden === this.#view.showsHidden;
    if (!isAsBefore) this.#choose(all, view);
    [this.#all, this.#view] = [all, view];
    this.lines = arrange(this.shown, { sort: this.sort, group: view.group, open });
    this.columns = listColumns(view.columns ?? this.facts.columns);
    const layout = placeColumns(this.columns, view.group !== null);
    if (keyOf(layout) !== keyOf(this.layout)) this.layout = layout;
  }

  #choose(all: readonly RunSummary[], { filter, showsHidden }: TableView): void {
    const isHidden = ({ tags }: RunSummary): boolean => Object.hasOwn(tags, hiddenTag);
    const visible = showsHidden ? all : all.filter((run) => !isHidden(run));
    this.hidden = all.length - visible.length;
    const filtered = applyFilter(visible, filter);
    this.mistake = 'mistake' in filtered ? filtered.mistake : undefined;
    // While a filter is being written it is wrong most of the time: what it showed last stays.
    this.shown = 'runs' in filtered ? filtered.runs : this.#keepFound(visible);
  }

  get sort(): TableView['sort'] {
    const { sort = [] } = this.#view ?? {};
    return sort.length === 0 ? defaultSort : sort;
  }

  indexOf(key: string | undefined): number {
    return key === undefined ? -1 : this.lines.findIndex((line) => line.key === key);
  }

  /** Where a column stands; −1 for one that is not shown. */
  columnAt(id: string): number {
    return this.layout.columns.findIndex(({ column }) => column.id === id);
  }

  /** The selected runs, else all that the filter leaves in the table's order; groups as they are while all of them are closed. */
  copy(selected: readonly RunSummary[], format: CopyFormat): string {
    const columns = this.layout.columns.map(({ column }) => column);
    const { group = null } = this.#view ?? {};
    const groups = this.lines.filter((line): line is GroupLine => line.kind === 'group');
    if (group !== null && selected.length === 0 && groups.length === this.lines.length)
      return copyGroups(groups, { group, columns, format });
    return copyRuns(selected.length > 0 ? selected : this.#listAll(group), columns, format);
  }

  /** What is shown in the table's order, nested and folded ones too; the same list until order or runs change. */
  get inOrder(): readonly RunSummary[] {
    const { shown, sort } = this;
    const { group = null } = this.#view ?? {};
    const key = JSON.stringify([sort, group]);
    if (this.#order?.shown !== shown || this.#order.key !== key)
      this.#order = { shown, key, runs: this.#listAll(group) };
    return this.#order.runs;
  }

  #listAll(group: string | null): readonly RunSummary[] {
    const open = new Set([...this.lines.map(({ key }) => key), ...this.shown.map(({ runId }) => runId)]);
    const lines = arrange(this.shown, { sort: this.sort, group, open });
    return lines.flatMap((line) => (line.kind === 'run' ? [line.run] : []));
  }

  #keepFound(visible: readonly RunSummary[]): readonly RunSummary[] {
    const known = new Set(this.shown.map(({ runId }) => runId));
    return known.size === 0 ? visible : visible.filter(({ runId }) => known.has(runId));
  }
}

interface Facts {
  readonly all: readonly RunSummary[];
  readonly objective: string | null;
  readonly groupings: readonly string[];
  /** Where a view chooses none. */
  readonly columns: readonly ViewColumn[];
}

function readFacts(all: readonly RunSummary[]): Facts {
  return { all, objective: findObjective(all), groupings: listGroupings(all), columns: chooseColumns(all) };
}

function keyOf({ columns }: Layout): string {
  return JSON.stringify(columns.map(({ column, width, isPinned }) => [column.id, width, isPinned]));
}
