import { emptyRunsView, type RunsView } from '../../src/protocol/runsview.ts';
import { parseRunsView } from '../../src/protocol/runsviewcodec.ts';
import type { RunsPageContext } from '../../src/protocol/runtable.ts';
import { isTabName, type TabName } from './tabs.ts';

/** What VS Code keeps of the page while it is hidden and over a reload; the extension reads `root` of it. */
export interface PageState {
  readonly root: string;
  /** The view that is shown, changed or not; null: the person's own. */
  readonly name: string | null;
  readonly view: RunsView;
  /** Which is looked at. */
  readonly tab: TabName;
  /** What each tab keeps for itself. */
  readonly own: Readonly<Partial<Record<TabName, unknown>>>;
  /** Keys of the lines that are open. */
  readonly open: readonly string[];
  readonly scroll: { readonly top: number; readonly left: number };
}

/** What was kept, for the project that the extension names; a state of another project or in another form counts for nothing. */
export function readPageState(state: unknown, given: unknown): PageState {
  const { root, kept, tab: asked } = readContext(given);
  const look = { tab: asked, own: {}, open: [], scroll: { top: 0, left: 0 } };
  const fresh = { ...(kept ?? { name: null, view: emptyRunsView }), ...look, root };
  const old = record(state);
  const view = parseRunsView(old['view']);
  if (old['root'] !== root || view === undefined) return fresh;
  const { name, open, scroll, tab, own } = old;
  const { top, left } = record(scroll);
  return {
    root,
    name: typeof name === 'string' ? name : null,
    view,
    tab: isTabName(tab) ? tab : look.tab,
    own: record(own),
    open: Array.isArray(open) ? open.filter((key): key is string => typeof key === 'string') : [],
    scroll: { top: typeof top === 'number' ? top : 0, left: typeof left === 'number' ? left : 0 },
  };
}

export function readContext(given: unknown): RunsPageContext {
  const { root, mayEdit, tab, kept } = record(given);
  const { name, view } = record(kept);
  const own = parseRunsView(view);
  return {
    root: typeof root === 'string' ? root : '',
    mayEdit: mayEdit === true,
    tab: tab === 'charts' ? tab : 'table',
    kept: own === undefined ? null : { name: typeof name === 'string' ? name : null, view: own },
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
