import { spawn, type ChildProcess } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveProcess } from '../../../../src/protocol/engine.ts';
import type { MetricHistory } from '../../../../src/protocol/tracking.ts';
import type { Installation } from '../../../../src/node/installation/installation.ts';
import {
  findLog,
  findRunLog,
  followLog,
  followProject,
  isProcessAlive,
  listProcesses,
  readExitCode,
  startProcess,
  stopProcess,
} from '../../../../src/node/live/live.ts';
import { takeLock } from '../../../../src/node/locks/locks.ts';
import { readStartTime } from '../../../../src/node/processes/processes.ts';
import { projectPaths, type Project } from '../../../../src/node/project/project.ts';

/** Stands in for the command line: does what its second word says. */
const cli = `
const fs = require('node:fs');
const end = (code) => { if (process.env.MLOPS_EXIT_FILE) fs.writeFileSync(process.env.MLOPS_EXIT_FILE, code + '\\n'); process.exit(code); };
const [, word] = process.argv.slice(2);
console.log('working in', process.cwd());
console.error('half é'.slice(0, 6));
if (word === 'wait') { process.on('SIGTERM', () => { console.log('stopping'); end(130); }); setInterval(() => {}, 1000); }
else if (word === 'die') process.kill(process.pid, 'SIGKILL');
else end(Number(word));
`;

let project: Project;
let installation: Installation;
const started: LiveProcess[] = [];

beforeEach(async () => {
  const root = await mkdtemp(path.join(os.tmpdir(), 'mlops-live-'));
  project = { root };
  await writeFile(path.join(root, 'cli.cjs'), cli);
  installation = {
    node: process.execPath,
    version: '0',
    cli: path.join(root, 'cli.cjs'),
    worker: '',
    bin: root,
    samples: root,
    templates: root,
  };
});
afterEach(async () => {
  for (const { id } of started.splice(0)) await stopProcess(project, id);
  await rm(project.root, { recursive: true, force: true, maxRetries: 3 });
});

async function start(...args: string[]): Promise<LiveProcess> {
  const process_ = await startProcess(project, args, { installation, env: process.env });
  started.push(process_);
  return process_;
}

/** Text of the log from `offset` until the process has ended. */
function readToEnd(log: string, id: string, offset = 0): Promise<{ text: string; offset: number }> {
  return new Promise((resolve, reject) => {
    const told = { text: '', offset };
    followLog(log, offset, () => isProcessAlive(id), {
      onText: (text, end) => Object.assign(told, { text: told.text + text, offset: end }),
      onEnd: () => resolve(told),
      onFailure: reject,
    });
  });
}

async function waitFor<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a detached process', () => {
  const check = (name: string, word: string, exitCode: number | null): void =>
    it(name, async () => {
      const { id, log, command } = await start('run', word);
      expect(command).toBe(`run ${word}`);
      const { text } = await readToEnd(log ?? '', id);
      expect(text).toBe(`working in ${project.root}\nhalf é\n`);
      expect(await readExitCode(log ?? '')).toBe(exitCode);
      expect(await listProcesses(project)).toEqual([]);
      expect(await findLog(project, id)).toBe(log);
    });
  check('ends well', '0', 0);
  check('fails', '3', 3);
  check('is killed: nobody knows a code', 'die', null);

  it('is found again, followed from where one left off, and stopped', async () => {
    const { id, log, pid } = await start('run', 'wait');
    const [found] = await waitFor(async () => {
      const text = await readFile(log ?? '', 'utf8');
      return text.includes('half') ? listProcesses(project) : undefined;
    });
    expect(found).toMatchObject({ id, pid, kind: 'pipeline', stages: ['wait'], log });
    const rest = readToEnd(log ?? '', id, 8);
    await stopProcess(project, id);
    expect((await rest).text).toBe(`in ${project.root}\nhalf é\nstopping\n`);
    expect(await readExitCode(log ?? '')).toBe(130);
    expect(await isProcessAlive(id)).toBe(false);
  });

  it('may only be a run or a training', async () => {
    await expect(start('exec', 'x.ts')).rejects.toThrow("can't run detached");
  });

  it('is not stopped by an id that names no process of the project', async () => {
    const { id } = await start('run', 'wait');
    const other = await mkdtemp(path.join(os.tmpdir(), 'mlops-live-'));
    try {
      await stopProcess({ root: other }, id);
      await stopProcess(project, `${process.pid}:`);
      expect(await isProcessAlive(id)).toBe(true);
    } finally {
      await rm(other, { recursive: true });
    }
  });

  it('keeps the newest fifty logs', async () => {
    const logs = projectPaths.logs(project);
    await mkdir(logs, { recursive: true });
    for (let i = 10; i < 70; i += 1)
      for (const ending of ['json', 'log', 'exit']) await writeFile(path.join(logs, `2020-01-${i}.${ending}`), '{}');
    await writeFile(path.join(logs, 'train.log'), 'of a stage');
    const { id, log } = await start('run', '0');
    await readToEnd(log ?? '', id);
    const { readdir } = await import('node:fs/promises');
    const names = await readdir(logs);
    expect(names.filter((name) => name.endsWith('.json'))).toHaveLength(51);
    expect(names).toContain('train.log');
    expect(names).toContain('2020-01-69.log');
    expect(names).not.toContain('2020-01-19.log');
  });
});

