// The door of compiled steps: a training step of a layers model as data.
export { parseModel } from './description.ts';
export { formatGraph, isSameGraph } from './dump.ts';
export { fillTable } from './tables.ts';
export { planProgram, places, SCRATCH_BYTES, boundsOf } from './program.ts';
export type { Plan, ProgramFacts, ThreadProgram, ThreadCall } from './program.ts';
export { formatRefusal, orRefusal } from './refusal.ts';
export { buildStep, estimateWork, isStepMetric, targetWidthOf } from './step.ts';
export type { StepGraph, StepMetric, StepOptimizer } from './step.ts';
