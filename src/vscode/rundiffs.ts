import * as vscode from 'vscode';
import type { EngineClient } from '../protocol/engine.ts';
import { badInput } from '../protocol/errors.ts';
import type { CodeComparison, CodeOfRun } from '../protocol/runpage.ts';
import { toDocumentUri } from './rundocuments.ts';

// What two runs were made from and have made, in the editor's own diffs.

/** A run on one side of a diff. */
interface Side {
  readonly runId: string;
  readonly name: string;
}

export interface Sides {
  readonly root: string;
  readonly before: Side;
  readonly after: Side;
}

type Change = readonly [label: vscode.Uri, before: vscode.Uri, after: vscode.Uri];

/** Every file in which the commits of two runs differ, and the changes that nobody had committed. */
export async function openCodeDiff(
  engine: EngineClient,
  project: string,
  [before, after]: readonly [string, string],
): Promise<void> {
  const compared = await engine.request('compareCode', { project, before, after });
  const changes = listChanges(project, compared);
  const names = vscode.l10n.t('{0} and {1}', compared.before.name, compared.after.name);
  if (changes.length > 0) await vscode.commands.executeCommand('vscode.changes', names, changes);
  else void vscode.window.showInformationMessage(vscode.l10n.t('{0} have the same code.', names));
}

/** The config of each run as its commit has it; the two may be different files. */
export async function openConfigDiff(engine: EngineClient, { root, before, after }: Sides): Promise<void> {
  const [old, now] = await Promise.all(
    [before, after].map(async ({ runId, name }) => {
      const { origin } = await engine.request('readRunAbout', { project: root, runId });
      if (origin === null) throw badInput(vscode.l10n.t('The run {0} does not say of which config it is.', name));
      return { uri: toDocumentUri({ kind: 'commit', root, commit: origin.commit, path: origin.config }), ...origin };
    }),
  );
  if (old === undefined || now === undefined) return;
  const file = old.config === now.config ? now.config : `${old.config} ↔ ${now.config}`;
  await openDiff(old.uri, now.uri, `${file} (${before.name} ↔ ${after.name})`);
}

/** Texts by their lines, pictures side by side: whichever editor is for the file. */
export async function openArtifactDiff({ root, before, after }: Sides, path: string): Promise<void> {
  const uriOf = ({ runId }: Side): vscode.Uri => toDocumentUri({ kind: 'artifact', root, runId, path });
  await openDiff(uriOf(before), uriOf(after), `${path} (${before.name} ↔ ${after.name})`);
}

async function openDiff(before: vscode.Uri, after: vscode.Uri, title: string): Promise<void> {
  await vscode.commands.executeCommand('vscode.diff', before, after, title, { preview: true });
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
