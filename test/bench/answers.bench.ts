import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { dist, nodeFlags } from '../../scripts/places.ts';
import { readProgram } from '../../scripts/programs.ts';
import { ensurePython, pythonMissing } from '../../scripts/testing/python.ts';
import { cnn, mlp } from '../interop/nets.ts';
import type { InferenceTimes } from './inference.ts';
import type { Figure, Measurement } from './measuring.ts';

// What `mlops-workflow/compiled` is for who uses it alone: how soon it is ready, how large it is, how quick its answers are. The yardstick of
// these is ONNX Runtime with the same net, turn about.

const nets = { mlp, cnn };
const ROUNDS = 3;
/** Those that are answered at once. */
const ANSWERED = [1, 128];
const ONNX = ['onnxruntime==1.32.0', 'onnx==1.23.2'];
/** Files of compiled steps. */
const STEP_FILES = ['compiled.js', 'stepper.js', 'wasm/steps-fma.wasm', 'wasm/steps.wasm'];

export const measurements: readonly Measurement[] = [
  ...(['mlp', 'cnn'] as const).map((name): Measurement => ({
    what: `answers of a compiled ${name.toUpperCase()}, to 1 example and to 128`,
    aim: '≥ 0.5 × ONNX Runtime each',
    holds: (value) => value >= 0.5,
    measure: () => measureAnswers(name),
  })),
  {
    what: 'compiling the CNN, wasm',
    aim: '≤ 150 ms',
    holds: (value) => value <= 150,
    measure: measureCompiling,
  },
  {
    what: 'kernels and executor of compiled steps, gzip',
    aim: '≤ 60 KB',
    holds: (value) => value <= 60,
    measure: measureStepFiles,
  },
];

/** ONNX Runtime has both cores, as we have; turn about. */
async function measureAnswers(name: 'mlp' | 'cnn'): Promise<Figure> {
  const python = await ensurePython(`bench-${ONNX[0]?.replace('==', '-')}`, ONNX);
  if (python === undefined) return { missing: pythonMissing };
  const request = JSON.stringify({ ...nets[name], batches: ANSWERED });
  const [ours, theirs]: [(readonly number[])[], (readonly number[])[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const script = path.join(import.meta.dirname, 'onnxpace.py');
    theirs.push(JSON.parse(await readProgram(python, [script, request])) as number[]);
    ours.push((await readInference(name)).answers);
  }
  const best = (times: readonly (readonly number[])[], index: number): number =>
    Math.min(...times.map((each) => each[index] ?? NaN));
  const ratios = ANSWERED.map((_, index) => best(theirs, index) / best(ours, index));
  const texts = ANSWERED.map(
    (count, index) =>
      `${count}: ${ratios[index]?.toFixed(2)} × ONNX Runtime (${best(ours, index).toFixed(3)} and ${best(theirs, index).toFixed(3)} ms)`,
  );
  return { value: Math.min(...ratios), text: texts.join(', ') };
}

async function readInference(name: 'mlp' | 'cnn'): Promise<InferenceTimes> {
  const script = path.join(import.meta.dirname, 'inference.ts');
  const text = await readProgram(process.execPath, [...nodeFlags, script, name, ...ANSWERED.map(String)]);
  // TensorFlow.js advertises its other package before.
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as InferenceTimes;
}

/** In a new process, the kernels and threads with it. */
async function measureCompiling(): Promise<Figure> {
  const times: number[] = [];
  for (let start = 0; start < ROUNDS; start++) times.push((await readInference('cnn')).compile);
  const value = Math.min(...times);
  return { value, text: `${value.toFixed(0)} ms (${times.map((time) => time.toFixed(0)).join(', ')})` };
}

/** As they are shipped; of the two kernels' files a processor uses one. */
async function measureStepFiles(): Promise<Figure> {
  const sizes = await Promise.all(
    STEP_FILES.map(async (file) => gzipSync(await readFile(path.join(dist, file))).length),
  );
  const value = sizes.reduce((sum, size) => sum + size, 0) / 1000;
  return { value, text: `${value.toFixed(1)} KB (${STEP_FILES.map((file, i) => `${file} ${sizes[i]}`).join(', ')})` };
}
