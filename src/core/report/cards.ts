import type { ChartsView } from '../../protocol/runsview.ts';
import { colourTag, runColours } from '../../protocol/runtable.ts';
import type { Objective, RunSummary } from '../../protocol/tracking.ts';
import {
  metricsOf,
  mostLines,
  planCards,
  seriesStyle,
  toAskedRun,
  type AskedAxis,
  type AskedLine,
  type BoardCard,
  type ChartAsk,
} from '../charts/charts.ts';
import { sortRuns, toColumn, type Column } from '../runtable/runtable.ts';

// What a report draws: the cards of a view, each a question to the book of charts.

/** What stands for a colour until it is known where the report is shown: a number among the series' hues. */
interface PlannedLine {
  readonly label: string;
  /** Run or group alone, where training lies dashed beside the rest: the legend has it once. */
  readonly member: string | null;
  readonly hue: number;
  readonly dash: readonly number[];
  /** The mean of several runs. */
  readonly isMean: boolean;
}

export interface PlannedCard {
  readonly title: string;
  readonly detail: string;
  readonly ask: ChartAsk;
  /** What the steps count. */
  readonly unit: 'epoch' | 'step';
  /** One for each line that is asked for. */
  readonly lines: readonly PlannedLine[];
  /** What has to be read of each run. */
  readonly metrics: readonly string[];
  /** Those that draw it. */
  readonly runs: readonly RunSummary[];
  readonly isWide: boolean;
  /** A row of cards has this value of the facets' column. */
  readonly facet: string | null;
}

/** Pixels across a plot whose lines are few; each has at most two points for each of them. */
const widest = 1200;
/** Points that all charts of a report together have at most, about: some megabytes. */
const mostPoints = 300_000;
const mostCards = 40;
/** Raw lines behind more lines than these are only a haze. */
const mostRaw = 12;
const trainingDash = [4, 3];
/** Of metrics by batch, where a view leaves it to us. */
const automatic = { kind: 'exponential', weight: 0.9 } as const;

export interface CardPlan {
  readonly cards: readonly PlannedCard[];
  /** Cards of the view that are left out because they are too many. */
  readonly left: number;
  /** Of each run, in every chart. */
  readonly hues: ReadonlyMap<string, number>;
}

/** The cards of a view in their order, for these runs. */
export function planCharts(runs: readonly RunSummary[], view: ChartsView, objective: Objective | null): CardPlan {
  const shown = planCards(runs, objective, view.cards).filter(({ isHidden }) => !isHidden);
  const facets = facetsOf(runs, view);
  const all = facets.flatMap((facet) => shown.map((card) => ({ card, facet })));
  const kept = all.slice(0, mostCards);
  const hues = huesOf(runs, view);
  const cards = kept.map(({ card, facet }) => planCard(card, { view, objective, hues, facet }));
  const lines = cards.reduce((sum, { ask }) => sum + ask.lines.length + ask.raw.length, 0);
  const columns = Math.max(60, Math.min(widest, Math.floor(mostPoints / (2 * Math.max(1, lines)))));
  return {
    cards: cards.map((card) => ({ ...card, ask: { ...card.ask, columns } })),
    left: all.length - kept.length,
    hues: new Map(runs.map((run) => [run.runId, hues(run)])),
  };
}

interface Facet {
  readonly label: string | null;
  readonly runs: readonly RunSummary[];
}

function facetsOf(runs: readonly RunSummary[], { facet }: ChartsView): readonly Facet[] {
  const column = facet === null ? undefined : toColumn(facet);
  if (column === undefined) return [{ label: null, runs }];
  return [...Map.groupBy(runs, (run) => textOf(column, run))].map(([value, own]) => ({
    label: `${shortName(column)} = ${value}`,
    runs: own,
  }));
}

function textOf(column: Column, run: RunSummary): string {
  return column.textOf?.(run) ?? String(column.of(run) ?? '–');
}

/** `training.learning_rate` → `learning_rate`. */
function shortName({ name }: Column): string {
  return name.split('.').at(-1) ?? name;
}

type HueOf = (run: RunSummary) => number;

/** A run's own colour, else by its value in the column that colours, else the next one: the same in every chart. */
function huesOf(runs: readonly RunSummary[], { colour, group }: ChartsView): HueOf {
  const column = toColumn(colour ?? group?.column ?? '');
  const keyOf = (run: RunSummary): string => (column === undefined ? run.runId : textOf(column, run));
  const numbers = new Map<string, number>();
  for (const run of column === undefined ? runs : sortRuns(runs, [{ column: column.id, descending: false }]))
    if (!numbers.has(keyOf(run))) numbers.set(keyOf(run), numbers.size);
  return (run) => {
    const own = (runColours as readonly string[]).indexOf(run.tags[colourTag] ?? '');
    const hue = hueNames.findIndex((name) => name === runColours[own]);
    return column === undefined && hue >= 0 ? hue : (numbers.get(keyOf(run)) ?? 0);
  };
}

