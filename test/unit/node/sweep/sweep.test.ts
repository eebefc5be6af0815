import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SweepState } from '../../../../src/core/sweep/sweep.ts';
import {
  canGoOn,
  performSweep,
  planOnly,
  type SweepDocument,
  type SweepRequest,
} from '../../../../src/node/sweep/sweep.ts';
import { dataloader } from '../../worker/project.ts';
import { killHard, randomMoments, useGround } from '../training/ground.ts';

const config = (tuning: string): string => `model: {units: 4}
training: {batch_size: 16, num_epochs: 4, loss_function: categorical_crossentropy, learning_rate: 0.01}
objective: {metric: val_accuracy, direction: maximize}
hyperparameter_tuning: ${tuning}
`;
const trainCode = `export async function train({ tf, config, fit, run }) {
  if (config.model.units === 13) throw new Error('thirteen is not trained');
  const model = tf.sequential({ layers: [
    tf.layers.flatten({ inputShape: [6, 6, 1] }),
    tf.layers.dense({ units: config.model.units, activation: 'relu' }),
    tf.layers.dense({ units: 4, activation: 'softmax' }),
  ] });
  await fit(model);
  return model;
}
`;

const ground = useGround('sweep');
const write = (file: string, text: string): Promise<void> => ground.current.write(file, text);
beforeEach(async () => {
  // A search that looked at the test split would fail here.
  const guarded = `${dataloader.replace('function load(', 'function loadSplit(').replace('export ', '')}
export function load(split, config) {
  if (split === 'test') throw new Error('the test split was read');
  return loadSplit(split, config);
}
`;
  await write('src/models/net/dataloader.ts', guarded);
  await write('src/models/net/train.ts', trainCode);
});
function toRequest(change: Partial<SweepRequest> = {}): SweepRequest {
  const { root, env, installation } = ground.current;
  return {
    ...{ config: 'configs/net.yaml', cwd: root, env, installation, overrides: ['training.backend=cpu'] },
    ...{ strategy: undefined, trials: undefined, jobs: 1, seconds: undefined, store: undefined, resume: undefined },
    ...change,
  };
}

const told: string[] = [];
async function sweep(
  change: Partial<SweepRequest> = {},
  signal = new AbortController().signal,
): Promise<SweepDocument> {
  told.length = 0;
  const note = (text: string): void => void told.push(text);
  const reporter = {
    ...{ note, warning: note, started: () => undefined, trialStarted: () => undefined },
    trialEnded: () => onTrialEnd(),
  };
  return performSweep(ground.current, toRequest(change), reporter, signal);
}
let onTrialEnd: () => void = () => undefined;
afterEach(() => {
  onTrialEnd = () => undefined;
});

async function readState(): Promise<SweepState> {
  const folder = path.join(ground.current.root, '.mlops/state/sweeps');
  // A kill while the file was replaced leaves its temporary beside it.
  const name = (await readdir(folder)).find((each) => each.endsWith('.json')) ?? '';
  return JSON.parse(await readFile(path.join(folder, name), 'utf8')) as SweepState;
}

/** Pictures of 28 × 28 pixels, told apart by how bright they are. */
const digits = `export function load(split) {
  const count = split === 'train' ? 64 : 16;
  const xs = Float32Array.from({ length: count * 784 }, (_, i) => (Math.floor(i / 784) % 10) / 10 + (i % 7) / 100);
  return { xs, ys: Float32Array.from({ length: count }, (_, i) => i % 10), shape: [784] };
}
`;

