import {
  directionOf,
  toAskedRun,
  type AskedAxis,
  type AskedLine,
  type BoardCard,
  type Cast,
  type ChartAsk,
} from '../../../src/core/charts/charts.ts';
import { toColumn } from '../../../src/core/runtable/runtable.ts';
import type { ChartsView } from '../../../src/protocol/runsview.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import { placeValues, wordOf } from './looks.ts';

/** A line of a card: of one run, or the mean of several. */
export interface PlannedLine {
  readonly runs: readonly RunSummary[];
  readonly label: string;
  readonly measure: BoardCard['measures'][number];
}

export interface ChartPlan {
  /** Of the card on the page: its own and that of its row. */
  readonly id: string;
  readonly card: BoardCard;
  readonly lines: readonly PlannedLine[];
  /** Drawn as an area. */
  readonly crowd: readonly RunSummary[];
  readonly ask: Omit<ChartAsk, 'columns' | 'window' | 'raw' | 'best'>;
  /** Where the best point is looked for, if nothing is selected. */
  readonly judged: { readonly lines: readonly number[]; readonly direction: 'minimize' | 'maximize' } | null;
}

/** Of the runs that a facet leaves, or all. */
export interface Facet {
  /** Null: there are no facets. Empty: runs without a value. */
  readonly value: string | null;
  readonly cast: Cast;
}

export interface PlanFacts {
  readonly view: ChartsView;
  readonly objective: string | null;
  readonly texts: { readonly without: string };
}

/** More rows of cards than anybody scrolls through. */
const mostFacets = 30;

/** A row for each value of the column by which the view has rows, of runs without a value behind; `left`: values that have none. */
export function splitFacets(
  cast: Cast,
  column: string | null,
): { readonly facets: readonly Facet[]; readonly left: number } {
  const own = column === null ? undefined : toColumn(column);
  if (own === undefined) return { facets: [{ value: null, cast }], left: 0 };
  const all = [...cast.lines, ...cast.crowd];
  const values = [...placeValues(all, own).keys()].filter((value) => value !== '');
  const facet = (value: string): Facet => {
    const keep = (runs: readonly RunSummary[]): readonly RunSummary[] =>
      runs.filter((run) => wordOf(own, run) === value);
    return { value, cast: { ...cast, lines: keep(cast.lines), crowd: keep(cast.crowd) } };
  };
  const without = all.some((run) => own.of(run) === undefined) ? [facet('')] : [];
  return {
    facets: values.slice(0, mostFacets).map(facet).concat(without),
    left: Math.max(0, values.length - mostFacets),
  };
}

export function planChart(card: BoardCard, { value, cast }: Facet, facts: PlanFacts): ChartPlan {
  const { view, objective } = facts;
  const groups = groupRuns(cast, facts);
  const crowd =
    groups === undefined
      ? cast.crowd.filter((run) => card.measures.some(({ text }) => Object.hasOwn(run.metrics, text)))
      : [];
  const runs = groups === undefined ? [...cast.lines, ...crowd] : [...cast.lines, ...cast.crowd];
  const places = new Map(runs.map((run, index) => [run, index]));
  const asked: AskedLine[] = [];
  const lines: PlannedLine[] = [];
  card.measures.forEach((measure, index) => {
    const has = ({ metrics }: RunSummary): boolean => measure.isExpression || Object.hasOwn(metrics, measure.text);
    for (const { label, members } of groups ?? cast.lines.map((run) => ({ label: run.name, members: [run] }))) {
      const own = members.filter(has);
      if (own.length === 0) continue;
      asked.push({ runs: own.map((run) => places.get(run) ?? -1), measure: index });
      lines.push({ runs: own, label, measure });
    }
  });
  const main = Math.max(
    0,
    card.measures.findIndex(({ role }) => role !== 'training'),
  );
  const judged = lines.flatMap(({ measure }, index) =>
    measure.text === objective && !measure.isExpression ? [index] : [],
  );
  return {
    ...{ id: JSON.stringify([card.id, value]), card, lines, crowd },
    ask: {
      id: JSON.stringify([card.id, value]),
      runs: runs.map(toAskedRun),
      measures: card.measures.map(({ text, isExpression, isByBatch }) => ({ text, isExpression, isByBatch })),
      lines: asked,
      crowd: crowd.map((run) => ({ runs: [places.get(run) ?? -1], measure: main })),
      axis: axisOf(view),
      isLogX: view.xScale === 'log',
      ...{ scale: card.scale, isClipped: card.isClipped, smoothing: smoothingOf(card, view) },
      band: view.group?.band ?? 'range',
      isGrowing: runs.some(({ status, lost }) => status === 'RUNNING' && !lost),
    },
    judged:
      judged.length === 0 || objective === null ? null : { lines: judged, direction: directionOf(runs, objective) },
  };
}

/** Whether an answer for one is drawn and told rightly by the other. */
export function hasSameLines(a: ChartPlan, b: ChartPlan): boolean {
  if (a === b) return true;
  if (a.id !== b.id || a.lines.length !== b.lines.length) return false;
  return a.lines.every(({ label, runs, measure }, index) => {
    const other = b.lines[index];
    const isOfSame = runs.length === other?.runs.length && runs[0]?.runId === other.runs[0]?.runId;
    return isOfSame && label === other.label && measure.text === other.measure.text;
  });
}

function axisOf({ x }: ChartsView): AskedAxis {
  return x.kind === 'metric' ? { kind: 'metric', metric: x.metric ?? '' } : { kind: x.kind };
}

/** A schedule is exact: it stays as it is. Where nobody has chosen, batches alone are smoothed. */
function smoothingOf({ measures, axis }: BoardCard, { smoothing }: ChartsView): ChartAsk['smoothing'] {
  if (measures.some(({ text }) => text === 'learning_rate')) return null;
  if (smoothing === null) return axis === 'batch' ? { kind: 'exponential', weight: 0.9 } : null;
  return smoothing.weight === 0 ? null : smoothing;
}

function groupRuns(
  cast: Cast,
  { view, texts }: PlanFacts,
): readonly { readonly label: string; readonly members: readonly RunSummary[] }[] | undefined {
  const column = view.group === null ? undefined : toColumn(view.group.column);
  if (column === undefined) return undefined;
  const all = [...cast.lines, ...cast.crowd];
  const groups = Map.groupBy(all, (run) => wordOf(column, run));
  const order = [...placeValues(all, column).keys(), ''];
  return [...new Set(order)].flatMap((word) => {
    const members = groups.get(word);
    return members === undefined ? [] : [{ label: word === '' ? texts.without : word, members }];
  });
}
