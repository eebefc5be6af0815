import { smoothingKinds } from '../../src/core/charts/charts.ts';
import type { TrialOrder } from '../../src/core/sweep/sweep.ts';
import { answerViews, firstAnswers, type AnswerChoice } from './answers.ts';
import { cellKinds } from './matrix.ts';
import type { SmoothingChoice } from './plan.ts';

/** Parts of the page, one at a time. */
const tabs = ['charts', 'images', 'about', 'artifacts'] as const;
export type Tab = (typeof tabs)[number];

/** What VS Code keeps of the page while it is hidden and over a reload; the extension reads `root` and `runId` of it. */
export interface PageState {
  readonly root: string;
  readonly runId: string;
  readonly tab: Tab;
  readonly showsDetails: boolean;
  /** Keys of the cards with a logarithmic scale, and of those shown as a table. */
  readonly log: readonly string[];
  readonly table: readonly string[];
  /** Of a sweep's trials. */
  readonly order: TrialOrder;
  readonly smoothing: SmoothingChoice;
  /** Of the pictures; null: the last one. */
  readonly step: number | null;
  /** Of the card with the model's answers. */
  readonly answers: AnswerChoice;
}

/** What was kept, for the run that the extension names; a state of another project or in another form counts for nothing. */
export function readPageState(kept: unknown, context: unknown): PageState {
  const { root, runId } = record(context);
  const place = { root: text(root), runId: text(runId) };
  const {
    root: keptRoot,
    runId: keptRun,
    tab,
    showsDetails,
    log,
    table,
    order,
    smoothing,
    answers,
    step,
  } = record(kept);
  const isSame = keptRoot === place.root;
  return {
    ...place,
    ...(isSame && typeof keptRun === 'string' ? { runId: keptRun } : {}),
    tab: tabs.find((one) => isSame && one === tab) ?? 'charts',
    step: isSame && typeof step === 'number' && Number.isFinite(step) ? step : null,
    showsDetails: isSame && showsDetails === true,
    log: isSame ? texts(log) : [],
    table: isSame ? texts(table) : [],
    order: isSame && isOrder(order) ? order : 'standing',
    smoothing: readSmoothing(isSame ? smoothing : undefined),
    answers: isSame ? readAnswers(answers) : firstAnswers,
  };
}

function readAnswers(kept: unknown): AnswerChoice {
  const { view, cells, className, threshold } = record(kept);
  return {
    view: answerViews.find((one) => one === view) ?? firstAnswers.view,
    cells: cellKinds.find((one) => one === cells) ?? firstAnswers.cells,
    className: typeof className === 'string' ? className : null,
    threshold: typeof threshold === 'number' && !Number.isNaN(threshold) ? threshold : null,
  };
}

/** Whether the extension would stop a run; only a clear yes counts. */
export function readMayStop(context: unknown): boolean {
  return record(context)['mayStop'] === true;
}

/** As strong as the slider goes. */
export const strongestSmoothing = 0.99;
const usualWeight = 0.6;

function readSmoothing(kept: unknown): SmoothingChoice {
  const { kind, weight } = record(kept);
  const known = ['automatic', 'off', ...smoothingKinds] as const;
  return {
    kind: known.find((one) => one === kind) ?? 'automatic',
    weight: typeof weight === 'number' && weight >= 0 && weight <= strongestSmoothing ? weight : usualWeight,
  };
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
