import path from 'node:path';
import { askMlops } from '../../scripts/mlops.ts';
import { dist } from '../../scripts/places.ts';
import { readProgram } from '../../scripts/programs.ts';
import { ensurePython, pythonMissing } from '../../scripts/testing/python.ts';
import type { Figure, Measurement } from './measuring.ts';

const TENSORFLOW = '2.21.0';
const EPOCHS = 4;

export const measurements: readonly Measurement[] = [
  {
    what: 'training, MLP',
    aim: '–',
    holds: () => true,
    measure: (project) => measureTraining(project, 'singleoutput'),
  },
  {
    what: 'training, CNN',
    aim: '≥ 700 examples/s',
    holds: (value) => value >= 700,
    measure: (project) => measureTraining(project, 'cnnbased'),
  },
];

/** Training examples a second, the first epoch left out; the yardstick is Keras with the same network, batches and digits. */
async function measureTraining(project: string, model: string): Promise<Figure> {
  const args = ['train', `configs/${model}.yaml`, '--set', `training.num_epochs=${EPOCHS}`];
  const { code, document } = await askMlops<{ examplesPerSecond?: number; backend?: string }>(args, project);
  const { examplesPerSecond: value, backend = '' } = document;
  if (code !== 0 || value === undefined) return { missing: `mlops train ended with exit code ${code}` };
  return { value, text: `${value.toFixed(0)} examples/s (${backend}; ${await tellKeras(model, value)})` };
}

async function tellKeras(model: string, ours: number): Promise<string> {
  try {
    // Some minutes and 1.3 GB on first use.
    const python = await ensurePython(`keras-tensorflow-${TENSORFLOW}`, [`tensorflow-cpu==${TENSORFLOW}`]);
    if (python === undefined) return pythonMissing;
    const script = path.join(import.meta.dirname, 'keras-yardstick.py');
    const text = await readProgram(python, [script, model, path.join(dist, 'samples/mnist'), String(EPOCHS)], {
      env: { ...withoutOldBlas(process.env), TF_CPP_MIN_LOG_LEVEL: '3' },
    });
    const theirs = Number(text);
    return `${(ours / theirs).toFixed(2)} × Keras with ${theirs.toFixed(0)}`;
  } catch (error) {
    // The yardstick is a comfort, the figure is the point: what went wrong stands in its place.
    return `no Keras: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`;
  }
}

/** Settings for old builds of OpenBLAS would slow a current one. */
function withoutOldBlas(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OPENBLAS_')));
}