test('every combination is a run below the run of the sweep, and the test split is left alone', async () => {
  await write('configs/net.yaml', config('{units: [2, 3], batch_size: [8, 16]}'));
  const document = await sweep({ jobs: 2 });
  expect(told).toEqual([]);
  expect(document.outcome).toBe('succeeded');
  expect(document.trials.map(({ params, outcome }) => [...Object.values(params), outcome])).toEqual([
    [2, 8, 'succeeded'],
    [2, 16, 'succeeded'],
    [3, 8, 'succeeded'],
    [3, 16, 'succeeded'],
  ]);
  const store = await ground.current.openStore();
  const { runs } = await store.listRuns();
  const children = runs.filter(({ parentRunId }) => parentRunId === document.parentRunId);
  expect(children.map(({ tags }) => tags['mlops.trial']).sort()).toEqual(['0', '1', '2', '3']);
  for (const { runId, params, value } of document.trials) {
    const run = children.find((each) => each.runId === runId)!;
    expect([run.params['model.units'], run.params['training.batch_size']]).toEqual(Object.values(params).map(String));
    expect([run.status, run.metrics['val_accuracy']?.max?.value]).toEqual(['FINISHED', value]);
    expect(Object.keys(run.metrics).filter((name) => name.startsWith('test_'))).toEqual([]);
  }
  const best = Math.max(...document.trials.map(({ value }) => value ?? 0));
  expect(document.trials.find(({ runId }) => runId === document.best)?.value).toBe(best);
  const parent = await store.findRun(document.parentRunId);
  expect([parent.status, parent.tags['mlops.best_run'], parent.metrics['val_accuracy']?.last.value]).toEqual([
    'FINISHED',
    document.best,
    best,
  ]);
  const { pacedBy, secondsLeft, tried } = await planOnly(ground.current, toRequest(), new AbortController().signal);
  expect([pacedBy, (secondsLeft ?? 0) > 0]).toEqual([4, true]);
  expect(tried.map((each) => [each.key, each.runs, each.best.value])).toEqual([
    ['model.units', 4, best],
    ['training.batch_size', 4, best],
  ]);
});

test('a trial that fails is told, and the others go on', async () => {
  await write('configs/net.yaml', config('{units: [13, 2]}'));
  const document = await sweep();
  expect(document.trials.map(({ outcome, value }) => [outcome, value === null])).toEqual([
    ['failed', true],
    ['succeeded', false],
  ]);
  expect(told.join('\n')).toContain('thirteen is not trained');
  expect(document.outcome).toBe('succeeded');
  await write('configs/net.yaml', config('{units: [13]}'));
  expect((await sweep()).outcome).toBe('failed');
});

test('an objective that nothing records is told with what there is', async () => {
  await write('configs/net.yaml', config('{units: [2]}').replace('val_accuracy', 'val_acuracy'));
  const document = await sweep();
  expect(document.outcome).toBe('failed');
  expect(told.join('\n')).toMatch(/val_acuracy is not among .*val_accuracy/);
});

describe('the test split is closed while hyperparameters are chosen', () => {
  const refusal = /was refused: hyperparameters are being chosen, and a test split that takes part in the choice/;
  const reading = (statement: string): string =>
    trainCode
      .replace('export async function', "import { load } from './dataloader.ts';\nexport async function")
      .replace('{ tf, config, fit, run })', '{ tf, config, fit, read })')
      .replace('  await fit(model);', `  ${statement}\n  await fit(model);`);
  const cases: Record<string, [statement: string, told: RegExp]> = {
    'its own dataloader': [
      "await load('test', config);",
      /load\("test"\) of the dataloader was refused.*\(src\/models\/net\/train\.ts:9:9\)/,
    ],
    'an error that the code catches': [
      "try { await load('test', config); } catch { await load('test', config).catch?.(() => 0); }",
      /load\("test"\) of the dataloader was refused/,
    ],
    'a reader': ["await read.csv('data/test.csv');", /A read of data\/test\.csv was refused.*train\.ts:9:14\)/],
    'a reader of a folder': ["await read.images('data/test/cats');", /A read of data\/test\/cats was refused/],
  };
  test.each(Object.entries(cases))('%s', async (_, [statement, message]) => {
    await write('configs/net.yaml', config('{units: [2]}'));
    await write('src/models/net/train.ts', reading(statement));
    const document = await sweep();
    expect(document.trials.map(({ outcome }) => outcome)).toEqual(['failed']);
    expect(told.join('\n')).toMatch(refusal);
    expect(told.join('\n')).toMatch(message);
    const { runs } = await (await ground.current.openStore()).listRuns();
    expect(runs.find(({ parentRunId }) => parentRunId !== null)?.tags['mlops.reason']).toMatch(refusal);
  });

  test('the other splits are open, through the same import', async () => {
    await write('configs/net.yaml', config('{units: [2]}'));
    await write('data/testimony.csv', 'a,b\n1,2\n');
    const statement = "await load('validation', config); await read.csv('data/testimony.csv');";
    await write('src/models/net/train.ts', reading(statement));
    expect([(await sweep()).outcome, told]).toEqual(['succeeded', []]);
  });

  test('code that makes the space is refused as well', async () => {
    await write('configs/net.yaml', config('{units: [2]}'));
    await write(
      'src/models/net/hyperparameters_tuning.ts',
      "import { load } from './dataloader.ts';\nexport const accept = (params) => load('test', {}) !== params;\n",
    );
    await expect(planOnly(ground.current, toRequest(), new AbortController().signal)).rejects.toThrow(refusal);
  });
});

