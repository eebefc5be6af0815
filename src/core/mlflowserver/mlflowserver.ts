// The door of what is known of MLflow's REST interface without any network: addresses, answers, batches, when to try again.
export {
  creationTag,
  parseArtifactList,
  parseExperiments,
  parseHistoryPage,
  parseRunPage,
  parseServerRun,
  parseExperiment,
  toValueText,
  type ListedArtifact,
  type Page,
  type ServerRun,
} from './answers.ts';
export { isServerUri, parseServerAddress, type ServerAddress } from './address.ts';
export { isSafeArtifactPath, joinArtifactPath } from './artifactpaths.ts';
export { cutBatch, mostEntities, mostTexts } from './batches.ts';
export { waitBeforeRetry } from './retrying.ts';
