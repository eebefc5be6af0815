// The door of the pure half of installing native TensorFlow: what was found in, what is to be done out.

export { checkWheel, chooseWheel, compareVersions, parseWheelName, type Machine } from './wheels.ts';
export { indexTypes, parseSimpleIndex, type IndexFile } from './simpleindex.ts';
export { parsePipSettings, type PipSettings } from './pipsettings.ts';
export { chooseRequirement, parseRequirements, type Requirement } from './requirements.ts';
export { nvidiaDriverSigns } from './nvidia.ts';
export { findInTar } from './tar.ts';
export {
  compilerArguments,
  findObstacles,
  folderPrefix,
  parseFolderName,
  planInstallation,
  selectLibraries,
  tfjsVersion,
  type InstallationFacts,
  type InstallationPlan,
  type InstallationStep,
  type LibrarySource,
  type PythonTensorFlow,
} from './plan.ts';
