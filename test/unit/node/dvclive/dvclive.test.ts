import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gatherDvcliveRuns, holdsDvclive } from '../../../../src/node/dvclive/dvclive.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-dvclive-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
    await utimes(file, 5, 5);
  }
}

test('a folder is a run: points from its tables, the rest from metrics.json, params with dots', async () => {
  await write({
    'dvclive/metrics.json': '{"train": {"acc": 0.7}, "loss": NaN, "step": 2, "final": 5, "far": "-inf", "name": "x"}\n',
    'dvclive/params.yaml': 'lr: 0.1\nnet:\n  units:\n  - 1\n  act: relu\nflag: true\nnone:\n',
    'dvclive/plots/metrics/train/acc.tsv': 'timestamp\tstep\tacc\n2000\t0\t0.5\n3000\t1\t0.7\n',
    'dvclive/plots/metrics/loss.tsv': 'step\tloss\r\n0\t1.0\r\n1\tnan\r\n',
  });
  const { runs, unreadable, warnings } = await gatherDvcliveRuns(root);
  expect([unreadable, warnings]).toEqual([[], []]);
  expect(runs[0]?.run).toMatchObject({
    name: 'dvclive',
    params: { 'lr': '0.1', 'net.units': '[1]', 'net.act': 'relu', 'flag': 'true', 'none': 'null' },
    startTime: 2000,
    endTime: 5000,
    artifacts: path.join(root, 'dvclive'),
  });
  expect(Object.fromEntries(runs[0]?.points ?? [])).toEqual({
    'train/acc': [
      { value: 0.5, step: 0, timestamp: 2000 },
      { value: 0.7, step: 1, timestamp: 3000 },
    ],
    'loss': [
      { value: 1, step: 0, timestamp: 5000 },
      { value: NaN, step: 1, timestamp: 5000 },
    ],
    'final': [{ value: 5, step: 2, timestamp: 5000 }],
    'far': [{ value: -Infinity, step: 2, timestamp: 5000 }],
  });
});

test('several in a tree; metrics.json alone may be anybody’s; the folder itself may be one', async () => {
  await write({
    'a/metrics.json': '{}',
    'a/params.yaml': '',
    'b/c/plots/metrics/x.tsv': 'step\tx\n',
    'd/metrics.json': '{}',
    'node_modules/dvclive/metrics.json': '{}',
  });
  expect((await gatherDvcliveRuns(root)).runs.map(({ run }) => run.name)).toEqual(['a', 'b/c']);
  expect((await gatherDvcliveRuns(path.join(root, 'a'))).runs.map(({ run }) => run.name)).toEqual(['a']);
  expect([await holdsDvclive(root), await holdsDvclive(path.join(root, 'd'))]).toEqual([true, false]);
});

test('what is broken is said and hides nothing else; a line that is still being written is none', async () => {
  await write({
    'a/metrics.json': '{"loss": ',
    'a/params.yaml': 'a: [',
    'a/plots/metrics/x.tsv': 'step\tx\n0\t1\nfoo\n1\t2\n2\t0.',
    'b/metrics.json': '{"loss": 1}',
    'b/params.yaml': '',
  });
  const { runs, warnings } = await gatherDvcliveRuns(root);
  expect(runs.map(({ points }) => [...points])).toEqual([
    [
      [
        'x',
        [
          { value: 1, step: 0, timestamp: 5000 },
          { value: 2, step: 1, timestamp: 5000 },
        ],
      ],
    ],
    [['loss', [{ value: 1, step: 0, timestamp: 5000 }]]],
  ]);
  expect(warnings.map(({ file }) => path.relative(root, file)).sort()).toEqual([
    'a/metrics.json',
    'a/params.yaml',
    'a/plots/metrics/x.tsv',
  ]);
});