describe.skipIf(process.platform === 'win32')('a record that was left behind', () => {
  let stranger: ChildProcess;
  let pid = 0;
  let startTime: string | null = null;

  beforeEach(async () => {
    // In no group of ours, and nothing to do with the project.
    stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await new Promise((resolve) => stranger.once('spawn', resolve));
    pid = stranger.pid ?? 0;
    startTime = await readStartTime(pid);
  });
  afterEach(() => stranger.kill('SIGKILL'));

  async function writeRecord(record: object, exit?: string): Promise<string> {
    const logs = projectPaths.logs(project);
    await mkdir(logs, { recursive: true });
    await writeFile(path.join(logs, 'a.json'), JSON.stringify({ pid, command: 'run', since: 1, ...record }));
    if (exit !== undefined) await writeFile(path.join(logs, 'a.exit'), exit);
    return path.join(logs, 'a.log');
  }

  /** `record` gets the start time of a process of another project that has the pid now. */
  const check = (name: string, record: (own: string | null) => object, exit?: string): void =>
    it(`makes no process of the project: ${name}`, async () => {
      const log = await writeRecord(record(startTime), exit);
      expect(await listProcesses(project)).toEqual([]);
      for (const id of [`${pid}:`, `${pid}:1`, `${pid}:${startTime ?? ''}`]) await stopProcess(project, id);
      expect(await isProcessAlive(`${pid}:${startTime ?? ''}`)).toBe(true);
      if (exit !== undefined) expect(await isProcessAlive(`${pid}:`, log)).toBe(false);
    });
  check('its process has ended, and the system gave no start time', () => ({ startTime: null }), '0\n');
  check('nobody knows when its process was started', () => ({ startTime: null }));
  check('it says nothing of a start time', () => ({}));
  check('its process was started at another time', () => ({ startTime: '1' }));
  check('its process has told its end', (own) => ({ startTime: own }), '0\n');
  check('its start time is no text', (own) => ({ startTime: Number(own) }));

  it('is that of a live process when its start time says so, whatever else is wrong with it', async () => {
    await writeRecord({ startTime, command: 5, since: 'then' });
    expect(await listProcesses(project)).toMatchObject([{ pid, command: '', since: 0 }]);
  });

  it('names no log but the one beside it', async () => {
    const log = await writeRecord({ startTime, log: '/etc/passwd' });
    expect(await findLog(project, `${pid}:${startTime ?? ''}`)).toBe(log);
    expect((await listProcesses(project)).map((process_) => process_.log)).toEqual([log]);
  });

  it('is not enough to end a process with the lock of one whose start time nobody knows', async () => {
    await writeRecord({ startTime: null });
    const locks = projectPaths.locks(project);
    await mkdir(locks, { recursive: true });
    const details = { log: '/etc/passwd' };
    await writeFile(path.join(locks, 'project.json'), JSON.stringify({ pid, command: 'mlops run', since: 1, details }));
    expect(await listProcesses(project)).toMatchObject([{ pid, log: path.join(projectPaths.logs(project), 'a.log') }]);
    await rm(path.join(projectPaths.logs(project), 'a.json'));
    expect(await listProcesses(project)).toMatchObject([{ pid, log: null }]);
    await expect(stopProcess(project, `${pid}:`)).rejects.toThrow('Nothing says for certain');
    expect(await isProcessAlive(`${pid}:${startTime ?? ''}`)).toBe(true);
  });
});

it('finds the newest log that names a run', async () => {
  const logs = projectPaths.logs(project);
  await mkdir(logs, { recursive: true });
  const runId = '0123456789abcdef0123456789abcdef';
  await writeFile(path.join(logs, 'train.log'), 'Training net as calm-bee (01234567).');
  await writeFile(path.join(logs, 'clean.log'), 'nothing');
  expect(await findRunLog(project, runId)).toBe(path.join(logs, 'train.log'));
  expect(await findRunLog(project, 'f'.repeat(32))).toBeUndefined();
});

it('never lists this very process, although it holds a lock', async () => {
  const lock = await takeLock(path.join(projectPaths.locks(project), 'project.json'), 'mlops flow init');
  expect(await listProcesses(project)).toEqual([]);
  await lock.release();
});

it('knows a training by its lock, with the log of the same process', async () => {
  const { id, pid } = await start('train', 'wait');
  const holder = await waitFor(async () => (await listProcesses(project)).find((process_) => process_.pid === pid));
  const locks = projectPaths.locks(project);
  await mkdir(locks, { recursive: true });
  const startTime = id.slice(id.indexOf(':') + 1);
  const details = { runId: 'r1', model: 'cnn' };
  await writeFile(
    path.join(locks, 'run-r1.json'),
    JSON.stringify({ pid, startTime: startTime === '' ? null : startTime, command: 'mlops train', since: 1, details }),
  );
  expect(await listProcesses(project)).toEqual([{ ...holder, kind: 'training', runId: 'r1', model: 'cnn' }]);
});

