import * as vscode from 'vscode';
import { toStageLog } from '../../core/trees/trees.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';

/** What an ended run, or the stage that made it, has printed: as long as no later run of the same stage has taken its place. */
export async function openRunLog(engine: EngineClient, project: string, runId: string): Promise<void> {
  const log = await engine.request('findRunLog', { project, runId });
  if (log === null)
    throw new ExpectedError('missing-file', vscode.l10n.t('What this run has printed is not kept any more.'));
  await show(vscode.Uri.file(log));
}

/** What a stage has printed when it last ran. */
export async function openStageLog(project: string, stage: string): Promise<void> {
  const uri = vscode.Uri.file(toStageLog(project, stage));
  if (!(await exists(uri)))
    throw new ExpectedError('missing-file', vscode.l10n.t('Nothing that {0} has printed is kept.', stage));
  await show(uri);
}

async function show(uri: vscode.Uri): Promise<void> {
  await vscode.window.showTextDocument(uri, { preview: true });
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false; // A stage that never ran, or was restored from the cache, has none.
  }
}
