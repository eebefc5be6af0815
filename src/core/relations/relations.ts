// The door of relations: what params have to do with metrics. Pure; the page computes with it.
export {
  brushOf,
  brushesOn,
  isMissingBrushed,
  toggleMissing,
  dragBrush,
  extentsOf,
  grabBrush,
  moveBrush,
  placeBrushes,
  pressCategory,
  type BrushMove,
  type Grab,
} from './brushes.ts';
export { chooseRelations, toVariable, type Chosen } from './choosing.ts';
export { brushRuns, moveAxis, spearman, toDimension, type Dimension } from './dimensions.ts';
export {
  heightOf,
  heightsOf,
  labelsOf,
  nearestLine,
  placeAt,
  planParallel,
  thinTicks,
  type ParallelPlan,
} from './parallel.ts';
export { rampColor } from './ramp.ts';
export { groupRuns, planGroups, type Group, type Groups, type GroupsPlan } from './groups.ts';
export { fewestRuns, paramImportance, type Importance } from './importance.ts';
export {
  alongFrame,
  halfSpread,
  histogramOf,
  nearestPoint,
  placeAlong,
  planMatrix,
  planScatter,
  pointsOf,
  type Cell,
  type Frame,
  type Points,
} from './scatter.ts';
