// The door of what an editor needs to know about the text of dvc.yaml: problems with the stretch that they are about and ways to mend
// them, stages with their lenses, completions, hovers. Pure: what the disk says comes in as facts (node/editing gathers them).
export {
  findMistakes,
  foldersNearby,
  indexOuts,
  listPrograms,
  programKey,
  toFinding,
  type ProjectFacts,
} from './mistakes.ts';
export { planCompletion, toCompletions, type CompletionFacts, type CompletionPlan } from './completion.ts';
export { toDecorations } from './decorations.ts';
export { findPath, findPointed, toHover } from './hover.ts';
export { toLenses } from './outline.ts';
export { readEditedText, type EditedText } from './text.ts';
export { toBadge, toFixTitle, toHoverTexts, toLensTitles, wordsLast } from './words.ts';
export { listVarFiles, listVariables, type ParamsText } from './variables.ts';
