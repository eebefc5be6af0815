import type { View } from '../../src/core/dag/dag.ts';

/** What VS Code keeps of the page while it is hidden and over a reload; the extension reads `root` of it. */
export interface PageState {
  readonly root: string;
  /** Null: the whole graph, whatever its size. */
  readonly view: View | null;
  /** Names of the groups that are open. */
  readonly open: readonly string[];
  readonly selected: string | null;
}

/** What was kept, for the project that the extension names; a state of another project or in another form counts for nothing. */
export function readPageState(kept: unknown, context: unknown): PageState {
  const root = text(record(context)['root']) ?? '';
  const { root: keptRoot, view, open, selected } = record(kept);
  const isSame = keptRoot === root;
  return {
    root,
    view: isSame ? readView(view) : null,
    open: isSame && Array.isArray(open) ? open.filter((item): item is string => typeof item === 'string') : [],
    selected: isSame ? (text(selected) ?? null) : null,
  };
}

/** Whether the extension would run a stage; only a clear yes counts. */
export function readMayRun(context: unknown): boolean {
  return record(context)['mayRun'] === true;
}

function readView(value: unknown): View | null {
  const { x, y, k } = record(value);
  const isView = [x, y, k].every((part) => Number.isFinite(part)) && (k as number) > 0;
  return isView ? { x: x as number, y: y as number, k: k as number } : null;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