describe("the model's own code", () => {
  test('makes the space and refuses combinations', async () => {
    await write('configs/net.yaml', config('{strategy: grid, units: [2, 3]}'));
    await write(
      'src/models/net/hyperparameters_tuning.ts',
      `export const space = (config) => ({ ...config.hyperparameter_tuning, units: [2, 3, 4], batch_size: [8, 16] });
export const accept = ({ units, batch_size }) => units * batch_size <= 32;
`,
    );
    const { plan } = await planOnly(ground.current, toRequest(), new AbortController().signal);
    expect(plan.assignments.map((each) => Object.values(each))).toEqual([
      [2, 8],
      [2, 16],
      [3, 8],
      [4, 8],
    ]);
  });

  test.each([
    ['export const space = () => ({ units: 3 });', '"units" of space must be a list'],
    ['export const space = () => [];', 'must return a mapping'],
    ['export const accept = () => false;', 'accept refuses every one of 1 combinations'],
    ['export const accept = () => { throw new Error("no idea"); };', 'no idea'],
  ])('%s is told', async (code, message) => {
    await write('configs/net.yaml', config('{units: [2]}'));
    await write('src/models/net/hyperparameters_tuning.ts', code);
    await expect(planOnly(ground.current, toRequest(), new AbortController().signal)).rejects.toThrow(message);
  });
});

/** Starts the sweep in a process of its own, or goes on with it, and kills it some time after so many trials. */
async function sitAndKill(resumes: boolean, { trials, afterMs }: { trials: number; afterMs: number }): Promise<void> {
  const child = ground.current.start('sweep', ['configs/net.yaml', ...(resumes ? ['@last'] : [])]);
  const lines = createInterface({ input: child.stdout });
  const closed = once(child, 'close');
  let told = 0;
  const reached = new Promise<void>((resolve) =>
    lines.on('line', () => {
      told += 1;
      if (told > trials) resolve();
    }),
  );
  await Promise.race([reached, closed]);
  await Promise.race([sleep(afterMs), closed]);
  await killHard(child);
}

