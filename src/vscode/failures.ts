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
  const ways = findWays(error, log);
  const answer = await vscode.window.showErrorMessage(sentence, ...ways.map(({ title }) => title));
  await ways.find(({ title }) => title === answer)?.go();
}

/** A button below the sentence. */
interface Way {
  readonly title: string;
  go(): unknown;
}

function findWays(error: unknown, log: vscode.LogOutputChannel): readonly Way[] {
  const toCommand = (title: string, command: CommandId): Way => ({
    title,
    go: () => vscode.commands.executeCommand(command),
  });
  const ways: Way[] = [];
  if (error instanceof ExpectedError && error.code === 'merge-conflict') {
    ways.push(toCommand(vscode.l10n.t('Continue'), 'mlops.continueFlow'));
    ways.push(toCommand(vscode.l10n.t('Abort'), 'mlops.abortFlow'));
  }
  if (error instanceof ExpectedError && error.code === 'not-authorized')
    ways.push(toCommand(vscode.l10n.t('Sign In…'), 'mlops.signIn'));
  if (!(error instanceof ExpectedError) || error.problems.length > 0)
    ways.push({ title: vscode.l10n.t('Show Log'), go: () => log.show() });
  return ways;
}
