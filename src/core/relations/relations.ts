// The door of relations: what params have to do with metrics. Pure; the page computes with it.
export {
  brushOf,
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
export { brushRuns, moveAxis, toDimension, type Dimension } from './dimensions.ts';
export { heightOf, heightsOf, labelsOf, nearestLine, placeAt, planParallel, type ParallelPlan } from './parallel.ts';
export { rampColor } from './ramp.ts';
