import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('the test bench', () => {
  it('runs inside a VS Code that has one folder open', () => {
    const [folder, ...others] = vscode.workspace.workspaceFolders ?? [];
    assert.equal(others.length, 0);
    assert.ok(folder);
    assert.equal(folder.name, 'workspace');
  });

  it('loads the extension from this repository', () => {
    assert.ok(vscode.extensions.getExtension('mlops-workflow.mlops-workflow'));
  });
});
