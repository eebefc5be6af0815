import * as vscode from 'vscode';
import type { EngineClient } from '../../protocol/engine.ts';

/** Work on branches of the project with a button that stops it; what it stops in the middle is gone on with or aborted like any other. */
export async function withStop<T>(
  engine: EngineClient,
  project: string,
  title: string,
  work: () => Promise<T>,
): Promise<T> {
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress({ location, title, cancellable: true }, async (_progress, token) => {
    const stop = token.onCancellationRequested(() => void engine.request('stopFlow', { project }));
    try {
      return await work();
    } finally {
      stop.dispose();
    }
  });
}
