import path from 'node:path';
import { ensureInCache } from '../cache.ts';
import { findProgram, readProgram } from '../programs.ts';
import { installWithApt } from '../vscode-host/browser.ts';

/** The versions of the field's own tools that we hold ourselves to. */
const DVC = '3.67.1';
const MLFLOW = '3.17.2';

export type InteropTools = { readonly env: Readonly<Record<string, string>> } | { readonly missing: string };

/** Real DVC and MLflow in a Python environment of their own in the shared cache, and Debian's git-flow; or what is missing for them. */
export async function ensureInterop(): Promise<InteropTools> {
  const tools = await ensurePythonTools();
  if ('missing' in tools) return tools;
  if (!(await ensureGitFlow()))
    return { missing: 'git-flow (AVH) is not installed. On Debian: "apt-get install git-flow".' };
  return tools;
}

/** The Python part alone: MLOPS_INTEROP_PYTHON, else an environment made on first use (some minutes, 700 MB). */
export async function ensurePythonTools(): Promise<InteropTools> {
  const given = process.env['MLOPS_INTEROP_PYTHON'];
  if (given !== undefined && given !== '') return { env: { MLOPS_INTEROP_PYTHON: given } };
  const system = await findPython();
  if (system === undefined)
    return { missing: 'No Python with the module "venv" was found. On Debian: "apt-get install python3-venv".' };
  const folder = await ensureInCache(`interop-dvc-${DVC}-mlflow-${MLFLOW}`, async (target) => {
    await readProgram(system, ['-m', 'venv', target]);
    const install = ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet'];
    await readProgram(pythonOf(target), [...install, `dvc==${DVC}`, `mlflow==${MLFLOW}`]);
  });
  return { env: { MLOPS_INTEROP_PYTHON: pythonOf(folder) } };
}

function pythonOf(folder: string): string {
  return process.platform === 'win32' ? path.join(folder, 'Scripts/python.exe') : path.join(folder, 'bin/python');
}

async function findPython(): Promise<string | undefined> {
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

async function ensureGitFlow(): Promise<boolean> {
  const isThere = (): Promise<boolean> =>
    readProgram('git', ['flow', 'version']).then(
      (text) => text.includes('AVH'),
      () => false,
    );
  return (await isThere()) || ((await installWithApt(['git-flow'])) && (await isThere()));
}
