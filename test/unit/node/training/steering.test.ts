import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Installation } from '../../../../src/node/installation/installation.ts';
import { readLiveHolder, takeLock } from '../../../../src/node/locks/locks.ts';
import { projectPaths } from '../../../../src/node/project/project.ts';
import { removeSocket } from '../../../../src/node/training/control.ts';
import { Helm } from '../../../../src/node/training/helm.ts';
import { sweepLeftovers } from '../../../../src/node/training/leftovers.ts';
import { openLiveRun } from '../../../../src/node/training/liverun.ts';
import { watchSilence } from '../../../../src/node/training/silence.ts';
import { steerLiveRun, train, type TrainDocument } from '../../../../src/node/training/training.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { Steering } from '../../../../src/protocol/steering.ts';
import type { FromWorker, ToWorker } from '../../../../src/protocol/training.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/training');
const installation: Installation = {
  node: process.execPath,
  version: '0.1.0',
  cli: '',
  worker: path.join(fixtures, 'worker.mjs'),
  bin: fixtures,
  samples: fixtures,
  templates: fixtures,
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-steer-'));
  await mkdir(path.join(root, 'src', 'models', 'm'), { recursive: true });
  await mkdir(path.join(root, 'configs'));
  await writeFile(path.join(root, 'dvc.yaml'), 'stages: {}\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

interface Begun {
  readonly runId: string;
  readonly ended: Promise<TrainDocument>;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** A training that goes on, its first epoch behind it. */
async function begin(act: string, silenceMs?: number): Promise<Begun> {
  await writeFile(
    path.join(root, 'configs', 'm.yaml'),
    `model: {act: ${act}}\ntraining: {batch_size: 2, num_epochs: 3, loss_function: mse}\n`,
  );
  const [warnings, notes] = [[] as string[], [] as string[]];
  let runId = '';
  let ended: Promise<TrainDocument> | undefined;
  await new Promise<void>((resolve) => {
    ended = train(
      { root },
      {
        config: 'configs/m.yaml',
        ...{ cwd: root, installation, env: { ...process.env, MLFLOW_TRACKING_URI: '', DVC_STAGE: '' } },
        ...(silenceMs === undefined ? {} : { silenceMs }),
      },
      {
        note: (text) => notes.push(text),
        warning: (text) => warnings.push(text),
        failure: () => undefined,
        started: (run) => (runId = run.runId),
        epoch: () => resolve(),
      },
      new AbortController().signal,
    );
    void ended.then(() => resolve());
  });
  return { runId, ended: ended!, warnings, notes };
}

const steer = (runId: string, steering: Steering) => steerLiveRun({ root }, runId, steering);
const lockOf = (runId: string): string => path.join(projectPaths.locks({ root }), `run-${runId}.json`);

async function readEvents({ artifacts }: { artifacts: string | null }): Promise<string[]> {
  const text = await readFile(path.join(artifacts!, 'mlops', 'events.jsonl'), 'utf8');
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; text: string; step: number });
  return events.filter(({ kind }) => kind === 'steering').map(({ text: told, step }) => `${step}: ${told}`);
}

test('a live training is steered, and its run tells of it', async () => {
  const { runId, ended, notes } = await begin('steered');
  const done = { state: 'done', step: 2, epoch: 1 };
  expect(await steer(runId, { type: 'pause' })).toEqual({ ...done, text: 'paused' });
  const details = async () => (await readLiveHolder(lockOf(runId)))?.details;
  await expect.poll(details).toMatchObject({ paused: true, steered: 1 });
  expect(await steer(runId, { type: 'setLearningRate', value: 0.5 })).toEqual({ ...done, text: 'learning rate 0.5' });
  await expect(steer(runId, { type: 'setLearningRate', value: 2 })).rejects.toMatchObject({
    code: 'training-failed',
    message: 'no',
  });
  await steer(runId, { type: 'resume' });
  await expect.poll(details).toMatchObject({ paused: false, steered: 3 });
  expect(await steer(runId, { type: 'stop', when: 'best' })).toEqual({ ...done, text: 'stops best' });
  const document = await ended;
  expect(document).toMatchObject({ outcome: 'stopped', status: 'KILLED', reason: 'stopped by the user' });
  expect(document.tags).not.toHaveProperty('mlops.paused');
  const told = ['1: paused', '1: learning rate 0.5', '1: resumed', '1: stops best'];
  expect(await readEvents(document)).toEqual(told);
  expect(notes).toContain('Steering: learning rate 0.5 (batch 2).');
  await expect(steer(runId, { type: 'pause' })).rejects.toMatchObject({ code: 'not-live' });
});

test('a paused run bears the tag until it goes on', async () => {
  const { runId, ended } = await begin('steered');
  await steer(runId, { type: 'pause' });
  await expect.poll(async () => (await readLiveHolder(lockOf(runId)))?.details['paused']).toBe(true);
  const tag = path.join(root, 'models', 'mlruns', await experimentOf(runId), runId, 'tags', 'mlops.paused');
  expect(await readFile(tag, 'utf8')).toBe('at epoch 1, batch 2');
  await steer(runId, { type: 'stop', when: 'now' });
  const { status, tags } = await ended;
  expect([status, tags['mlops.paused']]).toEqual(['KILLED', undefined]);
});

async function experimentOf(runId: string): Promise<string> {
  const store = path.join(root, 'models', 'mlruns');
  for (const name of await readdir(store)) {
    const runs = await readdir(path.join(store, name)).catch(() => [] as string[]);
    if (runs.includes(runId)) return name;
  }
  throw new Error(`No experiment has ${runId}.`);
}

test('the socket is open to its user alone, and gone with the training', async () => {
  const { runId, ended } = await begin('steered');
  const { details } = (await readLiveHolder(lockOf(runId)))!;
  const { address } = details['control'] as { address: string };
  if (process.platform !== 'win32') expect((await stat(path.dirname(address))).mode & 0o777).toBe(0o700);
  await steer(runId, { type: 'stop', when: 'now' });
  await ended;
  await expect(stat(path.dirname(address))).rejects.toThrow('ENOENT');
});

/** Makes the holder of a lock one that is dead. */
async function kill(lock: string): Promise<void> {
  await writeFile(lock, (await readFile(lock, 'utf8')).replace(/"pid":\d+/, '"pid":999999999'));
}

describe('what does not steer', () => {
  /** A lock as a training writes it, of this process or of another. */
  async function check(details: object, message: RegExp, { isDead = false } = {}): Promise<void> {
    const runId = 'a'.repeat(32);
    const lock = await takeLock(lockOf(runId), 'mlops train x', { runId, host: os.hostname(), ...details });
    if (isDead) await kill(lock.file);
    const failure = await steer(runId, { type: 'pause' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ExpectedError);
    expect((failure as ExpectedError).message).toMatch(message);
    await lock.release();
  }
  test('a run that nobody writes', async () => {
    await expect(steer('b'.repeat(32), { type: 'pause' })).rejects.toMatchObject({ code: 'not-live' });
  });
  test('one whose process has died', () =>
    check({ control: null }, /No process works on this run here/, { isDead: true }));
  test('one of another machine', () => check({ host: 'elsewhere' }, /written on another machine \(elsewhere\)/));
  test('one without a socket', () => check({ control: null }, /can’t be steered/));
  test('one of another version', () =>
    check({ control: { address: '/x', key: '', protocol: 9 } }, /speaks version 9 .* this program version 1/));
  test('a socket that nobody listens on', () =>
    check({ control: { address: path.join(root, 'gone'), key: '', protocol: 1 } }, /does not answer \(.*ENOENT/));
});

describe('a socket takes what it understands', () => {
  test.each<[string, (key: string) => readonly string[], RegExp]>([
    ['another key', () => ['{"type":"hello","protocol":1,"key":"guess"}'], /another key/],
    ['another version', (key) => [`{"type":"hello","protocol":2,"key":"${key}"}`], /Another version/],
    ['no hello', () => ['{"type":"steer","steering":{"type":"pause"}}'], /not the one that was due/],
    ['no JSON', () => ['garbage'], /no message of this version/],
    [
      'a steering that there is not',
      (key) => [`{"type":"hello","protocol":1,"key":"${key}"}`, '{"type":"steer","steering":{"type":"fly"}}'],
      /no message of this version/,
    ],
    [
      'a learning rate that is none',
      (key) => [
        `{"type":"hello","protocol":1,"key":"${key}"}`,
        '{"type":"steer","steering":{"type":"setLearningRate","value":-1}}',
      ],
      /no message of this version/,
    ],
    ['a line without end', () => ['x'.repeat(1 << 17)], /^$/],
  ])('%s', async (_, toLines, message) => {
    const sent: ToWorker[] = [];
    const helm = new Helm();
    helm.attach({ stop: () => undefined, send: (wish) => sent.push(wish) });
    const live = await openLiveRun({ root }, { runId: 'c'.repeat(32), model: 'm', command: '', helm, onWarning: fail });
    const { control } = (await readLiveHolder(lockOf('c'.repeat(32))))!.details as {
      control: { address: string; key: string };
    };
    const socket = net.connect(control.address);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    for (const line of toLines(control.key)) socket.write(`${line}\n`);
    await closed;
    const [hello, refusal = '{"text":""}'] = text.trimEnd().split('\n');
    expect(JSON.parse(hello!)).toMatchObject({ type: 'hello', protocol: 1, runId: 'c'.repeat(32) });
    expect((JSON.parse(refusal) as { text: string }).text).toMatch(message);
    expect(sent).toEqual([]);
    await live.close();
  });
  const fail = (message: string): never => {
    throw new Error(message);
  };
});

describe('who asks is answered', () => {
  test('when the batch takes long: that it was asked', async () => {
    const helm = new Helm(1);
    helm.attach({ stop: () => undefined, send: () => undefined });
    expect(await helm.steer({ type: 'pause' })).toMatchObject({ state: 'waiting', step: null });
  });
  test('when the training ends before', async () => {
    const helm = new Helm();
    const asked = helm.steer({ type: 'snapshot' });
    helm.close();
    await expect(asked).rejects.toMatchObject({ code: 'not-live' });
    await expect(helm.steer({ type: 'pause' })).rejects.toMatchObject({ code: 'not-live' });
  });
  test('before the worker is there: it is told when it is', async () => {
    const sent: ToWorker[] = [];
    const helm = new Helm();
    const asked = helm.steer({ type: 'pause' });
    helm.attach({ stop: () => undefined, send: (message) => sent.push(message) });
    expect(sent).toEqual([{ type: 'steer', id: 1, steering: { type: 'pause' } }]);
    helm.answer({ type: 'steered', id: 1, isRefused: false, step: 5, epoch: 1, text: 'paused' });
    expect(await asked).toEqual({ state: 'done', step: 5, epoch: 1, text: 'paused' });
  });
});

describe('a socket that was left behind', () => {
  test('is removed with its folder when the next training sweeps', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-run-'));
    const address = path.join(folder, 's');
    // A process that is killed has no time to remove what it listens on.
    const source = `require('net').createServer().listen(${JSON.stringify(address)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', source]);
    expect((await stat(address)).isSocket()).toBe(true);
    const runId = 'd'.repeat(32);
    const lock = await takeLock(lockOf(runId), 'mlops train x', { runId, host: os.hostname(), control: { address } });
    await sweepLeftovers({ root });
    expect((await stat(address)).isSocket()).toBe(true);
    await kill(lock.file);
    await sweepLeftovers({ root });
    await expect(stat(folder)).rejects.toThrow('ENOENT');
  });
  test('anything else stays, whatever a lock says', async () => {
    const folder = path.join(root, 'mlops-run-abcdef');
    await mkdir(folder);
    for (const file of [path.join(folder, 's'), path.join(root, 'precious')]) {
      await writeFile(file, '');
      await removeSocket(file);
      expect((await stat(file)).isFile()).toBe(true);
    }
  });
});

describe('a worker that says nothing', () => {
  test('is told once, in the run too', async () => {
    const { ended, warnings } = await begin('silent', 100);
    const document = await ended;
    expect(warnings).toEqual([
      expect.stringMatching(/^The training has said nothing for 0\.1 s: something in the project's code/),
    ]);
    const events = await readFile(path.join(document.artifacts!, 'mlops', 'events.jsonl'), 'utf8');
    expect(events).toContain('has said nothing for 0.1 s');
  });

  /** What a worker says and how many seconds pass after it → how often the silence is told. */
  function check(said: readonly (readonly [FromWorker['type'], number])[], expected: number): void {
    vi.useFakeTimers();
    let told = 0;
    const watch = watchSilence(30_000, () => (told += 1));
    for (const [type, seconds] of said) {
      watch.hear(type);
      vi.advanceTimersByTime(1000 * seconds);
    }
    watch.close();
    vi.advanceTimersByTime(100_000);
    vi.useRealTimers();
    expect(told).toBe(expected);
  }
  const cases: Record<string, [said: [FromWorker['type'], number][], expected: number]> = {
    'while data are loaded': [[['backend', 31]], 1],
    'twice': [
      [
        ['epoch', 31],
        ['epoch', 31],
      ],
      1,
    ],
    'for a shorter time': [
      [
        ['epoch', 29],
        ['epoch', 29],
      ],
      0,
    ],
    'but lives': [
      [
        ['epoch', 20],
        ['alive', 20],
        ['alive', 20],
      ],
      0,
    ],
    'and lives no more': [
      [
        ['epoch', 20],
        ['alive', 31],
      ],
      1,
    ],
    'in a long batch': [[['sample', 100]], 0],
    'in a long batch that lets it live': [
      [
        ['sample', 5],
        ['alive', 100],
      ],
      0,
    ],
    'behind a long batch': [
      [
        ['sample', 100],
        ['batch', 1],
        ['epoch', 31],
      ],
      1,
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [said, expected]) => check(said, expected));
});
