// The door of the registry's pure half: MLflow's files as text, its rules for names, and what a move of an alias is.
export { joinVersions, parseModelPage, parseServerModel, parseServerVersion, parseVersionPage } from './answers.ts';
export { parseHistory, recordMove } from './history.ts';
export {
  formatModelMeta,
  formatVersionMeta,
  parseModelMeta,
  parseVersionMeta,
  updateRegistryMeta,
  type RegistryMetaChange,
} from './meta.ts';
export { checkAlias, checkModelName, checkRegistryTag } from './names.ts';
export { chooseVersion, defaultAlias, parseModelReference, planMove, planUndo } from './plan.ts';
export { isPrompt } from './prompts.ts';
export { toReleasedModels } from './releases.ts';
