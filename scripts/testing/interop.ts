import { readProgram } from '../programs.ts';
import { installWithApt } from '../vscode-host/browser.ts';
import { ensurePython, pythonMissing } from './python.ts';

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
  const python = await ensurePython(`interop-dvc-${DVC}-mlflow-${MLFLOW}`, [`dvc==${DVC}`, `mlflow==${MLFLOW}`]);
  return python === undefined ? { missing: pythonMissing } : { env: { MLOPS_INTEROP_PYTHON: python } };
}

/** Older versions of MLflow, whose stores people still have: what they need to open them, without the rest of MLflow. */
export const oldMlflows = {
  '2.22.5': ['mlflow-skinny==2.22.5', 'sqlalchemy<2.1', 'alembic'],
  '2.0.1': ['mlflow-skinny==2.0.1', 'sqlalchemy<2', 'alembic', 'setuptools<80'],
} as const;

/** The Python of such a version, made on first use (some seconds). */
export function ensureOldMlflow(version: keyof typeof oldMlflows): Promise<string | undefined> {
  return ensurePython(`interop-mlflow-${version}`, oldMlflows[version]);
}

async function ensureGitFlow(): Promise<boolean> {
  const isThere = (): Promise<boolean> =>
    readProgram('git', ['flow', 'version']).then(
      (text) => text.includes('AVH'),
      () => false,
    );
  return (await isThere()) || ((await installWithApt(['git-flow'])) && (await isThere()));
}