describe('a sweep that did not come to its end', () => {
  test('was stopped: goes on without repeating what had ended', async () => {
    await write('configs/net.yaml', config('{units: [2, 3, 4]}'));
    const stop = new AbortController();
    onTrialEnd = () => stop.abort();
    const first = await sweep({}, stop.signal);
    expect([first.outcome, first.trials.map(({ outcome }) => outcome)]).toEqual(['stopped', ['succeeded']]);
    onTrialEnd = () => undefined;
    const goesOn = (id = first.sweep, run = first.parentRunId): Promise<boolean> =>
      canGoOn({ root: ground.current.root }, id, run);
    // By its own id and run only: a list offers nothing that would be another sweep.
    expect([await goesOn(), await goesOn(first.sweep.slice(0, 8)), await goesOn(first.sweep, 'x')]).toEqual([
      true,
      false,
      false,
    ]);
    const second = await sweep({ resume: '@last', config: '' });
    expect(await goesOn()).toBe(false);
    expect(second.parentRunId).toBe(first.parentRunId);
    expect(second.trials.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(second.trials[0]).toEqual(first.trials[0]);
    expect((await (await ground.current.openStore()).listRuns()).runs.length).toBe(4);
  });

  test('was killed at random: no finished trial is repeated, and no run is left going', async () => {
    await write('configs/net.yaml', config('{units: [2, 3, 4, 5], num_epochs: [2]}'));
    const random = randomMoments('a sweep');
    const ended = new Map<number, string | null>();
    for (let round = 0; round < 4; round += 1) {
      await sitAndKill(round > 0, { trials: 0, afterMs: 300 + random() * 1500 });
      for (const { number, outcome, runId } of (await readState()).trials) {
        if (ended.has(number)) expect([number, runId]).toEqual([number, ended.get(number)]);
        if (outcome === 'succeeded') ended.set(number, runId);
      }
    }
    const document = await sweep({ resume: '@last', config: '' });
    const state = await readState();
    expect(state.trials.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded']);
    for (const [number, runId] of ended) expect(state.trials[number]?.runId).toBe(runId);
    const { runs } = await (await ground.current.openStore()).listRuns();
    expect(runs.filter(({ status }) => status === 'RUNNING')).toEqual([]);
    expect(state.trials.map(({ runId }) => runId)).toContain(document.best);
  }, 120_000);

  test('was the 24 combinations of the template, killed hard: each is trained exactly once', async () => {
    const templates = path.resolve(import.meta.dirname, '../../../../templates/mnist');
    for (const name of ['model', 'train'])
      await write(
        `src/models/net/${name}.ts`,
        await readFile(path.join(templates, `src/models/singleoutput/${name}.ts`), 'utf8'),
      );
    const own = await readFile(path.join(templates, 'configs/singleoutput.yaml'), 'utf8');
    await write('configs/net.yaml', own.replace('num_epochs: [200]', 'num_epochs: [1]'));
    await write('src/models/net/dataloader.ts', digits);

    const random = randomMoments('24 trials');
    await sitAndKill(false, { trials: Math.floor(random() * 12), afterMs: random() * 1000 });
    const before = (await readState()).trials.filter(({ outcome }) => outcome === 'succeeded');
    const document = await sweep({ resume: '@last', config: '', jobs: 2 });
    expect(document.outcome).toBe('succeeded');

    const { trials } = await readState();
    expect(new Set(trials.map(({ values }) => JSON.stringify(values))).size).toBe(24);
    expect(trials.map(({ number, outcome }) => [number, outcome])).toEqual(
      Array.from({ length: 24 }, (_, number) => [number, 'succeeded']),
    );
    for (const { number, runId } of before) expect(trials[number]?.runId).toBe(runId);
    const store = await ground.current.openStore();
    const { runs } = await store.listRuns();
    const children = runs.filter(({ parentRunId }) => parentRunId === document.parentRunId);
    const finished = children.filter(({ status }) => status === 'FINISHED');
    expect(finished.map(({ runId }) => runId).sort()).toEqual(trials.map(({ runId }) => runId).sort());
    expect(finished.map(({ metrics }) => metrics['val_loss']?.points)).toEqual(trials.map(() => 1));
    expect(children.filter(({ status }) => status === 'RUNNING')).toEqual([]);
    const best = Math.min(...finished.map(({ metrics }) => metrics['val_loss']?.min?.value ?? NaN));
    const parent = await store.findRun(document.parentRunId);
    expect(parent.tags['mlops.best_run']).toBe(document.best);
    expect(finished.find(({ runId }) => runId === document.best)?.metrics['val_loss']?.min?.value).toBe(best);
    expect(parent.metrics['val_loss']?.last.value).toBe(best);
  }, 180_000);

  test('an unknown one is refused with those that there are', async () => {
    await write('configs/net.yaml', config('{units: [2]}'));
    await expect(sweep({ resume: 'x' })).rejects.toThrow('sweep "x"');
  });
});

test('halving trains the best longer', async () => {
  await write(
    'configs/net.yaml',
    config('{strategy: halving, trials: 4, reduction: 2, min_epochs: 1, units: {min: 2, max: 40, type: int}}'),
  );
  const { trials, outcome, best } = await sweep({ jobs: 2 });
  expect(outcome).toBe('succeeded');
  expect(trials.filter(({ epochs }) => epochs === 1).length).toBe(4);
  expect(trials.some(({ epochs }) => epochs === 4)).toBe(true);
  const longest = Math.max(...trials.map(({ epochs }) => epochs));
  expect(trials.find(({ runId }) => runId === best)?.epochs).toBe(longest);
});
