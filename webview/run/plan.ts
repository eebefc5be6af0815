import {
  fillIn,
  findBest,
  formatCount,
  groupCards,
  growingEnd,
  metricLabel,
  runState,
  smooth,
  stepBounds,
  type Card,
  type CardSeries,
  type Points,
  type Range,
  type Reading,
  type ShownRun,
} from '../../src/core/charts/charts.ts';
import type { RunEvent, RunFacts, RunTexts } from '../../src/protocol/charts.ts';

export interface PlannedSeries {
  readonly label: string;
  readonly points: Points;
  /** Faint: the raw values behind a smoothed line. */
  readonly look: 'solid' | 'dashed' | 'faint';
}

/** A card as it is to be drawn, whatever its size and colours. */
export interface CardPlan {
  readonly key: string;
  readonly title: string;
  /** What is drawn, in dim words behind the title. */
  readonly subtitle: string;
  readonly axis: Card['axis'];
  /** Drawn in this order. */
  readonly series: readonly PlannedSeries[];
  /** The one of them that the card's reading is of. */
  readonly main: PlannedSeries;
  /** The steps of the whole run. */
  readonly whole: Range;
  readonly canBeLog: boolean;
  readonly best: Reading | undefined;
  readonly events: readonly { readonly step: number; readonly text: string }[];
  readonly isLive: boolean;
}

export interface RunPlan {
  readonly cards: readonly CardPlan[];
  /** Metrics measured once, with a short name. */
  readonly strip: readonly { readonly label: string; readonly value: number }[];
  /** Epochs completed; null before the first. */
  readonly epoch: number | null;
  readonly best: Reading | undefined;
}

const emptyPoints: Points = { steps: new Float64Array(0), values: new Float64Array(0) };
/** Batches are many and noisy: a new one weighs a tenth. */
const smoothing = 0.9;
const fewestSmoothed = 20;

export function planRun(run: ShownRun, texts: RunTexts): RunPlan {
  const { facts, series } = run;
  const pointsOf = (metric: string): Points => series.get(metric) ?? emptyPoints;
  const metrics = [...series].map(([name, points]) => ({ name, points: points.steps.length }));
  const { cards: grouped, strip } = groupCards(metrics, facts.objective);
  // The steps of a sweep's own curve count its trials.
  const cards = facts.sweep === null ? grouped : grouped.map((card): Card => ({ ...card, axis: 'trial' }));
  const perEpoch = cards.filter(({ axis }) => axis === 'epoch').flatMap((card) => card.series);
  const epoch = stepBounds(perEpoch.map(({ metric }) => pointsOf(metric)))?.max ?? null;
  return {
    cards: cards.map((card) => planCard(card, run, { texts, pointsOf })),
    strip: strip.map((metric) => ({ label: metricLabel(metric), value: pointsOf(metric).values[0] ?? NaN })),
    epoch,
    best: facts.objective === null ? undefined : findBest(pointsOf(facts.objective.metric), facts.objective.direction),
  };
}

interface CardContext {
  readonly texts: RunTexts;
  readonly pointsOf: (metric: string) => Points;
}

function planCard(card: Card, { facts, events }: ShownRun, { texts, pointsOf }: CardContext): CardPlan {
  const isLive = runState(facts) === 'running';
  const series = card.series.flatMap((member) => planSeries(card, member, { texts, pointsOf }));
  const objective = card.series.find(({ metric }) => metric === facts.objective?.metric);
  return {
    key: card.key,
    title: card.title,
    subtitle: subtitleOf(card, series, texts),
    axis: card.axis,
    series,
    main: series.at(-1) ?? { label: card.title, points: emptyPoints, look: 'solid' },
    whole: wholeRange(series, isLive, plannedSteps(card.axis, facts)),
    canBeLog: card.series.every(({ metric }) => pointsOf(metric).values.every((value) => !(value <= 0))),
    best:
      objective === undefined || facts.objective === null
        ? undefined
        : findBest(pointsOf(objective.metric), facts.objective.direction),
    events: card.axis === 'epoch' ? events.flatMap(toMark) : [],
    isLive,
  };
}

function planSeries(card: Card, { metric, role }: CardSeries, { texts, pointsOf }: CardContext): PlannedSeries[] {
  const points = pointsOf(metric);
  if (role !== 'single') {
    const label = role === 'validation' ? texts.validation : texts.training;
    return [{ label, points, look: role === 'validation' ? 'solid' : 'dashed' }];
  }
  if (card.axis !== 'batch' || points.steps.length < fewestSmoothed)
    return [{ label: card.title, points, look: 'solid' }];
  const smoothed: Points = { steps: points.steps, values: smooth(points.values, smoothing) };
  return [
    { label: texts.raw, points, look: 'faint' },
    { label: texts.smoothed, points: smoothed, look: 'solid' },
  ];
}

function subtitleOf(card: Card, series: readonly PlannedSeries[], texts: RunTexts): string {
  if (card.axis === 'trial') return texts.bestSoFar;
  if (card.axis === 'batch') return series.length > 1 ? texts.byBatchSmoothed : texts.byBatch;
  const looks = series.map(({ look }) => look);
  if (looks.includes('dashed') && looks.includes('solid')) return texts.validationAndTraining;
  return card.series[0]?.role === 'single' ? '' : (series[0]?.label ?? '');
}

/** How many steps there will be, where that is known. */
function plannedSteps(axis: Card['axis'], { epochs, sweep }: RunFacts): number | null {
  if (axis === 'epoch') return epochs;
  return axis === 'trial' ? (sweep?.planned ?? null) : null;
}

function wholeRange(series: readonly PlannedSeries[], isLive: boolean, planned: number | null): Range {
  const { min: first, max: last } = stepBounds(series.map(({ points }) => points)) ?? { min: 1, max: 1 };
  const min = Math.min(1, first);
  const max = isLive ? growingEnd(last, planned) : last;
  return { min, max: max > min ? max : min + 1 };
}

function toMark({ step, text }: RunEvent): { step: number; text: string }[] {
  return step === null ? [] : [{ step, text: text.length > 60 ? `${text.slice(0, 59)}…` : text }];
}

/** `epoch 18`, `batch 1200`. */
export function stepWords(axis: Card['axis'], step: number, texts: RunTexts): string {
  const words = { epoch: texts.epoch, batch: texts.step, trial: texts.afterTrials };
  return fillIn(words[axis], formatCount(step));
}