/** The series' hues in their order, by the names that people give. */
const hueNames: readonly string[] = Array.from({ length: 6 }, (_, index) =>
  seriesStyle(index).variable.replace('--vscode-charts-', ''),
);

interface CardFacts {
  readonly view: ChartsView;
  readonly objective: Objective | null;
  readonly hues: HueOf;
  readonly facet: Facet;
}

function planCard(card: BoardCard, { view, objective, hues, facet }: CardFacts): PlannedCard {
  const { measures } = card;
  const metrics = [...new Set(measures.flatMap(metricsOf))];
  const runs = facet.runs.filter((run) => metrics.some((name) => Object.hasOwn(run.metrics, name)));
  const members = membersOf(runs, view);
  const lines = measures.flatMap((_, measure) => members.map((own) => ({ ...own, measure })));
  const axis = axisOf(view);
  const smoothing = smoothingOf(card, view);
  const drawn = lines.slice(0, mostLines);
  const judged = measures.findIndex(({ text }) => text === objective?.metric);
  const ask: Omit<ChartAsk, 'columns'> = {
    id: card.id,
    runs: runs.map(toAskedRun),
    measures: measures.map(({ text, isExpression, isByBatch }) => ({ text, isExpression, isByBatch })),
    lines: drawn.map(({ places, measure }): AskedLine => ({ runs: places, measure })),
    crowd: lines.slice(mostLines).flatMap(({ places, measure }) => places.map((place) => ({ runs: [place], measure }))),
    axis,
    isLogX: view.xScale === 'log',
    scale: card.scale,
    smoothing,
    raw: drawn.length > mostRaw ? [] : drawn.map((_, index) => index),
    band: view.group?.band ?? 'range',
    isClipped: card.isClipped,
    window: null,
    isGrowing: false,
    best:
      objective === null || judged < 0
        ? null
        : {
            lines: drawn.flatMap(({ measure, places }, index) =>
              measure === judged && places.length === 1 ? [index] : [],
            ),
            direction: objective.direction,
          },
  };
  const isPaired = measures.length > 1;
  const hasTraining = measures.length === 2 && measures.filter(({ role }) => role === 'training').length === 1;
  return {
    ask: { ...ask, columns: widest },
    lines: drawn.map(({ label, places, measure }) => {
      const [first] = places;
      const run = first === undefined ? undefined : runs[first];
      const hue = run === undefined ? 0 : hues(run);
      const isTraining = isPaired && measures[measure]?.role === 'training';
      const own = isPaired ? `${label}, ${measures[measure]?.text ?? ''}` : label;
      const member = hasTraining ? label : null;
      return {
        label: own,
        member,
        hue,
        dash: isTraining ? trainingDash : seriesStyle(hue).dash,
        isMean: places.length > 1,
      };
    }),
    title: card.title,
    unit: card.axis === 'batch' ? 'step' : 'epoch',
    detail: [...(facet.label === null ? [] : [facet.label]), ...(card.scale === 'linear' ? [] : [card.scale])].join(
      ', ',
    ),
    ...{ metrics: [...metrics, ...(axis.kind === 'metric' ? [axis.metric] : [])], runs },
    ...{ isWide: card.isWide, facet: facet.label },
  };
}

interface Members {
  readonly label: string;
  /** Numbers of runs. */
  readonly places: readonly number[];
}

function membersOf(runs: readonly RunSummary[], { group }: ChartsView): readonly Members[] {
  const column = group === null ? undefined : toColumn(group.column);
  if (column === undefined) return runs.map(({ name }, place) => ({ label: name, places: [place] }));
  const places = runs.map((run, place) => ({ value: textOf(column, run), place }));
  return [...Map.groupBy(places, ({ value }) => value)].map(([value, own]) => ({
    label: `${shortName(column)} = ${value}${own.length > 1 ? `, mean of ${own.length}` : ''}`,
    places: own.map(({ place }) => place),
  }));
}

/** A schedule is exact: it stays as it is. Where nobody has chosen, batches alone are smoothed. */
function smoothingOf({ measures, axis }: BoardCard, { smoothing }: ChartsView): ChartAsk['smoothing'] {
  if (measures.some(({ text }) => text === 'learning_rate')) return null;
  if (smoothing === null) return axis === 'batch' ? automatic : null;
  return smoothing.weight === 0 ? null : smoothing;
}

function axisOf({ x: { kind, metric } }: ChartsView): AskedAxis {
  if (kind !== 'metric') return { kind };
  return metric === null ? { kind: 'step' } : { kind, metric };
}
