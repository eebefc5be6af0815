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
