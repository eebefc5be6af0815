import type { RunSummary } from '../../src/protocol/tracking.ts';
import { stateOf } from './words.ts';

/** What VS Code's menu on runs is about, as it stands in `data-vscode-context`; undefined: nothing of ours. */
export interface MenuSubject {
  readonly project: string;
  readonly runIds: readonly string[];
  /** The first of them. */
  readonly run: RunSummary | undefined;
}

export function describeMenu(subject: MenuSubject | undefined): string {
  const quietly = { preventDefaultContextMenuItems: true };
  if (subject === undefined) return JSON.stringify(quietly);
  const { project, runIds, run } = subject;
  const several = runIds.length > 1;
  return JSON.stringify({
    ...{ ...quietly, webviewSection: 'run', kind: 'run', project, runId: runIds[0] ?? '', runIds, several },
    runState: run === undefined || several ? '' : stateOf(run),
  });
}
