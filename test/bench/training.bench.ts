import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askMlops } from '../../scripts/mlops.ts';
import { dist, nodeFlags } from '../../scripts/places.ts';
import { readProgram } from '../../scripts/programs.ts';
import { ensureKeras } from '../../scripts/testing/keras.ts';
import { pythonMissing } from '../../scripts/testing/python.ts';
import { nativeEnvironment } from '../../src/node/tensorflow/tensorflow.ts';
import { steerLiveRun } from '../../src/node/training/training.ts';
import type { RunDocument } from '../../src/protocol/pipeline.ts';
import type { MetricHistory, RunList } from '../../src/protocol/tracking.ts';
import { systemMetrics } from '../../src/protocol/tracking.ts';
import type { BackendName, BackendStatus } from '../../src/protocol/training.ts';
import { KerasDriver, type KerasNet } from '../interop/keras-driver.ts';
import { cnn, lenet, lstm, mlp, mobile, readDigits, resnet20, toLayers, toWords } from '../interop/nets.ts';
import type { LoopTimes } from './loop.ts';
import type { RecordingTimes } from './recording.ts';
import { median, type Figure, type Measurement } from './measuring.ts';

// Training as `mlops train` does it, on the packaged digits. The yardstick is Keras with the same net, batches and digits, turn about.

const BATCH = 128;
/** As many as the project's training split has. */
const EXAMPLES = 8100;
const nets = { mlp, cnn, lenet, lstm, resnet20, mobile };
type NetName = keyof typeof nets;

/** Turns of ours and of Keras; the quickest of each count. */
const ROUNDS = 3;
/** Of one turn; the first, which warms up, does not count. */
const EPOCHS: Readonly<Record<NetName, number>> = { mlp: 5, cnn: 3, lenet: 4, lstm: 3, resnet20: 2, mobile: 3 };

const STARTS = 3;
const MEMORY_STEPS = 20_000;
const PAUSES = 8;
const STOPS = 3;
const STEER_MS = 200;

interface Pace {
  readonly name: NetName;
  readonly backend: BackendName;
  /** How the steps are done, and the options of `mlops train` for it. */
  readonly how: string;
  readonly options?: readonly string[];
  /** Times Keras. */
  readonly aim: number;
}

const paces: readonly Pace[] = [
  { name: 'mlp', backend: 'wasm', how: 'compiled', aim: 1.5 },
  { name: 'cnn', backend: 'wasm', how: 'compiled', aim: 0.6 },
  { name: 'mlp', backend: 'wasm', how: 'compiled, one thread', options: ['--set', 'training.threads=1'], aim: 1 },
  { name: 'cnn', backend: 'wasm', how: 'compiled, one thread', options: ['--set', 'training.threads=1'], aim: 0.4 },
  ...(['lenet', 'resnet20', 'mobile'] as const).map((name): Pace => ({
    name,
    backend: 'wasm',
    how: 'compiled',
    aim: 0.4,
  })),
  { name: 'mlp', backend: 'wasm', how: 'operation by operation', options: ['--no-compile'], aim: 0.4 },
  { name: 'cnn', backend: 'wasm', how: 'operation by operation', options: ['--no-compile'], aim: 0.15 },
  { name: 'mlp', backend: 'tfjs-node', how: 'one graph', aim: 1.5 },
  { name: 'cnn', backend: 'tfjs-node', how: 'one graph', aim: 1.3 },
  { name: 'lstm', backend: 'tfjs-node', how: 'one graph', aim: 1 },
  { name: 'mlp', backend: 'tfjs-node', how: 'operation by operation', options: ['--no-compile'], aim: 0.45 },
  { name: 'cnn', backend: 'tfjs-node', how: 'operation by operation', options: ['--no-compile'], aim: 0.45 },
];

