// The door of the table of runs: which columns there are, in which order its lines stand, and how it is copied. Pure; the page
// computes with it, so that sorting and filtering wait for nobody.
export { arrange, type GroupLine, type Line, type RunLine } from './arranging.ts';
export { chooseColumnIds, findObjective, listColumnIds } from './choosing.ts';
export { metricColumnId, pointOf, summaryOf, toColumn, type Column } from './columns.ts';
export {
  copyCells,
  copyFormats,
  copyGroups,
  copyRuns,
  toMarkdownCell,
  type CopyFormat,
  type Sheet,
} from './copying.ts';
export { applyFilter, type FilterMistake } from './filtering.ts';
export { defaultSort, pressHead, sortRuns, type SortKey } from './ordering.ts';
export { RunsPageView } from './received.ts';
export { measure } from './spread.ts';
