import path from 'node:path';
import * as vscode from 'vscode';

const debuggerId = 'ms-python.debugpy';
/** Names the session's folder in its configuration, by which the session is known again. */
const folderKey = 'mlopsPythonFolder';

/** What a session that runs a stage needs so that its Python stops at breakpoints, too. */
export interface PythonDebugging {
  /** For a session that never began. */
  dispose(): void;
  /** To be added to the session's configuration. */
  readonly configuration: { readonly [folderKey]: string };
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The engine puts a `python` of our own first in the PATH of the stage (`scripts/launchers/python-debug`), which waits for a debugger
 * and says where; here the Python Debugger is attached to each, as a part of the session. Without that extension a sentence says what to
 * install, once a stage does start Python. Undefined on Windows, where programs can't be put before others in this way.
 */
export async function preparePython(storage: vscode.Uri): Promise<PythonDebugging | undefined> {
  if (process.platform === 'win32') return undefined;
  const folder = vscode.Uri.joinPath(storage, 'debugging', `${process.pid}-${Date.now()}`);
  await vscode.workspace.fs.createDirectory(folder);
  const following = followSession(folder);
  const extension = vscode.extensions.getExtension(debuggerId);
  return {
    dispose() {
      following.dispose();
    },
    configuration: { [folderKey]: folder.fsPath },
    env: {
      MLOPS_DEBUG_FOLDER: folder.fsPath,
      MLOPS_DEBUGPY: extension === undefined ? '' : path.join(extension.extensionPath, 'bundled', 'libs'),
    },
  };
}

/** Ends with the session; to be disposed when that never begins. */
function followSession(folder: vscode.Uri): { dispose(): void } {
  const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, '*'));
  let session: vscode.DebugSession | undefined;
  const own = [
    watcher,
    watcher.onDidCreate((file) => void greet(path.basename(file.fsPath), session)),
    vscode.debug.onDidStartDebugSession((started) => {
      if (started.configuration[folderKey] === folder.fsPath) session ??= started;
    }),
    vscode.debug.onDidTerminateDebugSession((ended) => {
      if (ended === session) following.dispose();
    }),
  ];
  const following = {
    dispose() {
      for (const each of own) each.dispose();
      void vscode.workspace.fs.delete(folder, { recursive: true });
    },
  };
  return following;
}

/** `name`: "PID-PORT" of a Python that waits, or "python" where no debugger is there to wait for. */
async function greet(name: string, parentSession: vscode.DebugSession | undefined): Promise<void> {
  const port = /^(\d+)-(\d+)$/.exec(name)?.[2];
  if (port === undefined) return explainMissing();
  const configuration = toPythonConfiguration(Number(port), vscode.l10n.t('Python'));
  await vscode.debug.startDebugging(parentSession?.workspaceFolder, configuration, {
    ...(parentSession === undefined ? {} : { parentSession }),
    compact: true,
  });
}

function toPythonConfiguration(port: number, name: string): vscode.DebugConfiguration {
  return { type: 'debugpy', request: 'attach', name, connect: { host: '127.0.0.1', port }, justMyCode: true };
}

async function explainMissing(): Promise<void> {
  const find = vscode.l10n.t('Find Extension');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t(
      'This stage runs Python. To stop at breakpoints in it, install the extension “Python Debugger” ({0}), and debug the stage again.',
      debuggerId,
    ),
    find,
  );
  if (answer === find) await vscode.commands.executeCommand('workbench.extensions.search', `@id:${debuggerId}`);
}
