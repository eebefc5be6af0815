import path from 'node:path';
import { dist } from '../../scripts/places.ts';
import { readProgram } from '../../scripts/programs.ts';
import { medianTime, type Figure, type Measurement } from './measuring.ts';

const TIMES = 15;

export const measurements: readonly Measurement[] = [
  { what: 'mlops --version', aim: '< 150 ms', holds: (value) => value < 150, measure: measureVersion },
];

/** The yardstick is the same Node doing nothing at all. */
async function measureVersion(): Promise<Figure> {
  const value = await medianTime(TIMES, () => readProgram(process.execPath, [path.join(dist, 'cli.js'), '--version']));
  const nothing = await medianTime(TIMES, () => readProgram(process.execPath, ['--eval', '']));
  return { value, text: `${value.toFixed(0)} ms (Node alone: ${nothing.toFixed(0)} ms)` };
}
