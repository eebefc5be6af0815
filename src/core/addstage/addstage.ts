// The door of adding a stage to dvc.yaml: what it may be called, what it may read and write, and the lines that say so. Pure: the text
// of dvc.yaml and the other stages come in as arguments.
export { checkStage, checkStageName } from './check.ts';
export { planStage } from './plan.ts';
export { parseParamsList } from './params.ts';
export { suggestCommands, suggestDeps, suggestName, suggestOuts, suggestParams } from './suggest.ts';
