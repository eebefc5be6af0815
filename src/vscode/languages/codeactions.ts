import * as vscode from 'vscode';
import { toFixTitle } from '../../core/editing/editing.ts';
import type { Finding, Fix } from '../../protocol/editing.ts';
import type { CommandId } from '../manifest.ts';
import type { Problems } from '../problems.ts';
import type { Projects } from '../projects.ts';
import { placeFile, toRange, toUri, toWorkspaceEdit } from './documents.ts';

/** Ways to mend problems, as the light bulb offers them. */
export function registerCodeActions(projects: Projects, problems: Problems): vscode.Disposable {
  const provider: vscode.CodeActionProvider = {
    provideCodeActions(document, range, context) {
      const project = placeFile(projects, document.uri)?.project;
      if (project === undefined) return [];
      return problems
        .findingsAt(document, range)
        .flatMap((finding) =>
          finding.fixes.map((fix, index) => toAction(project, finding, fix, { context, isFirst: index === 0 })),
        );
    },
  };
  return vscode.languages.registerCodeActionsProvider({ scheme: 'file', pattern: '**/dvc.yaml' }, provider, {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
  });
}

function toAction(
  project: string,
  finding: Finding,
  fix: Fix,
  { context, isFirst }: { readonly context: vscode.CodeActionContext; readonly isFirst: boolean },
): vscode.CodeAction {
  const action = new vscode.CodeAction(toFixTitle(fix, vscode.l10n.t), vscode.CodeActionKind.QuickFix);
  action.diagnostics = context.diagnostics.filter(
    (diagnostic) => diagnostic.message === finding.message && diagnostic.range.isEqual(toRange(finding)),
  );
  action.isPreferred = isFirst && fix.kind === 'replace';
  switch (fix.kind) {
    case 'replace':
    case 'remove':
    case 'add-param':
      action.edit = toWorkspaceEdit(project, fix.edits);
      break;
    case 'create-file': {
      action.edit = new vscode.WorkspaceEdit();
      const options = { ignoreIfExists: true, contents: Buffer.from(fix.text) };
      action.edit.createFile(toUri(project, fix.file), options);
      break;
    }
    case 'untrack': {
      const command: CommandId = 'mlops.untrackOutput';
      action.command = {
        command,
        title: action.title,
        arguments: [{ kind: 'data', project, path: fix.file }],
      };
    }
  }
  return action;
}
