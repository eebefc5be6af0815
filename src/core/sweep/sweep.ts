// The door of the pure half of sweeps: which values are tried, in what order, for how long, and what comes of them.

export { epochsOfRungs } from './halving.ts';
export { describeEpochs, outlineSweep, toSweepArguments } from './outline.ts';
export {
  describeAssignment,
  findShownSweep,
  isSweepRun,
  nameOfKey,
  orderTrials,
  sweepTags,
  toSweepFacts,
  toSweepParams,
  type TrialOrder,
} from './record.ts';
export { paceOf, predictSeconds, type Pace } from './pace.ts';
export { gridOf, toNames, toSpace, valueAt, type Dimension } from './space.ts';
export {
  epochsLeft,
  findBest,
  findNextTrial,
  acceptOnly,
  adoptFinished,
  bestValueOf,
  planSweep,
  resumed,
  toOverrides,
  withTrial,
  type SweepPlan,
  type SweepState,
  type SweepWishes,
  type Trial,
} from './state.ts';
export { chooseAssignments, strategies, type Strategy } from './strategies.ts';
