// The layer "host": suites of test/host/ inside a real VS Code (mocha, `describe` and `it`). Desktop where there is one or one can be
// downloaded, else code-server behind a stand-in executable; MLOPS_VSCODE=desktop|code-server decides by hand.
import path from 'node:path';
import { defineConfig } from '@vscode/test-cli';
import { chooseEditor } from './scripts/vscode-host/desktop.ts';
import { bundleSuites } from './scripts/vscode-host/suites.ts';

const { files, workspace } = await bundleSuites();
const editor = await chooseEditor();
const standIn = path.join(import.meta.dirname, 'scripts/vscode-host/code');
const installation = {
  'installed': { useInstallation: { fromPath: editor.executable } },
  'download': {},
  'code-server': { useInstallation: { fromPath: standIn } },
}[editor.kind];

export default defineConfig({
  label: 'host',
  files,
  workspaceFolder: workspace,
  skipExtensionDependencies: true,
  ...installation,
  env: { MLOPS_HOST_TALLY: process.env.MLOPS_HOST_TALLY },
  mocha: {
    ui: 'bdd',
    timeout: 60_000,
    reporter: path.join(import.meta.dirname, 'scripts/testing/mocha-tally.cjs'),
  },
});
