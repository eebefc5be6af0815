import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensurePython, pythonMissing } from '../../scripts/testing/python.ts';
import { gatherDvcliveRuns } from '../../src/node/dvclive/dvclive.ts';
import { gatherEventRuns } from '../../src/node/tensorboard/tensorboard.ts';

const run = promisify(execFile);
/** `setuptools`: tensorboard 2.20 asks for a part of it that newer ones lack. */
const packages = ['dvclive==3.49.1', 'tensorboard==2.20.0', 'tensorboardX==2.6.4', 'setuptools<81'];

let root: string;
let program: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops logs '));
  const found = await ensurePython('loggers-dvclive-3.49.1-tensorboard-2.20.0', packages);
  if (found === undefined) throw new Error(pythonMissing);
  program = found;
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Writes logs by the real writers (logwriters.py) and gives what the real readers say. */
async function write(kind: string): Promise<{ readonly folder: string; readonly read: unknown }> {
  const folder = path.join(root, kind);
  await mkdir(folder);
  const script = path.join(import.meta.dirname, 'logwriters.py');
  const { stdout } = await run(program, ['-W', 'ignore', script, folder, kind], { cwd: root });
  // Python writes NaN and infinities as bare words.
  const text = (stdout.trim().split('\n').at(-1) ?? '').replaceAll(/(?<=[:[,] ?)(-?Infinity|NaN)(?=[,}\]])/g, '"$1"');
  return { folder, read: JSON.parse(text) };
}

test('event files of tensorboardX and tensorboard are read as TensorBoard reads them', async () => {
  const { folder, read } = await write('tensorboard');
  const { runs, unreadable, warnings } = await gatherEventRuns(folder);
  const ours = runs.map(({ run: { name }, points }) => {
    const tags = [...points].map(([tag, own]) => [
      tag,
      own.map(({ step, value, timestamp }) => [step, Number.isFinite(value) ? value : String(value), timestamp]),
    ]);
    return [name, Object.fromEntries(tags)] as const;
  });
  const theirs = Object.entries(read as Record<string, Record<string, [number, unknown, number][]>>).map(
    ([name, tags]) => {
      const points = Object.entries(tags).map(([tag, own]) => [
        tag,
        own.map(([step, value, time]) => [step, value, Math.round(time * 1000)]),
      ]);
      return [name, Object.fromEntries(points)] as const;
    },
  );
  expect(theirs).toHaveLength(4);
  expect([unreadable, warnings, Object.fromEntries(ours)]).toEqual([[], [], Object.fromEntries(theirs)]);
  expect(runs.find(({ run: { name } }) => name === 'x/trial')?.run.params).toEqual({
    lr: '0.1',
    net: 'cnn',
    deep: 'true',
  });
});

interface Live {
  readonly histories: Readonly<Record<string, readonly (readonly [step: string, value: string])[]>>;
  readonly latest: { readonly final: number; readonly loss: number; readonly train: { readonly acc: number } };
}

test('folders of DVCLive are read as DVCLive reads them', async () => {
  const { folder, read } = await write('dvclive');
  const { runs, unreadable, warnings } = await gatherDvcliveRuns(folder);
  const theirs = read as Record<string, Live>;
  expect([unreadable, warnings, runs.map(({ run: { name } }) => name).sort()]).toEqual([
    [],
    [],
    Object.keys(theirs).sort(),
  ]);
  for (const { run: summary, points } of runs) {
    const { histories, latest } = theirs[summary.name]!;
    const tables = Object.entries(histories).map(([metric, rows]) => [
      metric,
      rows.map(([step, value]) => [Number(step), Number(value)]),
    ]);
    const { final = [], ...others } = Object.fromEntries(points);
    const ours = Object.entries(others).map(([metric, own]) => [metric, own.map(({ step, value }) => [step, value])]);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(tables));
    expect([final[0]?.value, summary.metrics['loss']?.last.value]).toEqual([latest.final, latest.loss]);
    expect(summary.metrics['train/acc']?.last.value).toBe(latest.train.acc);
    expect(summary.params).toEqual({ 'lr': '0.1', 'net.units': '[1,2]', 'net.act': 'relu', 'flag': 'true' });
  }
  // Stamped points have their own times.
  const stamped = runs.find(({ run: { name } }) => name === 'deep/two')?.points.get('train/acc');
  expect(stamped?.every(({ timestamp }) => timestamp > 1e12)).toBe(true);
});
