import * as vscode from 'vscode';
import type { EngineClient } from '../../protocol/engine.ts';
import type { CodeComparison, CodeOfRun } from '../../protocol/runpage.ts';
import type { Projects } from '../projects.ts';
import { toDocumentUri } from '../rundocuments.ts';
import type { CommandTypes } from './commands.ts';
import { pickProject, pickRun } from './pick.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
}

type Change = readonly [label: vscode.Uri, before: vscode.Uri, after: vscode.Uri];

/** The code and the configs of two runs, commit against commit, in the editor's own diffs. */
export function createComparingCommands({ engine, projects }: Parts): Pick<CommandTypes, 'mlops.compareCode'> {
  return {
    async 'mlops.compareCode'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const title = vscode.l10n.t('Run');
      const after = target?.kind === 'run' ? target.runId : await pickRun(engine, project, { title });
      if (after === undefined) return;
      const other = vscode.l10n.t('Run to compare with');
      const before = await pickRun(engine, project, { title: other, filter: ({ runId }) => runId !== after });
      if (before === undefined) return;
      const compared = await engine.request('compareCode', { project, before, after });
      const changes = listChanges(project, compared);
      const names = vscode.l10n.t('{0} and {1}', compared.before.name, compared.after.name);
      if (changes.length > 0) await vscode.commands.executeCommand('vscode.changes', names, changes);
      else void vscode.window.showInformationMessage(vscode.l10n.t('{0} have the same code.', names));
    },
  };
}

function listChanges(root: string, { before, after, files }: CodeComparison): readonly Change[] {
  const side = (path: string, { commit }: CodeOfRun, isThere: boolean): vscode.Uri =>
    toDocumentUri(isThere ? { kind: 'commit', root, commit, path } : { kind: 'nothing', path });
  const code = files.map(({ path, inBefore, inAfter }): Change => {
    const [old, now] = [side(path, before, inBefore), side(path, after, inAfter)];
    return [inAfter ? now : old, old, now];
  });
  return before.hasPatch || after.hasPatch ? [...code, toPatches(root, before, after)] : code;
}

/** Changes that nobody had committed are compared as the patches that the runs have kept. */
function toPatches(root: string, before: CodeOfRun, after: CodeOfRun): Change {
  const path = 'mlops/dirty.patch';
  const [old, now] = [before, after].map(({ runId, hasPatch }) =>
    toDocumentUri(hasPatch ? { kind: 'artifact', root, runId, path } : { kind: 'nothing', path }),
  ) as [vscode.Uri, vscode.Uri];
  return [now, old, now];
}
