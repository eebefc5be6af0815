// The door of charts: what the pages, the panels and the engine may use. Everything behind it is pure.
export type {
  AskedAxis,
  AskedLine,
  ChartAnswer,
  ChartAsk,
  ChartNumbers,
  ChartReading,
  CursorMove,
  Spark,
} from './asking.ts';
export { quantile } from './axes.ts';
export {
  castRuns,
  directionOf,
  hasCurves,
  keepOrder,
  keptViews,
  mostLines,
  planCards,
  toAskedRun,
  toCardViews,
  type BoardCard,
  type Cast,
} from './board.ts';
export { ChartBook } from './book.ts';
export { groupCards, metricLabel, type Card, type CardSeries } from './cards.ts';
export { paintHairs, widestLine, type HairPicture, type Rgba } from './hairlines.ts';
export { envelope, type Drawn, type InfinityMark } from './envelope.ts';
export { createFinder } from './finding.ts';
export { toRunChoice, toRunFacts, toRunSnapshot, toSeriesPoints } from './facts.ts';
export { ChartFeedSession } from './feedsession.ts';
export { ChartFeedView } from './feedview.ts';
export { parseExpression } from './expression.ts';
export { fillIn, formatCount, formatDuration, formatTicks, formatValue } from './numbers.ts';
export { seriesStyle, themeKind, type ThemeKind } from './palette.ts';
export {
  findBest,
  isPositive,
  nearestStep,
  readAt,
  stepBeside,
  stepBounds,
  valueAt,
  valueBounds,
  type Reading,
} from './reading.ts';
export { toLine, type Line, type Series } from './series.ts';
export { answerBook, buffersOf, type BookDeed, type BookDeeds, type BookQuestion } from './serving.ts';
export { metricsOf } from './shelf.ts';
export { createScale, type ScaleKind } from './scales.ts';
export { RunPageSession } from './session.ts';
export { smooth, smoothingKinds, type Smoothing } from './smoothing.ts';
export { tQuantile } from './student.ts';
export { growingEnd, linearTicks, logTicks, stepTicks, timeTicks, valueRange, type Range } from './ticks.ts';
export { RunView, type ShownRun } from './runview.ts';
export { runState, type RunState } from './words.ts';
export { LabelRows } from './labels.ts';
export { pointsSince, toRunPoints } from './runpoints.ts';
