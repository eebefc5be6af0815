import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { exists } from '../../src/node/files/files.ts';
import { findProgram } from '../programs.ts';

const UPDATES = 'https://update.code.visualstudio.com/api/releases/stable';
const REACH_MS = 5000;

/** Which VS Code the tests run in: an installed desktop build, one that is downloaded, or code-server's. */
export type Editor =
  { kind: 'installed'; executable: string; cli: string } | { kind: 'download' } | { kind: 'code-server' };

/** Desktop VS Code where `code` is installed or Microsoft can be reached, else code-server; MLOPS_VSCODE=desktop|code-server decides by hand. */
export async function chooseEditor(): Promise<Editor> {
  const wish = process.env['MLOPS_VSCODE'];
  if (wish === 'code-server') return { kind: 'code-server' };
  if (wish !== 'desktop' && !hasScreen()) return { kind: 'code-server' };
  const installed = await findInstalled();
  if (installed !== undefined) return installed;
  if (wish === 'desktop' || (await isReachable())) return { kind: 'download' };
  return { kind: 'code-server' };
}

/** The desktop build behind `code` in PATH. The command inside a remote window's terminal is none, nor is code-server's. */
export async function findInstalled(): Promise<Extract<Editor, { kind: 'installed' }> | undefined> {
  const cli = findProgram('code');
  if (cli === undefined) return undefined;
  const folder = path.dirname(await realpath(cli));
  const candidates = {
    darwin: ['../../../MacOS/Electron', '../../../MacOS/Code'],
    win32: ['../Code.exe'],
  }[process.platform as string] ?? ['../code'];
  for (const candidate of candidates) {
    const executable = path.resolve(folder, candidate);
    if (await exists(executable)) return { kind: 'installed', executable, cli };
  }
  return undefined;
}

function hasScreen(): boolean {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  return process.platform !== 'linux' || DISPLAY !== undefined || WAYLAND_DISPLAY !== undefined;
}

async function isReachable(): Promise<boolean> {
  return fetch(UPDATES, { method: 'HEAD', signal: AbortSignal.timeout(REACH_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
