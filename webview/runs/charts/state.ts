/** What VS Code keeps of the tab while the page is hidden, beside its view. */
export interface ChartsState {
  /** Ids of runs that are taken out of the charts. */
  readonly off: readonly string[];
  /** Ids of runs that have been drawn: the place of one is its colour. */
  readonly order: readonly string[];
  readonly showsMore: boolean;
  /** What the names of charts are looked through for. */
  readonly find: string;
}

/** More are not kept: colours begin anew then. */
export const mostKept = 3000;
/** Of the text that charts are found by. */
export const longestFind = 200;

export function readChartsState(kept: unknown): ChartsState {
  const own = typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
  const { off, order, showsMore, find } = own;
  return {
    ...{ off: texts(off), order: texts(order), showsMore: showsMore === true },
    find: typeof find === 'string' ? find.slice(0, longestFind) : '',
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string').slice(0, mostKept)
    : [];
}
