// The door of plots: what dvc.yaml says of plots, their rows in one revision or in several, and how they are drawn.
export {
  collectDefinitions,
  pathsToKnow,
  sourcesOf,
  type PlotChoice,
  type PlotDefinition,
  type PlotProps,
  type PlotTree,
} from './definitions.ts';
export { drawPlot } from './drawing.ts';
export { parseJson } from './json.ts';
export { guessProps, listLoggedTables, loggedTag, revisionOfRun } from './logged.ts';
export { isImage, parsePlotData, type PlotData } from './reading.ts';
export { problemOf, resolvePlots, type RevisionPlots } from './resolving.ts';
export { defaultTemplate, fillTemplate, hasDataAnchor, isDvcTemplate, rowsOf } from './templates.ts';
