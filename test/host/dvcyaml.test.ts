import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../../src/extension.ts';

/** One stage that any shell can run, with a param. */
const pipeline = `stages:
  quick:
    cmd: echo made > made.txt
    deps:
      - input.txt
    params:
      - lr
    outs:
      - made.txt
`;

const extension = vscode.extensions.getExtension<ExtensionApi>('mlops-workflow.mlops-workflow');
const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
/** A project below the folder: it comes and goes while the folder stays. */
const root = path.join(folder, 'written');
const inProject = (name: string): string => path.join(root, name);
const uri = vscode.Uri.file(inProject('dvc.yaml'));

/** Asks again until there is an answer: nothing here waits for a time. */
async function until<T>(read: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const problems = (): readonly string[] => vscode.languages.getDiagnostics(uri).map(({ message }) => message);

async function readLenses(): Promise<readonly string[]> {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri);
  return lenses.map(({ command }) => command?.title ?? '');
}

async function replaceAll(document: vscode.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  await vscode.workspace.applyEdit(edit);
}

async function readFixes(line: number, character: number): Promise<readonly vscode.CodeAction[]> {
  const range = new vscode.Range(line, character, line, character + 1);
  return vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', uri, range);
}

describe('dvc.yaml in the editor', () => {
  let api: ExtensionApi;
  let document: vscode.TextDocument;

  before(async () => {
    assert.ok(extension);
    api = await extension.activate();
    await mkdir(root);
    await writeFile(inProject('input.txt'), 'one\n');
    await writeFile(inProject('params.yaml'), '# mine\nlr: 0.1\n');
    await writeFile(inProject('dvc.yaml'), pipeline);
    await until(() => (api.projects.list.length === 1 ? true : undefined));
    document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.files.revert');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
    await until(() => (api.projects.list.length === 0 ? true : undefined));
  });

  it('has lenses on its stages, and tells how a stage has ended that was run by one', async () => {
    assert.deepEqual(await readLenses(), ['never run', 'Run', 'Run with Downstream', 'Debug']);
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri);
    const run = lenses.find(({ command }) => command?.command === 'mlops.runStage')?.command;
    assert.ok(run);
    await vscode.commands.executeCommand(run.command, ...(run.arguments as unknown[]));
    await until(async () => ((await readLenses())[0]?.startsWith('succeeded') === true ? true : undefined));
    assert.equal((await readFile(inProject('made.txt'), 'utf8')).trim(), 'made');
  });

  it('shows a mistake while it is written, before anything is saved, and its end', async () => {
    await replaceAll(document, pipeline.replace('deps', 'deppers'));
    await until(() => (problems().includes('Unknown key "deppers".') ? true : undefined));
    await replaceAll(document, pipeline);
    await until(() => (problems().length === 0 ? true : undefined));
  });

  it('mends a missing dependency by the name that is meant', async () => {
    await replaceAll(document, pipeline.replace('- input.txt', '- inputs.txt'));
    await until(() => (problems().some((message) => message.includes('inputs.txt')) ? true : undefined));
    const fixes = await until(async () => {
      const found = await readFixes(4, 10);
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual(
      fixes.map(({ title }) => title),
      ['Change to "input.txt"', 'Create inputs.txt', 'Remove inputs.txt'],
    );
    assert.ok(fixes[0]?.edit);
    await vscode.workspace.applyEdit(fixes[0].edit);
    assert.equal(document.getText(), pipeline);
    await until(() => (problems().length === 0 ? true : undefined));
  });

  it('adds an unknown param to its file, comments kept', async () => {
    await replaceAll(document, pipeline.replace('- lr', '- train.rate'));
    const fix = await until(async () =>
      (await readFixes(6, 10)).find(({ title }) => title === 'Add train.rate to params.yaml'),
    );
    assert.ok(fix.edit);
    await vscode.workspace.applyEdit(fix.edit);
    const params = await vscode.workspace.openTextDocument(inProject('params.yaml'));
    assert.equal(params.getText(), '# mine\nlr: 0.1\ntrain:\n  rate: null\n');
    await until(() => (problems().length === 0 ? true : undefined));
    await params.save();
    await replaceAll(document, pipeline);
    await document.save();
  });

  it('completes keys and paths, and explains what the mouse is over', async () => {
    await replaceAll(document, `${pipeline}    fr`);
    const keys = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      uri,
      new vscode.Position(9, 6),
    );
    const frozen = keys.items.find(({ label }) => typeof label !== 'string' && label.label === 'frozen');
    assert.ok(frozen);
    assert.equal(frozen.documentation, 'true: the stage is never run, whatever changes.');
    await replaceAll(document, pipeline);
    const paths = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      uri,
      new vscode.Position(4, 8),
    );
    const labels = paths.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    assert.ok(labels.includes('params.yaml'), labels.join(' '));
    const hover = async (line: number, character: number): Promise<string> => {
      const found = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        uri,
        new vscode.Position(line, character),
      );
      return found.flatMap(({ contents }) => contents.map((part) => (part as vscode.MarkdownString).value)).join('\n');
    };
    assert.match(await hover(8, 10), /made\\\.txt[\s\S]*fresh/);
    assert.match(await hover(6, 9), /Now 0\\\.1/);
  });
});
