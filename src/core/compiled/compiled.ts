// The door of compiled steps: a training step of a layers model as data.
export { parseModel } from './description.ts';
export { findWrongIndex } from './indices.ts';
export { formatGraph, isSameGraph } from './dump.ts';
export { fillTable } from './tables.ts';
export { places, SCRATCH_BYTES } from './places.ts';
export { planProgram } from './program.ts';
export { boundsOf, type ThreadCall } from './resolving.ts';
export type { Plan, ProgramFacts, ThreadProgram } from './program.ts';
export { formatRefusal, orRefusal } from './refusal.ts';
export { buildStep, isStepMetric, targetWidthOf } from './step.ts';
export type { StepGraph, StepMetric, StepOptimizer } from './step.ts';
export { estimateWork } from './work.ts';
