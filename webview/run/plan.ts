import {
  fillIn,
  findBest,
  formatCount,
  groupCards,
  growingEnd,
  isPositive,
  metricLabel,
  runState,
  stepBounds,
  toLine,
  type Card,
  type CardSeries,
  type Line,
  type Range,
  type Reading,
  type Series,
  type ShownRun,
  type Smoothing,
} from '../../src/core/charts/charts.ts';
import type { RunEvent, RunFacts, RunTexts } from '../../src/protocol/charts.ts';

export interface PlannedSeries {
  readonly label: string;
  readonly points: Line;
  /** Faint: the raw values behind a smoothed line. */
  readonly look: 'solid' | 'dashed' | 'faint' | 'faintDashed';
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

/** Automatic: batches alone, if they are many. */
export interface SmoothingChoice {
  readonly kind: 'automatic' | 'off' | Smoothing['kind'];
  readonly weight: number;
}

const emptyLine = toLine({ steps: new Float64Array(0), values: new Float64Array(0) });
const emptySeries: Series = { ...emptyLine, smoothed: () => emptyLine };
/** Batches are many and noisy: a new one weighs a tenth. */
const ofBatches: Smoothing = { kind: 'exponential', weight: 0.9 };
const fewestBatches = 20;

export function planRun(run: ShownRun, texts: RunTexts, choice: SmoothingChoice): RunPlan {
  const { facts, series } = run;
  const pointsOf = (metric: string): Series => series.get(metric) ?? emptySeries;
  const metrics = [...series].map(([name, points]) => ({ name, points: points.steps.length }));
  const { cards: grouped, strip } = groupCards(metrics, facts.objective);
  // The steps of a sweep's own curve count its trials.
  const cards = facts.sweep === null ? grouped : grouped.map((card): Card => ({ ...card, axis: 'trial' }));
  const perEpoch = cards.filter(({ axis }) => axis === 'epoch').flatMap((card) => card.series);
  const epoch = stepBounds(perEpoch.map(({ metric }) => pointsOf(metric)))?.max ?? null;
  return {
    cards: cards.map((card) => planCard(card, run, { texts, pointsOf, choice })),
    strip: strip.map((metric) => ({ label: metricLabel(metric), value: pointsOf(metric).values[0] ?? NaN })),
    epoch,
    best: facts.objective === null ? undefined : findBest(pointsOf(facts.objective.metric), facts.objective.direction),
  };
}

interface CardContext {
  readonly texts: RunTexts;
  readonly pointsOf: (metric: string) => Series;
  readonly choice: SmoothingChoice;
}

function planCard(card: Card, { facts, events }: ShownRun, context: CardContext): CardPlan {
  const { pointsOf } = context;
  const isLive = runState(facts) === 'running';
  // What is faint lies behind every line that is not.
  const series = card.series
    .flatMap((member) => planSeries(card, member, context))
    .toSorted((a, b) => Number(isFaint(b)) - Number(isFaint(a)));
  const objective = card.series.find(({ metric }) => metric === facts.objective?.metric);
  return {
    key: card.key,
    title: card.title,
    subtitle: subtitleOf(card, series, context),
    axis: card.axis,
    series,
    main: series.at(-1) ?? { label: card.title, points: emptyLine, look: 'solid' },
    whole: wholeRange(series, isLive, plannedSteps(card.axis, facts)),
    canBeLog: card.series.every(({ metric }) => isPositive(pointsOf(metric))),
    best:
      objective === undefined || facts.objective === null
        ? undefined
        : findBest(pointsOf(objective.metric), facts.objective.direction),
    events: card.axis === 'epoch' ? events.flatMap(toMark) : [],
    isLive,
  };
}

function planSeries(
  card: Card,
  { metric, role }: CardSeries,
  { texts, pointsOf, choice }: CardContext,
): PlannedSeries[] {
  const points = pointsOf(metric);
  const isTraining = role === 'training';
  const label = { single: card.title, validation: texts.validation, training: texts.training }[role];
  const line = { label, look: isTraining ? 'dashed' : 'solid' } as const;
  const smoothing = smoothingOf(card, points, choice);
  if (smoothing === undefined) return [{ ...line, points }];
  const isSingle = role === 'single';
  return [
    { label: isSingle ? texts.raw : fillIn(texts.rawOf, label), points, look: isTraining ? 'faintDashed' : 'faint' },
    { ...line, label: isSingle ? texts.smoothed : label, points: points.smoothed(smoothing) },
  ];
}

/** A schedule is exact, and so is the best of a sweep so far: they stay as they are. */
function smoothingOf({ key, axis }: Card, { values }: Line, { kind, weight }: SmoothingChoice): Smoothing | undefined {
  if (kind === 'automatic') return axis === 'batch' && values.length >= fewestBatches ? ofBatches : undefined;
  if (kind === 'off' || weight === 0 || axis === 'trial' || key === 'learning_rate' || values.length < 3)
    return undefined;
  return { kind, weight };
}

export function isFaint({ look }: Pick<PlannedSeries, 'look'>): boolean {
  return look === 'faint' || look === 'faintDashed';
}

function subtitleOf(card: Card, series: readonly PlannedSeries[], { texts, choice }: CardContext): string {
  if (card.axis === 'trial') return texts.bestSoFar;
  const isSmoothed = series.some(isFaint);
  if (card.axis === 'batch' && choice.kind === 'automatic') return isSmoothed ? texts.byBatchSmoothed : texts.byBatch;
  const smoothed = isSmoothed ? fillIn(texts.smoothedBy, formatWeight(choice.weight)) : '';
  return [whatIsDrawn(card, series, texts), smoothed].filter((words) => words !== '').join(' · ');
}

function whatIsDrawn(card: Card, series: readonly PlannedSeries[], texts: RunTexts): string {
  if (card.axis === 'batch') return texts.byBatch;
  const looks = series.map(({ look }) => look);
  if (looks.includes('dashed') && looks.includes('solid')) return texts.validationAndTraining;
  return card.series[0]?.role === 'single' ? '' : (series.at(-1)?.label ?? '');
}

/** Two digits: 0.60. */
export function formatWeight(weight: number): string {
  return weight.toFixed(2);
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
