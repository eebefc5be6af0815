import { emptyRunsView, type RunsView } from '../../src/protocol/runsview.ts';
import type { FromRunsPage, SavedView, ViewColumn } from '../../src/protocol/runtable.ts';
import type { Host } from '../shared/host.ts';
import type { BarActions, ViewFacts } from './parts.ts';
import type { PageState } from './state.ts';

interface ShownViewOptions {
  readonly host: Host<FromRunsPage>;
  /** Undefined until they have been told. */
  readonly views: () => readonly SavedView[] | undefined;
  readonly state: () => PageState;
  readonly setState: (part: Partial<PageState>) => void;
  /** As they are seen. */
  readonly columns: () => readonly ViewColumn[];
}

/** Which view is shown, and how it differs from its file. */
export class ShownView {
  readonly #options: ShownViewOptions;
  /** As the view's file said when it was read last. */
  #saved: string | undefined;

  constructor(options: ShownViewOptions) {
    this.#options = options;
  }

  /** For the header, and what is wrong with the file. */
  get facts(): ViewFacts & { readonly problem: string | null } {
    const { name, view } = this.#options.state();
    const isChanged = this.#saved !== undefined && this.#saved !== textOf(view);
    return { name, isChanged, views: this.#options.views() ?? [], problem: this.#find(name)?.problem ?? null };
  }

  choose(name: string | null): void {
    const own = this.#find(name);
    const view = name === null ? emptyRunsView : (own?.view ?? this.#options.state().view);
    this.#saved = textOf(own?.view);
    const shown = own === undefined ? null : name;
    this.#options.setState({ name: shown, view });
    this.#options.host.post({ type: 'keep', name: shown, view });
  }

  /** The files have been read again: a view that nobody changed here follows its own. */
  follow(): void {
    const { name, view } = this.#options.state();
    if (name === null) return;
    const own = this.#find(name);
    const next = textOf(own?.view);
    if (own === undefined) this.#options.setState({ name: null });
    else if (own.view !== null && this.#saved === textOf(view) && next !== this.#saved)
      this.#options.setState({ view: own.view });
    this.#saved = next;
  }

  act(what: Parameters<BarActions['onViewAct']>[0]): void {
    const { host, state, columns } = this.#options;
    const { name, view } = state();
    // Widths and order as they are seen are what is saved.
    const seen = { ...view, table: { ...view.table, columns: columns() } };
    if (what === 'saveAs') host.post({ type: 'saveView', name: null, view: seen });
    else if (name === null) return;
    else if (what === 'save') host.post({ type: 'saveView', name, view: seen });
    else host.post({ type: what, name });
  }

  #find(name: string | null): SavedView | undefined {
    return this.#options.views()?.find((view) => view.name === name);
  }
}

/** Equal for views that say the same, in whatever order their keys stand. */
function textOf(view: RunsView | null | undefined): string | undefined {
  return view === undefined || view === null ? undefined : JSON.stringify(view, inOrder);
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
