import * as vscode from 'vscode';
import type { Target } from '../../core/trees/trees.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { commandIds, type CommandId } from '../manifest.ts';
import { parseTarget } from './target.ts';

/** Called from a tree, a command gets what the entry stands for; from the palette nothing, and it asks. */
type OnTarget = (target?: Target) => Promise<void>;

/** Every command of the extension. A new one is a row here, one in the manifest, and a handler in extension.ts. */
export interface CommandTypes {
  'mlops.newProject': () => Promise<void>;
  'mlops.runPipeline': OnTarget;
  'mlops.runStage': OnTarget;
  'mlops.runDownstream': OnTarget;
  'mlops.runMember': OnTarget;
  'mlops.untrackOutput': OnTarget;
  'mlops.debugStage': OnTarget;
  'mlops.train': OnTarget;
  'mlops.sweep': OnTarget;
  'mlops.addToGrid': OnTarget;
  'mlops.showTrials': OnTarget;
  'mlops.resumeTraining': OnTarget;
  'mlops.resumeSweep': OnTarget;
  'mlops.stop': OnTarget;
  'mlops.installTensorFlow': OnTarget;
  'mlops.chooseBackend': OnTarget;
  'mlops.showRunChart': OnTarget;
  'mlops.predictImage': OnTarget;
  'mlops.exportModel': OnTarget;
  'mlops.promoteModel': OnTarget;
  'mlops.registerModel': OnTarget;
  'mlops.showModel': OnTarget;
  'mlops.copyModelId': OnTarget;
  'mlops.showPipelineGraph': OnTarget;
  'mlops.addStage': OnTarget;
  'mlops.refresh': () => Promise<void>;
  'mlops.openLog': OnTarget;
  'mlops.initialiseGitflow': OnTarget;
  'mlops.startFeature': OnTarget;
  'mlops.finishFeature': OnTarget;
  'mlops.startBranch': OnTarget;
  'mlops.finishBranch': OnTarget;
  'mlops.publishBranch': OnTarget;
  'mlops.updateBranch': OnTarget;
  'mlops.checkoutBranch': OnTarget;
  'mlops.deleteBranch': OnTarget;
  'mlops.continueFlow': OnTarget;
  'mlops.abortFlow': OnTarget;
  'mlops.undoFlow': OnTarget;
  'mlops.requestBranch': OnTarget;
  'mlops.completeBranch': OnTarget;
  'mlops.openPullRequest': OnTarget;
  'mlops.showBranchMenu': OnTarget;
  'mlops.renameRun': OnTarget;
  'mlops.noteRun': OnTarget;
  'mlops.deleteRun': OnTarget;
  'mlops.reproduceRun': OnTarget;
  'mlops.compareRuns': OnTarget;
  'mlops.compareCode': OnTarget;
  'mlops.showRunsCharts': OnTarget;
  'mlops.showRunsTable': OnTarget;
  'mlops.tagRun': OnTarget;
  'mlops.starRun': OnTarget;
  'mlops.colourRun': OnTarget;
  'mlops.hideRun': OnTarget;
  'mlops.copyRunsAsCsv': OnTarget;
  'mlops.copyRunsAsMarkdown': OnTarget;
  'mlops.copyRunsAsJson': OnTarget;
  'mlops.exportReport': OnTarget;
  'mlops.copyReport': OnTarget;
  'mlops.exportChartsAsPng': OnTarget;
  'mlops.exportChartsAsSvg': OnTarget;
  'mlops.exportPoints': OnTarget;
  'mlops.repairRun': OnTarget;
  'mlops.addStore': OnTarget;
  'mlops.removeStore': OnTarget;
  'mlops.signIn': OnTarget;
  'mlops.signOut': OnTarget;
  'mlops.pauseRun': OnTarget;
  'mlops.resumeRun': OnTarget;
  'mlops.stopRunAtBest': OnTarget;
}

/** Registers every handler behind the two borders of commands: trust, and failures. */
export function registerCommands(
  handlers: CommandTypes,
  showFailure: (error: unknown) => Promise<void>,
): readonly vscode.Disposable[] {
  const ids = Object.keys(commandIds) as CommandId[];
  return ids.map((id) =>
    vscode.commands.registerCommand(id, async (argument: unknown, selected: unknown) => {
      try {
        if (!commandIds[id].inRestrictedMode && !vscode.workspace.isTrusted) throw notTrusted();
        await handlers[id](parseTarget(argument, selected));
      } catch (error) {
        // Not awaited: a notification stays until somebody closes it, the command is over.
        void showFailure(error);
      }
    }),
  );
}

/** Commands can be called although menus hide them, so that each is checked here as well. */
function notTrusted(): ExpectedError {
  return new ExpectedError(
    'not-trusted',
    vscode.l10n.t(
      'Nothing of this folder is run in Restricted Mode. Trust it first (“Workspaces: Manage Workspace Trust”).',
    ),
  );
}