it('knows a sweep and each of its trials, although one process holds the locks of all', async () => {
  const sweep = await start('sweep', 'wait');
  const { pid, id } = sweep;
  const locks = projectPaths.locks(project);
  await mkdir(locks, { recursive: true });
  const startTime = id.slice(id.indexOf(':') + 1) || null;
  const write = (runId: string, command: string, since: number, control: object | null): Promise<void> => {
    const details = { runId, model: 'cnn', control, paused: false, steered: 0 };
    return writeFile(
      path.join(locks, `run-${runId}.json`),
      JSON.stringify({ pid, startTime, command, since, details }),
    );
  };
  // Their order in the folder is not that in time.
  await write('a', 'mlops train configs/cnn.yaml', 3, { address: '/s' });
  await write('b', 'mlops train configs/cnn.yaml', Date.now() + 9000, { address: '/t' });
  await write('z', 'mlops sweep 2026-1', 2, null);
  const common = { id, pid, model: 'cnn', log: sweep.log, stages: [] };
  const steering = { paused: false, count: 0 };
  expect(await listProcesses(project)).toMatchObject([
    { ...common, kind: 'sweep', runId: 'z', command: 'sweep wait', since: sweep.since, steering: null },
    { ...common, kind: 'trial', runId: 'a', command: 'mlops train configs/cnn.yaml', steering },
    { ...common, kind: 'trial', runId: 'b', command: 'mlops train configs/cnn.yaml', steering },
  ]);
  expect(sweep.kind).toBe('sweep');
});

it.each([
  ['one that can be steered', { control: { address: '/s' }, paused: false, steered: 0 }, { paused: false, count: 0 }],
  ['one that is paused', { control: { address: '/s' }, paused: true, steered: 3 }, { paused: true, count: 3 }],
  ['one without a socket', { control: null, paused: false, steered: 0 }, null],
  ['one of an earlier version', {}, null],
  ['one that tells nonsense', { control: 'x', paused: 1, steered: '3' }, null],
])('tells of a training how it is steered: %s', async (_, details, steering) => {
  const { id, pid } = await start('train', 'wait');
  const locks = projectPaths.locks(project);
  await mkdir(locks, { recursive: true });
  const startTime = id.slice(id.indexOf(':') + 1);
  await writeFile(
    path.join(locks, 'run-r1.json'),
    JSON.stringify({ pid, startTime: startTime === '' ? null : startTime, details: { runId: 'r1', ...details } }),
  );
  expect(await listProcesses(project)).toMatchObject([{ runId: 'r1', steering }]);
});

it('cuts no character in two, and leaves out what nobody can read as it passes', async () => {
  const log = path.join(project.root, 'x.log');
  await writeFile(log, `${'x'.repeat(6 * 1024 * 1024)}é`);
  const texts: string[] = [];
  await new Promise<void>((resolve, reject) => {
    followLog(log, 0, () => Promise.resolve(false), {
      onText: (text) => texts.push(text),
      onEnd: resolve,
      onFailure: reject,
    });
  });
  expect(texts[0]).toMatch(/bytes left out/);
  expect(texts.join('').length).toBeLessThan(300_000);
  expect(texts.at(-1)).toMatch(/xé$/);
});

it('tells new points of live runs by their number, whole lines only, and the end of the process', async () => {
  const run = path.join(project.root, 'models', 'mlruns', '1', 'r1');
  await mkdir(path.join(run, 'metrics'), { recursive: true });
  const metric = path.join(run, 'metrics', 'val_loss');
  await writeFile(metric, '1 0.5 1\n2 0.4 2\n3 0.');
  const { pid, id } = await start('train', 'wait');
  const locks = projectPaths.locks(project);
  await mkdir(locks, { recursive: true });
  const startTime = id.slice(id.indexOf(':') + 1);
  await writeFile(
    path.join(locks, 'run-r1.json'),
    JSON.stringify({ pid, startTime: startTime === '' ? null : startTime, details: { runId: 'r1' } }),
  );
  const told: [string, number, MetricHistory['values']][] = [];
  const lists: number[] = [];
  const follower = followProject(project, {
    findRunFolder: (runId) => Promise.resolve(runId === 'r1' ? run : undefined),
    onProcesses: (processes) => lists.push(processes.length),
    onPoints: (runId, name, from, { values }) => told.push([`${runId} ${name}`, from, values]),
    onFailure: (error) => told.push([String(error), -1, []]),
  });
  try {
    await waitFor(() => Promise.resolve(told.length > 0 ? true : undefined));
    await appendFile(metric, '3 3\n4 nan 4\n');
    await waitFor(() => Promise.resolve(told.length > 1 ? true : undefined));
    expect(told).toEqual([
      ['r1 val_loss', 0, [0.5, 0.4]],
      ['r1 val_loss', 2, [0.3, NaN]],
    ]);
    await stopProcess(project, id);
    await waitFor(() => Promise.resolve(lists.at(-1) === 0 ? true : undefined));
    expect(lists).toEqual([1, 0]);
  } finally {
    follower.close();
  }
});
