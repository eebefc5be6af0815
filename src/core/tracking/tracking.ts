// The door of tracking's pure half: MLflow's file formats as text, and what is computed from points and runs.
export {
  formatExperimentMeta,
  formatRunMeta,
  parseExperimentMeta,
  parseFlat,
  parseRunMeta,
  updateFlat,
  updateRunMeta,
  type ExperimentMeta,
  type RunMeta,
  type RunMetaChange,
} from './meta.ts';
export { parseDataset, parseLoggedModel, parseRunLink, type RunLink } from './links.ts';
export {
  chooseBest,
  formatMetricLine,
  parseMetricLines,
  parsePythonFloat,
  summarize,
  toHistory,
  type TimedPoint,
} from './metrics.ts';
export { formatMlmodel, savedModelFlavors, tfjsFlavors, type MlmodelFacts } from './mlmodel.ts';
export { compareRuns, directionOf } from './compare.ts';
export { toShownComparison, type ArtifactSizes } from './showncomparison.ts';
export { toObjective } from './objective.ts';
export { toGatheredRun, type Gathered, type GatheredRun } from './gathered.ts';
export { nameRun } from './runnames.ts';
export { columnOfMistake, filterRuns, parseRunFilter, type RunFilter } from './filter.ts';
export { orderRuns, selectByIdOrName, selectRun, type ObjectiveOf } from './selection.ts';
export { addToStores, removeFromStores } from './storelist.ts';
export { checkName, findNameMistake, maxTagLength } from './names.ts';
export { formatMlflowYaml, quoteText } from './yaml.ts';
export { formatPointsCsv, planExport, pointsWithout, toExportedTags, type ExportStep } from './exporting.ts';
