import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('the test bench', () => {
  it('runs inside a VS Code that has an empty folder open', async () => {
    const [folder, ...others] = vscode.workspace.workspaceFolders ?? [];
    assert.equal(others.length, 0);
    assert.ok(folder);
    assert.equal(folder.name, 'workspace');
    assert.deepEqual(await vscode.workspace.fs.readDirectory(folder.uri), []);
  });

  it('loads the extension from this repository', () => {
    assert.ok(vscode.extensions.getExtension('mlops-workflow.mlops-workflow'));
  });
});
