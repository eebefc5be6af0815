import type { TrialOrder } from '../../src/core/sweep/sweep.ts';

/** What VS Code keeps of the page while it is hidden and over a reload; the extension reads `root` and `runId` of it. */
export interface PageState {
  readonly root: string;
  readonly runId: string;
  readonly showsDetails: boolean;
  /** Keys of the cards with a logarithmic scale, and of those shown as a table. */
  readonly log: readonly string[];
  readonly table: readonly string[];
  /** Of a sweep's trials. */
  readonly order: TrialOrder;
}

/** What was kept, for the run that the extension names; a state of another project or in another form counts for nothing. */
export function readPageState(kept: unknown, context: unknown): PageState {
  const { root, runId } = record(context);
  const place = { root: text(root), runId: text(runId) };
  const { root: keptRoot, runId: keptRun, showsDetails, log, table, order } = record(kept);
  const isSame = keptRoot === place.root;
  return {
    ...place,
    ...(isSame && typeof keptRun === 'string' ? { runId: keptRun } : {}),
    showsDetails: isSame && showsDetails === true,
    log: isSame ? texts(log) : [],
    table: isSame ? texts(table) : [],
    order: isSame && isOrder(order) ? order : 'standing',
  };
}

/** Whether the extension would stop a run; only a clear yes counts. */
export function readMayStop(context: unknown): boolean {
  return record(context)['mayStop'] === true;
}

function isOrder(value: unknown): value is TrialOrder {
  return value === 'number' || value === 'standing' || (Number.isSafeInteger(value) && (value as number) >= 0);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
