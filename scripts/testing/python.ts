import path from 'node:path';
import { ensureInCache } from '../cache.ts';
import { findProgram, readProgram } from '../programs.ts';
import { installWithApt } from '../vscode-host/browser.ts';

export const pythonMissing = 'No Python with the module "venv" was found. On Debian: "apt-get install python3-venv".';

/** The Python of an environment in the shared cache that holds these packages; undefined where the machine has no Python. */
export async function ensurePython(name: string, packages: readonly string[]): Promise<string | undefined> {
  const system = await findSystemPython();
  if (system === undefined) return undefined;
  const folder = await ensureInCache(name, async (target) => {
    await readProgram(system, ['-m', 'venv', target]);
    const install = ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet'];
    await readProgram(pythonOf(target), [...install, ...packages]);
  });
  return pythonOf(folder);
}

function pythonOf(folder: string): string {
  return process.platform === 'win32' ? path.join(folder, 'Scripts/python.exe') : path.join(folder, 'bin/python');
}

async function findSystemPython(): Promise<string | undefined> {
  const found = await findPythonWithVenv();
  if (found !== undefined) return found;
  return (await installWithApt(['python3', 'python3-venv'])) ? findPythonWithVenv() : undefined;
}

/** Debian ships Python without the part of `venv` that puts pip into an environment. */
async function findPythonWithVenv(): Promise<string | undefined> {
  for (const name of ['python3', 'python']) {
    const file = findProgram(name);
    if (file === undefined) continue;
    const works = await readProgram(file, ['-c', 'import venv, ensurepip']).then(
      () => true,
      () => false,
    );
    if (works) return file;
  }
  return undefined;
}
