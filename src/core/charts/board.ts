import type { CardView, ChartsView } from '../../protocol/runsview.ts';
import { isErrorMetric, type Objective, type RunSummary } from '../../protocol/tracking.ts';
import type { AskedRun, Measure } from './asking.ts';
import { groupCards, type Card, type CardSeries } from './cards.ts';
import { parseExpression } from './expression.ts';

/** Lines beyond so many are one area. */
export const mostLines = 100;
/** Runs beyond so many are not drawn at all: nobody tells them apart, and each is read from disk. */
const mostRuns = 1000;

/** Which runs are drawn, and how. */
export interface Cast {
  /** Each a line. */
  readonly lines: readonly RunSummary[];
  /** Together an area. */
  readonly crowd: readonly RunSummary[];
  /** How many have curves and are not drawn. */
  readonly left: number;
  /** How many are switched off. */
  readonly off: number;
}

/** A card as it is to be drawn. */
export interface BoardCard extends CardView {
  readonly title: string;
  /** What its steps count. */
  readonly axis: Card['axis'];
  readonly measures: readonly (Measure & Pick<CardSeries, 'role'>)[];
}

/** Whether a run has something to draw: a metric that was measured more than once, or once in the course of a training. */
export function hasCurves({ metrics }: RunSummary): boolean {
  return Object.keys(metrics).length > 0;
}

/** The selected and the pinned runs first of all, then the others in their order, so far as there is room. */
export function castRuns(
  runs: readonly RunSummary[],
  { first, off }: { readonly first: ReadonlySet<string>; readonly off: ReadonlySet<string> },
): Cast {
  const able = runs.filter(hasCurves);
  const on = able.filter(({ runId }) => !off.has(runId));
  const ranked =
    on.length <= mostLines
      ? on
      : [...on.filter(({ runId }) => first.has(runId)), ...on.filter(({ runId }) => !first.has(runId))];
  const drawn = new Set(ranked.slice(0, mostLines));
  const drawnAtAll = ranked.slice(0, mostRuns);
  return {
    lines: on.filter((run) => drawn.has(run)),
    crowd: drawnAtAll.filter((run) => !drawn.has(run)),
    left: on.length - drawnAtAll.length,
    off: able.length - on.length,
  };
}

/** Cards of all metrics that the runs have, in the order and with the looks of a view; what the view does not name comes behind. */
export function planCards(
  runs: readonly RunSummary[],
  objective: Objective | null,
  views: ChartsView['cards'],
): readonly BoardCard[] {
  const points = new Map<string, number>();
  // A store that tells of the last point only may have more of them.
  for (const { metrics } of runs)
    for (const [name, { points: own }] of Object.entries(metrics))
      points.set(name, Math.max(points.get(name) ?? 0, own ?? 2));
  const { cards } = groupCards(
    [...points].map(([name, count]) => ({ name, points: count })),
    objective,
  );
  const automatic = new Map(cards.map((card) => [card.key, card]));
  const known = new Set(points.keys());
  const named = (views ?? []).flatMap((view) => toBoardCard(view, { automatic, known }) ?? []);
  const taken = new Set((views ?? []).map(({ id }) => id));
  const drawn = new Set(named.flatMap(({ measures }) => measures.map(({ text }) => text)));
  // A view that was written by hand knows charts by their metrics.
  const others = cards.filter(({ key, series }) => !taken.has(key) && !series.every(({ metric }) => drawn.has(metric)));
  return [...named, ...others.map((card) => ({ ...plainView(card), ...partsOf(card) }))];
}

/** What a view keeps of cards: as they are now, whoever chose that. */
export function toCardViews(cards: readonly BoardCard[]): readonly CardView[] {
  return cards.map(({ id, y, scale, isWide, isHidden, isTable, isClipped }) => ({
    ...{ id, y, scale, isWide, isHidden, isTable, isClipped },
  }));
}

/** Cards of a view of metrics that the runs shown now do not have: they stay in it. */
export function keptViews(views: ChartsView['cards'], cards: readonly BoardCard[]): readonly CardView[] {
  const shown = new Set(cards.map(({ id }) => id));
  return (views ?? []).filter(({ id }) => !shown.has(id));
}

function toBoardCard(
  view: CardView,
  { automatic, known }: { readonly automatic: ReadonlyMap<string, Card>; readonly known: ReadonlySet<string> },
): BoardCard | undefined {
  const expression = expressionOf(view.y, known);
  const card = automatic.get(view.id);
  if (expression === undefined && card !== undefined) return { ...view, ...partsOf(card) };
  const measures = (expression === undefined ? view.y.filter((name) => known.has(name)) : [expression]).map((text) => ({
    ...{ text, isExpression: expression !== undefined, isByBatch: isByBatch(text), role: roleOf(text) },
  }));
  if (measures.length === 0) return undefined;
  const isOfBatches = measures.every((measure) => measure.isByBatch);
  return { ...view, title: expression ?? view.y.join(', '), axis: isOfBatches ? 'batch' : 'epoch', measures };
}

/** What a view's card says beside names of metrics. */
function expressionOf(y: readonly string[], known: ReadonlySet<string>): string | undefined {
  const [text] = y;
  if (y.length !== 1 || text === undefined || known.has(text)) return undefined;
  return 'value' in parseExpression(text) ? text : undefined;
}

function partsOf({ title, axis, series }: Card): Pick<BoardCard, 'title' | 'axis' | 'measures'> {
  const measures = series.map(({ metric, role }) => ({
    ...{ text: metric, isExpression: false, isByBatch: axis === 'batch', role },
  }));
  return { title, axis, measures };
}

function plainView({ key, series }: Card): CardView {
  const look = { scale: 'linear', isWide: false, isHidden: false, isTable: false, isClipped: false } as const;
  return { id: key, y: series.map(({ metric }) => metric), ...look };
}

const isByBatch = (text: string): boolean => /^"?batch_/.test(text);
const roleOf = (text: string): CardSeries['role'] =>
  /^train(ing)?_/.test(text) ? 'training' : text.startsWith('val_') ? 'validation' : 'single';

/** Which way a metric is better, as the runs that are judged by it tell; the name tells where they do not. */
export function directionOf(runs: readonly RunSummary[], metric: string): Objective['direction'] {
  for (const { metrics } of runs) {
    const {
      best = null,
      min = null,
      max = null,
    } = (Object.hasOwn(metrics, metric) ? metrics[metric] : undefined) ?? {};
    if (best === null || min?.value === max?.value) continue;
    return best.value === max?.value ? 'maximize' : 'minimize';
  }
  return isErrorMetric(metric) ? 'minimize' : 'maximize';
}

/** A run as a chart's axis needs it. Batches of an epoch: as many as were done by the last of both. */
export function toAskedRun({ runId, startTime, metrics }: RunSummary): AskedRun {
  let [batches, epochs] = [0, 0];
  for (const [name, { last }] of Object.entries(metrics)) {
    if (isByBatch(name)) batches = Math.max(batches, last.step);
    else if (/^(val|training|train)_/.test(name)) epochs = Math.max(epochs, last.step);
  }
  return { runId, start: startTime, perEpoch: batches > 0 && epochs > 0 ? batches / epochs : 1 };
}

/** Known ids with the new ones behind: a run keeps its place, and so its colour, for as long as it is kept here. */
export function keepOrder(known: readonly string[], runIds: readonly string[], most: number): readonly string[] {
  const all = new Set(known);
  const fresh = runIds.filter((runId) => !all.has(runId));
  return fresh.length === 0 ? known : [...known, ...fresh].slice(0, most);
}
