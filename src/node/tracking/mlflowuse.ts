import path from 'node:path';
import { readTextIfExists } from '../files/files.ts';

/** Where a Python project says what it needs. */
const places = [
  'requirements.txt',
  'requirements-dev.txt',
  'pyproject.toml',
  'setup.py',
  'setup.cfg',
  'Pipfile',
  'environment.yml',
  'environment.yaml',
  'conda.yaml',
  'python_env.yaml',
] as const;

/** True when the Python of a project asks for MLflow, whose client reads and writes the same stores. */
export async function usesMlflow(root: string): Promise<boolean> {
  const texts = await Promise.all(places.map((name) => readTextIfExists(path.join(root, name))));
  return texts.some((text) => text !== undefined && /(^|[^\w-])mlflow(-skinny)?(?![\w-])/im.test(text));
}
