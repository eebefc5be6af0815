/** What VS Code keeps of the tab while the page is hidden, beside its view. */
export interface ChartsState {
  /** Ids of runs that are taken out of the charts. */
  readonly off: readonly string[];
  /** Ids of runs that have been drawn: the place of one is its colour. */
  readonly order: readonly string[];
  readonly showsMore: boolean;
}

/** More are not kept: colours begin anew then. */
export const mostKept = 3000;

export function readChartsState(kept: unknown): ChartsState {
  const { off, order, showsMore } = typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
  return { off: texts(off), order: texts(order), showsMore: showsMore === true };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string').slice(0, mostKept)
    : [];
}