export const measurements: readonly Measurement[] = [
  ...paces.map((pace): Measurement => ({
    what: `training, ${pace.name.toUpperCase()}, ${pace.backend}, ${pace.how}`,
    aim: `≥ ${pace.aim} × Keras`,
    holds: (value) => value >= pace.aim,
    measure: (project) => withBackend(project, pace.backend, () => measurePace(project, pace)),
  })),
  ...(['wasm', 'tfjs-node'] as const).map((backend): Measurement => {
    const aim = { 'wasm': 1000, 'tfjs-node': 3000 }[backend];
    return {
      what: `first batch after "Train", ${backend}`,
      aim: `≤ ${aim / 1000} s`,
      holds: (value) => value <= aim,
      measure: (project) => withBackend(project, backend, () => measureFirstBatch(project, backend)),
    };
  }),
  {
    what: 'recording and loading the graph of the CNN, tfjs-node',
    aim: '≤ 300 ms',
    holds: (value) => value <= 300,
    measure: (project) => withBackend(project, 'tfjs-node', measureRecording),
  },
  ...(['wasm', 'tfjs-node'] as const).flatMap((backend) =>
    (['mlp', 'cnn'] as const).map((name): Measurement => ({
      what: `our loop against the backend's bare one, ${name.toUpperCase()}, ${backend}`,
      aim: '≤ 3 % slower',
      holds: (value) => value <= 1.03,
      measure: (project) => withBackend(project, backend, () => measureLoop(name, backend)),
    })),
  ),
  {
    what: `memory over ${MEMORY_STEPS} training steps`,
    aim: '≤ 2 % growth',
    holds: (value) => value <= 1.02,
    measure: measureMemory,
  },
  {
    what: 'pause to paused',
    aim: `≤ ${STEER_MS} ms + one batch`,
    holds: (value) => value <= STEER_MS,
    measure: measurePause,
  },
  {
    what: 'stop to stopped',
    aim: `≤ ${STEER_MS} ms + one batch`,
    holds: (value) => value <= STEER_MS,
    measure: measureStop,
  },
];

async function withBackend(project: string, name: BackendName, measure: () => Promise<Figure>): Promise<Figure> {
  const { document } = await askMlops<readonly BackendStatus[]>(['backends'], project);
  const rung = document.find((each) => each.name === name);
  return rung?.available === true ? measure() : { missing: rung?.reason ?? `There is no backend ${name}.` };
}

/** Code of a model of the bench, beside the project's own: no validation, for Keras has none. */
async function writeModel(project: string, name: NetName): Promise<string> {
  const net = nets[name];
  const files = {
    [`src/models/bench-${name}/dataloader.ts`]: `import { load as loadImages } from '../cnnbased/dataloader.ts';
const toWords = ${toWords.toString()};
export async function load(split, config, read) {
  const found = { ...(await loadImages(split, config, read)), shape: ${JSON.stringify(net.input)} };
  return ${name === 'lstm' ? 'toWords(found)' : 'found'};
}
`,
    [`src/models/bench-${name}/train.ts`]: `export async function train({ tf, data, fit }) {
  const answers = [tf.input({ shape: ${JSON.stringify(net.input)} })];
  for (const [name, args, inputs] of ${JSON.stringify(toLayers(net))}) {
    const given = inputs.map((number) => answers[number]);
    answers.push(tf.layers[name](args).apply(given.length > 1 ? given : given[0]));
  }
  const model = tf.model({ inputs: answers[0], outputs: answers.at(-1) });
  await fit(model, { train: data.train });
  return model;
}
`,
    [`configs/bench-${name}.yaml`]: `data: { dataset_path: data/processed/ }
model: { name: bench-${name} }
training: { batch_size: ${BATCH}, num_epochs: 1, loss_function: categorical_crossentropy, metric: accuracy }
mlflow: { mlruns_path: 'file:models/mlruns', experiment_name: bench }
`,
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(project, file)), { recursive: true });
    await writeFile(path.join(project, file), text);
  }
  return `configs/bench-${name}.yaml`;
}

interface Trained {
  readonly runId?: string;
  readonly examplesPerSecond?: number | null;
}

interface Asked {
  readonly epochs: number;
  readonly backend: BackendName;
  readonly options?: readonly string[] | undefined;
}

async function trainFor(project: string, config: string, { epochs, backend, options = [] }: Asked): Promise<Trained> {
  const args = ['train', config, '--backend', backend, '--set', `training.num_epochs=${epochs}`, ...options];
  const { code, document } = await askMlops<Trained>(args, project);
  if (code !== 0) throw new Error(`mlops train ended with exit code ${code}.`);
  return document;
}

