import type { CommandTypes } from './commands/commands.ts';

// What the code and package.json must agree on; a test compares the two. Nothing here needs the editor.

export type CommandId = keyof CommandTypes;

/** Which commands change nothing and execute nothing of the folder, so that Restricted Mode leaves them. */
export const commandIds: Readonly<Record<CommandId, { readonly inRestrictedMode: boolean }>> = {
  'mlops.newProject': { inRestrictedMode: false },
  'mlops.runPipeline': { inRestrictedMode: false },
  'mlops.runStage': { inRestrictedMode: false },
  'mlops.runDownstream': { inRestrictedMode: false },
  'mlops.runMember': { inRestrictedMode: false },
  'mlops.untrackOutput': { inRestrictedMode: false },
  'mlops.debugStage': { inRestrictedMode: false },
  'mlops.train': { inRestrictedMode: false },
  'mlops.sweep': { inRestrictedMode: false },
  'mlops.addToGrid': { inRestrictedMode: false },
  'mlops.showTrials': { inRestrictedMode: true },
  'mlops.resumeTraining': { inRestrictedMode: false },
  'mlops.resumeSweep': { inRestrictedMode: false },
  'mlops.stop': { inRestrictedMode: false },
  'mlops.installTensorFlow': { inRestrictedMode: false },
  'mlops.chooseBackend': { inRestrictedMode: false },
  'mlops.showRunChart': { inRestrictedMode: true },
  'mlops.predictImage': { inRestrictedMode: false },
  'mlops.exportModel': { inRestrictedMode: false },
  'mlops.promoteModel': { inRestrictedMode: false },
  'mlops.registerModel': { inRestrictedMode: false },
  'mlops.showModel': { inRestrictedMode: true },
  'mlops.copyModelId': { inRestrictedMode: true },
  'mlops.showPipelineGraph': { inRestrictedMode: true },
  'mlops.addStage': { inRestrictedMode: false },
  'mlops.refresh': { inRestrictedMode: true },
  'mlops.openLog': { inRestrictedMode: true },
  'mlops.initialiseGitflow': { inRestrictedMode: false },
  'mlops.startFeature': { inRestrictedMode: false },
  'mlops.finishFeature': { inRestrictedMode: false },
  'mlops.startBranch': { inRestrictedMode: false },
  'mlops.finishBranch': { inRestrictedMode: false },
  'mlops.publishBranch': { inRestrictedMode: false },
  'mlops.updateBranch': { inRestrictedMode: false },
  'mlops.checkoutBranch': { inRestrictedMode: false },
  'mlops.deleteBranch': { inRestrictedMode: false },
  'mlops.continueFlow': { inRestrictedMode: false },
  'mlops.abortFlow': { inRestrictedMode: false },
  'mlops.undoFlow': { inRestrictedMode: false },
  'mlops.requestBranch': { inRestrictedMode: false },
  'mlops.completeBranch': { inRestrictedMode: false },
  'mlops.openPullRequest': { inRestrictedMode: false },
  'mlops.showBranchMenu': { inRestrictedMode: false },
  'mlops.renameRun': { inRestrictedMode: false },
  'mlops.noteRun': { inRestrictedMode: false },
  'mlops.deleteRun': { inRestrictedMode: false },
  'mlops.reproduceRun': { inRestrictedMode: false },
  'mlops.compareRuns': { inRestrictedMode: true },
  'mlops.compareCode': { inRestrictedMode: false },
  'mlops.showRunsCharts': { inRestrictedMode: true },
  'mlops.showRunsTable': { inRestrictedMode: true },
  'mlops.tagRun': { inRestrictedMode: false },
  'mlops.starRun': { inRestrictedMode: false },
  'mlops.colourRun': { inRestrictedMode: false },
  'mlops.hideRun': { inRestrictedMode: false },
  'mlops.copyRunsAsCsv': { inRestrictedMode: true },
  'mlops.copyRunsAsMarkdown': { inRestrictedMode: true },
  'mlops.copyRunsAsJson': { inRestrictedMode: true },
  'mlops.exportReport': { inRestrictedMode: false },
  'mlops.copyReport': { inRestrictedMode: true },
  'mlops.exportChartsAsPng': { inRestrictedMode: false },
  'mlops.exportChartsAsSvg': { inRestrictedMode: false },
  'mlops.exportPoints': { inRestrictedMode: false },
  'mlops.repairRun': { inRestrictedMode: false },
  'mlops.addStore': { inRestrictedMode: false },
  'mlops.removeStore': { inRestrictedMode: false },
  'mlops.signIn': { inRestrictedMode: false },
  'mlops.signOut': { inRestrictedMode: true },
  'mlops.pauseRun': { inRestrictedMode: false },
  'mlops.resumeRun': { inRestrictedMode: false },
  'mlops.stopRunAtBest': { inRestrictedMode: false },
};

export const viewIds = {
  pipeline: 'mlops.pipeline',
  configs: 'mlops.configs',
  data: 'mlops.data',
  runs: 'mlops.runs',
  trials: 'mlops.trials',
  models: 'mlops.models',
  branches: 'mlops.branches',
} as const;

/**
 * `ready`: the engine has said which projects there are; `hasRuns`: a project, or a folder with a tracking store only; `hasSweeps`: the Trials view has something to show; `no…`: a view has been read and has nothing to show. Without them the
 * welcome views would flash while the trees are still being read.
 */
export const contextKeys = [
  'mlops.ready',
  'mlops.hasProject',
  'mlops.hasRuns',
  'mlops.hasSweeps',
  'mlops.running',
  'mlops.trusted',
  'mlops.noStages',
  'mlops.noConfigs',
  'mlops.noData',
  'mlops.noRuns',
  'mlops.noModels',
  'mlops.noBranches',
] as const;
export type ContextKey = (typeof contextKeys)[number];

export const taskType = 'mlops';

/** Settings and their defaults. */
export const settingDefaults = { 'mlops.openChartOnTrain': true } as const;
