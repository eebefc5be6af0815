import {
  castRuns,
  createFinder,
  directionOf,
  hasCurves,
  keepOrder,
  planCards,
  type BoardCard,
  type Cast,
} from '../../../src/core/charts/charts.ts';
import { toColumn } from '../../../src/core/runtable/runtable.ts';
import type { ChartsView } from '../../../src/protocol/runsview.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import type { Theme } from '../../shared/theme.ts';
import { listGroupings } from '../groupings.ts';
import type { TabFacts } from '../tab.ts';
import { nameColumn } from '../words.ts';
import { createAxis, type AxisWords } from './axis.ts';
import { createLooks, type LookOf } from './looks.ts';
import { planChart, splitFacets, type ChartPlan } from './plan.ts';
import { mostKept, type ChartsState } from './state.ts';

/** A row of cards: all of them, or those of one value. */
interface CardRow {
  /** Null where there are no rows of values. */
  readonly heading: string | null;
  readonly plans: readonly ChartPlan[];
}

/** All that the tab shows, as it follows from runs, view and state. */
export interface Scene {
  readonly facts: TabFacts;
  readonly state: ChartsState;
  readonly view: ChartsView;
  readonly theme: Theme;
  readonly objective: string | null;
  /** Of the list, in its order. */
  readonly runs: readonly RunSummary[];
  readonly cast: Cast;
  readonly selected: ReadonlySet<string>;
  /** Hidden ones, too. */
  readonly cards: readonly BoardCard[];
  readonly rows: readonly CardRow[];
  /** There are charts, but none has a name as it is looked for. */
  readonly isNoneFound: boolean;
  /** Values that have no row, because there are too many. */
  readonly rowsLeft: number;
  readonly lookOf: LookOf;
  readonly axisOf: (card: BoardCard) => AxisWords;
  /** Ids of the columns that runs can be told apart by. */
  readonly columns: readonly string[];
  readonly metrics: readonly string[];
  /** Ids of all runs that have had a colour. */
  readonly order: readonly string[];
}

export function planScene(
  facts: TabFacts,
  state: ChartsState,
  { before, texts }: { readonly before: Scene | undefined; readonly texts: RunsTexts },
): Scene {
  const { objective, theme } = facts;
  const view = facts.view.charts;
  const runs = withPinned(facts, view.pinned).filter(hasCurves);
  const selected = new Set(facts.selected.map(({ runId }) => runId));
  const cast = castRuns(runs, { first: new Set([...selected, ...view.pinned]), off: new Set(state.off) });
  const drawn = [...cast.lines, ...cast.crowd];
  const order = keepOrder(
    state.order,
    cast.lines.map(({ runId }) => runId),
    mostKept,
  );
  const judged = objective === null ? null : { metric: objective, direction: directionOf(drawn, objective) };
  const cards = planCards(drawn, judged, view.cards);
  const isFound = createFinder(state.find);
  const shown = cards.filter(
    ({ isHidden, title, measures }) => !isHidden && isFound([title, ...measures.map(({ text }) => text)]),
  );
  const planned = { view, objective, texts: { without: texts.chartsWithout } };
  const { facets, left } = splitFacets(cast, view.facet);
  const axes = new Map<BoardCard['axis'], AxisWords>();
  return {
    ...{ facts, state, view, theme, objective, runs, cast, selected, cards, order },
    isNoneFound: shown.length === 0 && cards.some(({ isHidden }) => !isHidden),
    rowsLeft: left,
    rows: facets.map((facet) => ({
      heading: facet.value === null ? null : nameFacet(view.facet ?? '', facet.value, texts),
      plans: shown
        .map((card) => planChart(card, facet, planned))
        .filter(({ lines, card }) => facet.value === null || lines.length > 0 || card.measures.length === 0),
    })),
    lookOf: createLooks({ order, column: view.colour ?? view.group?.column ?? null, runs: drawn, theme }),
    axisOf({ axis }) {
      const known = axes.get(axis) ?? createAxis(view, axis, texts);
      axes.set(axis, known);
      return known;
    },
    // Thousands of runs are looked through for it.
    columns: before?.facts.all === facts.all ? before.columns : listGroupings(facts.all),
    metrics: [...new Set(drawn.flatMap(({ metrics }) => Object.keys(metrics)))].sort(),
  };
}

/** Pinned runs stand on top, those that the filter leaves out as well. */
function withPinned({ shown, all }: TabFacts, pinned: readonly string[]): readonly RunSummary[] {
  if (pinned.length === 0) return shown;
  const wanted = new Set(pinned);
  const own = all.filter(({ runId }) => wanted.has(runId));
  return [...own, ...shown.filter(({ runId }) => !wanted.has(runId))];
}

function nameFacet(id: string, value: string, texts: RunsTexts): string {
  const column = toColumn(id);
  const name = column === undefined ? id : nameColumn(column, texts).name;
  return value === '' ? `${name}: ${texts.chartsWithout}` : `${name} = ${value}`;
}