/** Training examples a second inside the epochs. */
async function measurePace(project: string, { name, backend, options }: Pace): Promise<Figure> {
  const python = await ensureKeras();
  if (python === undefined) return { missing: pythonMissing };
  const config = await writeModel(project, name);
  const net: KerasNet = { ...nets[name], optimizer: ['Adam', {}], loss: 'categorical_crossentropy', batch: BATCH };
  const given = await readDigits('train', EXAMPLES);
  const digits = name === 'lstm' ? toWords(given) : given;
  const epochs = EPOCHS[name];
  const keras = await KerasDriver.start(python);
  try {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      theirs.push(...(await keras.pace(net, digits, epochs)).slice(1));
      ours.push((await trainFor(project, config, { epochs, backend, options })).examplesPerSecond ?? NaN);
    }
    const [best, yardstick] = [Math.max(...ours), Math.max(...theirs)];
    const ratio = best / yardstick;
    return {
      value: ratio,
      text: `${ratio.toFixed(3)} × Keras: ${best.toFixed(0)} examples/s (median ${median(ours).toFixed(0)}), Keras ${yardstick.toFixed(0)} (median ${median(theirs).toFixed(0)})`,
    };
  } finally {
    await keras.end();
  }
}

/** "Train" is the stage of the model: from its start to the end of the first batch. */
async function measureFirstBatch(project: string, backend: BackendName): Promise<Figure> {
  const config = path.join(project, 'configs/cnnbased.yaml');
  const before = await readFile(config, 'utf8');
  try {
    await writeFile(
      config,
      before.replace(/^training:$/m, `$&\n  backend: ${backend}`).replace(/(num_epochs:) \d+ #/, '$1 1 #'),
    );
    const times: number[] = [];
    for (let start = 0; start < STARTS; start++) {
      const begun = Date.now();
      const { document } = await askMlops<RunDocument>(['run', 'train@cnnbased', '--single', '--force'], project);
      const runId = document.stages.find(({ name }) => name === 'train@cnnbased')?.runId;
      if (typeof runId !== 'string') return { missing: `The stage ${document.outcome} without a run.` };
      const { timestamps } = await readHistory(project, runId, 'batch_loss');
      times.push((timestamps[0] ?? NaN) - begun);
    }
    const value = median(times);
    return {
      value,
      text: `${(value / 1000).toFixed(2)} s (${times.map((time) => (time / 1000).toFixed(2)).join(', ')})`,
    };
  } finally {
    await writeFile(config, before);
  }
}

/** Each in a process of its own; the quickest of them. */
async function measureRecording(): Promise<Figure> {
  const { MLOPS_TENSORFLOW: native = '' } = await nativeEnvironment(process.env);
  const script = path.join(import.meta.dirname, 'recording.ts');
  const times: RecordingTimes[] = [];
  for (let start = 0; start < STARTS; start++)
    times.push(JSON.parse(await readProgram(process.execPath, [...nodeFlags, script, native])) as RecordingTimes);
  const best = (what: keyof RecordingTimes): number => Math.min(...times.map((each) => each[what]));
  const all = times.map(({ recording }) => recording.toFixed(0)).join(', ');
  const value = best('recording');
  return { value, text: `${value.toFixed(0)} ms (${all}); then its first run, ${best('running').toFixed(0)} ms` };
}

async function readHistory(project: string, runId: string, metric: string): Promise<MetricHistory> {
  return (await askMlops<MetricHistory>(['runs', 'history', runId, metric], project)).document;
}

async function measureLoop(name: NetName, backend: BackendName): Promise<Figure> {
  const { MLOPS_TENSORFLOW: native = '' } = await nativeEnvironment(process.env);
  const script = path.join(import.meta.dirname, 'loop.ts');
  const args = [...nodeFlags, script, name, backend, native];
  const { ours, bare } = JSON.parse(await readProgram(process.execPath, args)) as LoopTimes;
  const [wall, processor] = [ours.wall / bare.wall, ours.processor / bare.processor];
  const inPercent = (ratio: number): string => `${((ratio - 1) * 100).toFixed(1)} %`;
  return {
    value: wall,
    text: `${inPercent(wall)} slower (${ours.wall.toFixed(2)} and ${bare.wall.toFixed(2)} ms a batch), ${inPercent(processor)} more processors' time`,
  };
}

/** Resident memory of the worker, at the end against the beginning; the first steps, which fill buffers, do not count. */
async function measureMemory(project: string): Promise<Figure> {
  const config = await writeModel(project, 'mlp');
  const epochs = Math.ceil(MEMORY_STEPS / Math.ceil(EXAMPLES / BATCH));
  const { runId = '' } = await trainFor(project, config, { epochs, backend: 'wasm' });
  const read = async (metric: string): Promise<readonly number[]> => {
    const { steps, values } = await readHistory(project, runId, metric);
    return values.map(Number).filter((_, index) => (steps[index] ?? 0) >= MEMORY_STEPS / 10);
  };
  const resident = await read(systemMetrics.processMemory);
  const tensors = await read(systemMetrics.tensors);
  const quarter = Math.ceil(resident.length / 4);
  const [first, last] = [median(resident.slice(0, quarter)), median(resident.slice(-quarter))];
  const value = last / first;
  return {
    value,
    text: `${((value - 1) * 100).toFixed(1)} % (${first.toFixed(0)} to ${last.toFixed(0)} MiB; ${tensors[0] ?? NaN} to ${tensors.at(-1) ?? NaN} tensors)`,
  };
}

interface LiveTraining {
  readonly runId: string;
  readonly batchMs: number;
  /** Resolves when its process has ended. */
  readonly ended: Promise<unknown>;
}

/** A training that goes on until it is told to stop, some batches after its start. */
async function startTraining(project: string): Promise<LiveTraining> {
  const config = await writeModel(project, 'cnn');
  const args = ['train', config, '--backend', 'wasm', '--set', 'training.num_epochs=1000', '--quiet'];
  const child = spawn(process.execPath, [path.join(dist, 'cli.js'), ...args], { cwd: project, stdio: 'ignore' });
  const ended = once(child, 'exit');
  for (;;) {
    if (child.exitCode !== null) throw new Error(`mlops train ended with exit code ${child.exitCode}.`);
    const { document } = await askMlops<RunList>(['runs', 'list'], project);
    const [run] = document.runs;
    if (run?.status === 'RUNNING' && (run.metrics['batch_loss']?.points ?? 0) > 10) {
      const { steps, timestamps } = await readHistory(project, run.runId, 'batch_loss');
      const batchMs =
        ((timestamps.at(-1) ?? NaN) - (timestamps[0] ?? NaN)) / ((steps.at(-1) ?? NaN) - (steps[0] ?? NaN));
      return { runId: run.runId, batchMs, ended };
    }
    await sleep(200);
  }
}

/** The worst of some pauses at any moment, by the channel that the chart uses, less a batch. */
async function measurePause(project: string): Promise<Figure> {
  const { runId, batchMs, ended } = await startTraining(project);
  const times: number[] = [];
  for (let pause = 0; pause < PAUSES; pause++) {
    await sleep(500 + 37 * pause);
    const start = performance.now();
    const { state } = await steerLiveRun({ root: project }, runId, { type: 'pause' });
    times.push(state === 'done' ? performance.now() - start : NaN);
    await steerLiveRun({ root: project }, runId, { type: 'resume' });
  }
  await steerLiveRun({ root: project }, runId, { type: 'stop', when: 'now' });
  await ended;
  return tellSteering(times, batchMs);
}

/** Until the process of the run has ended, with the model and the record written. */
async function measureStop(project: string): Promise<Figure> {
  const times: number[] = [];
  const batches: number[] = [];
  for (let stop = 0; stop < STOPS; stop++) {
    const { runId, batchMs, ended } = await startTraining(project);
    const start = performance.now();
    await steerLiveRun({ root: project }, runId, { type: 'stop', when: 'now' });
    await ended;
    times.push(performance.now() - start);
    batches.push(batchMs);
  }
  return tellSteering(times, median(batches));
}

function tellSteering(times: readonly number[], batchMs: number): Figure {
  const worst = Math.max(...times);
  return {
    value: worst - batchMs,
    text: `${worst.toFixed(0)} ms at worst, ${median(times).toFixed(0)} ms as a rule, with batches of ${batchMs.toFixed(0)} ms`,
  };
}
