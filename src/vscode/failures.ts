import * as vscode from 'vscode';
import { ExpectedError, describeError } from '../protocol/errors.ts';
import type { CommandId } from './manifest.ts';

/**
 * The border of commands: the user's fault is shown as a sentence (its problems go to the log, a click away), a bug with a
 * pointer to the log, where its stack is.
 */
export async function showFailure(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  const isExpected = error instanceof ExpectedError;
  if (isExpected) log.error(describeError(error));
  else log.error(error instanceof Error ? error : String(error));
  const sentence = isExpected
    ? error.message
    : vscode.l10n.t(
        'Something went wrong in MLOps Workflow: {0}',
        error instanceof Error ? error.message : String(error),
      );
  const openLog = vscode.l10n.t('Show Log');
  const signIn = vscode.l10n.t('Sign In…');
  const needsLog = !isExpected || error.problems.length > 0;
  const needsSigningIn = isExpected && error.code === 'not-authorized';
  const ways = [...(needsLog ? [openLog] : []), ...(needsSigningIn ? [signIn] : [])];
  const answer = await vscode.window.showErrorMessage(sentence, ...ways);
  if (answer === openLog) log.show();
  if (answer === signIn) await vscode.commands.executeCommand('mlops.signIn' satisfies CommandId);
}
