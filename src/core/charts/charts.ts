// The door of charts: what the pages, the panels and the engine may use. Everything behind it is pure.
export { groupCards, metricLabel, type Card, type CardSeries } from './cards.ts';
export { decimate } from './decimate.ts';
export { toRunChoice, toRunFacts, toRunSnapshot, toSeriesPoints } from './facts.ts';
export { fillIn, formatCount, formatDuration, formatTicks, formatValue } from './numbers.ts';
export { seriesStyle, themeKind, type ThemeKind } from './palette.ts';
export { smooth, type Points } from './points.ts';
export {
  findBest,
  nearestStep,
  readAt,
  stepBeside,
  stepBounds,
  valueAt,
  valueBounds,
  type Reading,
} from './reading.ts';
export { RunPageSession } from './session.ts';
export { growingEnd, linearTicks, logTicks, stepTicks, valueRange, type Range } from './ticks.ts';
export { RunView, type ShownRun } from './runview.ts';
export { runState, type RunState } from './words.ts';
