// `npm run workbench`: the packaged extension in a real VS Code with the demo project open, for a person to look at.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exists } from '../src/node/files/files.ts';
import { ensurePackage } from './packaging/packaging.ts';
import { root } from './places.ts';
import { runProgram } from './programs.ts';
import { workbenchUrl } from './vscode-host/development.ts';
import { findInstalled } from './vscode-host/desktop.ts';
import { ensureCodeServer } from './vscode-host/install.ts';
import { installExtensions, startServer } from './vscode-host/server.ts';

const demo = path.join(root, 'demo');
const folder = process.argv[2] ?? ((await exists(demo)) ? demo : undefined);
const { vsix } = await ensurePackage();
const desktop = process.env['MLOPS_VSCODE'] === 'code-server' ? undefined : await findInstalled();
process.exitCode = await (desktop === undefined ? serve() : openDesktop(desktop.cli));

/** A window of the installed VS Code with settings and extensions of its own, so that the person's stay as they are. */
async function openDesktop(cli: string): Promise<number> {
  const home = path.join(root, '.vscode-test/desktop');
  const profile = ['--user-data-dir', path.join(home, 'user'), '--extensions-dir', path.join(home, 'extensions')];
  const code = await runProgram(cli, [...profile, '--install-extension', vsix, '--force']);
  return code === 0 ? runProgram(cli, [...profile, '--new-window', ...(folder === undefined ? [] : [folder])]) : code;
}

async function serve(): Promise<number> {
  const home = await mkdtemp(path.join(tmpdir(), 'mlops-workbench-'));
  try {
    const codeServer = await ensureCodeServer();
    await installExtensions({ codeServer, home }, [vsix]);
    const server = await startServer({ codeServer, home, trustEverything: false, settings: {} });
    console.log(
      `\nVS Code with MLOps Workflow: ${workbenchUrl(server.origin, folder === undefined ? { empty: true } : { folder })}`,
    );
    console.log('Open it in a browser on this machine. Ctrl+C here ends it.');
    if (folder === undefined)
      console.log('No demo project yet ("npm run demo" makes one): the palette has "MLOps: New Project".');
    const stopped = new Promise<null>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
        process.once(signal, () => {
          resolve(null);
        });
    });
    const code = await Promise.race([stopped, server.ended]);
    await server.stop();
    if (code !== null) console.error(`VS Code's server ended by itself (exit code ${code}).\n${server.tail()}`);
    return code === null ? 0 : 1;
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}
