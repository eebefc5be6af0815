import path from 'node:path';
import { dist } from '../../scripts/places.ts';
import { readProgram } from '../../scripts/programs.ts';
import { ensurePythonTools } from '../../scripts/testing/interop.ts';
import { medianTime, type Figure, type Measurement } from './measuring.ts';

const TIMES = 5;

export const measurements: readonly Measurement[] = [
  { what: 'dvc repro ÷ mlops run, nothing to do', aim: '≥ 5 ×', holds: (value) => value >= 5, measure: measureNoOp },
];

async function measureNoOp(project: string): Promise<Figure> {
  const tools = await ensurePythonTools();
  if ('missing' in tools) return { missing: tools.missing };
  const env = { ...process.env, DVC_NO_ANALYTICS: '1' };
  const dvc = (): Promise<string> =>
    readProgram(tools.env['MLOPS_INTEROP_PYTHON'] ?? 'python3', ['-m', 'dvc', 'repro'], { cwd: project, env });
  const mlops = (): Promise<string> =>
    readProgram(process.execPath, [path.join(dist, 'cli.js'), 'run'], { cwd: project });
  // The first of each hashes the copied files anew; what it says also shows whether there is really nothing to do.
  await mlops();
  const said = await dvc();
  if (!said.includes('up to date')) return { missing: 'dvc repro had something to do' };
  const ours = await medianTime(TIMES, mlops);
  const theirs = await medianTime(TIMES, dvc);
  const value = theirs / ours;
  return { value, text: `${value.toFixed(1)} × (${theirs.toFixed(0)} ms ÷ ${ours.toFixed(0)} ms)` };
}
