// The door of what an editor needs to know about the text of dvc.yaml: problems with the stretch that they are about and ways to mend
// them, stages with their lenses, completions, hovers. Pure: what the disk says comes in as facts (node/editing gathers them).
export { checkDataFile } from './datafile.ts';
export { addParam } from './fixes.ts';
export { findMistakes, foldersNearby, listPrograms, programKey, toFinding, type ProjectFacts } from './mistakes.ts';
export { toLenses } from './outline.ts';
export { applyEdits, readEditedText, type EditedText } from './text.ts';
